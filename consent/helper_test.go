package consent

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		appendUntilKilled(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// answer is a plain consent entry of the call.
func answer(call string) Entry {
	return Entry{Type: TypeConsent, Call: call, Time: noon, Data: ConsentData{
		State: "granted", Method: "rfc4733", Key: "1", Prompt: "consent_question", Language: "en",
		Caller: Commitment([]byte("salt of "+call), "+4980012345"), Direction: "inbound", Trunk: "carrier-a",
		Flow: "consent", Action: "Ask for consent", Leg: "caller", SSRC: 7, RTPTime: 160_000, ConfigVersion: "a1b2c3",
	}}
}

func openLedger(t testing.TB, dir string) *Ledger {
	t.Helper()
	l, err := Open(dir, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func mustAppend(t testing.TB, l *Ledger, e Entry) *Pending {
	t.Helper()
	p := l.Append(e)
	if err := p.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// filled returns a folder with a closed ledger of n entries.
func filled(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	l := openLedger(t, dir)
	for i := range n {
		l.Append(answer(fmt.Sprintf("call-%d", i)))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func readFile(t testing.TB, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(Path(dir))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// holding returns a folder whose ledger file is b.
func holding(t testing.TB, b []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(Path(dir), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// lines returns the lines of b, each with its end.
func lines(b []byte) [][]byte { return slices.Collect(bytes.Lines(b)) }

func testLog(t *testing.T) *zap.Logger { return zaptest.NewLogger(t) }
