package consent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
)

func TestAppendedEntriesAreReadBackInOrder(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	entries := []Entry{
		answer("c1"),
		{Type: TypeBarrier, Call: "c1", Time: noon, Data: BarrierData{Floors: []Floor{{Leg: "caller", SSRC: 7, RTPTime: 1 << 33, Source: "key", Discarded: 3}}}},
		{Type: TypeStarted, Call: "c1", Time: noon, Data: StartedData{Recording: "r1", FirstSamples: []FirstSample{{SSRC: 7, RTPTime: 1 << 33}}}},
		{Type: TypeSealed, Call: "c1", Time: noon, Data: SealedData{Recording: "r1", SHA256: "00", Result: "ok"}},
		{Type: TypeWithdrawn, Call: "c1", Time: noon, Data: WithdrawnData{By: "caller", Effect: "erase"}},
		{Type: TypeErased, Call: "c1", Time: noon, Data: ErasedData{What: "recording", Recording: "r1"}},
	}
	for i, e := range entries {
		p := mustAppend(t, l, e)
		if p.Index() != int64(i) {
			t.Errorf("entry %d has index %d", i, p.Index())
		}
		if l.Head() != (Checkpoint{Index: p.Index(), Hash: p.Hash()}) {
			t.Errorf("head after entry %d is %+v", i, l.Head())
		}
	}
	records, err := ByCall(dir, "c1")
	if err != nil || len(records) != len(entries) {
		t.Fatalf("%d records, error %v", len(records), err)
	}
	for i, r := range records {
		if r.Type != entries[i].Type || !r.Time.Equal(noon) || !reflect.DeepEqual(r.Data, entries[i].Data) {
			t.Errorf("entry %d came back as %+v", i, r)
		}
	}
}

func TestEntriesChoosesByTypeAndTime(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	for i := range 4 {
		e := answer(fmt.Sprintf("c%d", i))
		e.Time = noon.Add(time.Duration(i) * time.Hour)
		mustAppend(t, l, e)
	}
	count := func(f Filter) (n int) {
		for _, err := range Entries(dir, f) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	for _, c := range []struct {
		f    Filter
		want int
	}{
		{Filter{}, 4}, {Filter{Type: TypeSealed}, 0}, {Filter{Call: "c2"}, 1},
		{Filter{Since: noon.Add(time.Hour)}, 3}, {Filter{Until: noon.Add(time.Hour)}, 1},
	} {
		if got := count(c.f); got != c.want {
			t.Errorf("%+v chose %d entries, want %d", c.f, got, c.want)
		}
	}
}

func TestReopenedLedgerGoesOnWithTheChain(t *testing.T) {
	dir := filled(t, 3)
	l := openLedger(t, dir)
	if p := mustAppend(t, l, answer("later")); p.Index() != 3 {
		t.Errorf("index after reopening is %d, want 3", p.Index())
	}
	if r, err := Verify(dir); err != nil || r.Entries != 4 {
		t.Errorf("%d entries, error %v", r.Entries, err)
	}
}

func TestLongLedgerIsReopenedFromItsTail(t *testing.T) {
	dir := filled(t, 3000)
	info, err := os.Stat(Path(dir))
	if err != nil || info.Size() <= tailWindow {
		t.Fatalf("the ledger must be longer than the tail window: %v, %v", info.Size(), err)
	}
	l := openLedger(t, dir)
	if p := mustAppend(t, l, answer("later")); p.Index() != 3000 {
		t.Errorf("index is %d, want 3000", p.Index())
	}
	if _, err := Verify(dir); err != nil {
		t.Error(err)
	}
}

func TestSecondWriterIsRefusedUntilTheFirstCloses(t *testing.T) {
	dir := t.TempDir()
	first := openLedger(t, dir)
	if _, err := Open(dir, zap.NewNop()); !errors.Is(err, ErrInUse) {
		t.Fatalf("second writer got %v, want ErrInUse", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	openLedger(t, dir)
}

func TestLedgerIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "ledger")
	openLedger(t, dir)
	for path, want := range map[string]os.FileMode{dir: 0o700, Path(dir): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
	}
}

func TestNoPhoneNumberReachesTheLedger(t *testing.T) {
	const number = "4980012345"
	dir := t.TempDir()
	l := openLedger(t, dir)
	mustAppend(t, l, answer("c1")) // its commitment is made of this number
	bare := answer("c2")
	bare.Data = ConsentData{State: "granted", Caller: "+" + number}
	if err := l.Append(bare).Err(); err == nil {
		t.Error("a number in place of a commitment was taken")
	}
	if bytes.Contains(readFile(t, dir), []byte(number)) {
		t.Error("the ledger shows the number")
	}
}

func TestAppendRefusesWhatIsNotAnEntry(t *testing.T) {
	l := openLedger(t, t.TempDir())
	for name, e := range map[string]Entry{
		"no call":         {Type: TypeConsent, Data: ConsentData{}},
		"unknown type":    {Type: "opinion", Call: "c", Data: ConsentData{}},
		"data of another": {Type: TypeSealed, Call: "c", Data: ConsentData{}},
		"free-form data":  {Type: TypeConsent, Call: "c", Data: map[string]string{"caller": "+49"}},
		"too long":        {Type: TypeConsent, Call: "c", Data: ConsentData{Prompt: strings.Repeat("p", maxLine)}},
	} {
		p := l.Append(e)
		if p.Index() != -1 || p.Wait(t.Context()) == nil {
			t.Errorf("%s: index %d, error %v", name, p.Index(), p.Err())
		}
	}
	if p := mustAppend(t, l, answer("c")); p.Index() != 0 {
		t.Errorf("refused entries took indices: the next is %d", p.Index())
	}
}

func TestIndexOrderIsFileOrderUnderConcurrentAppends(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	const workers, each = 16, 25
	var wg sync.WaitGroup
	var mu sync.Mutex
	calls := map[int64]string{}
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				call := fmt.Sprintf("w%d-%d", w, i)
				p := l.Append(answer(call))
				if err := p.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				calls[p.Index()] = call
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	n := int64(0)
	for r, err := range Entries(dir, Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Index != n || calls[n] != r.Call {
			t.Fatalf("entry %d is of call %s, want %s", r.Index, r.Call, calls[n])
		}
		n++
	}
	if n != workers*each {
		t.Errorf("%d entries, want %d", n, workers*each)
	}
}

func TestLineIsTheJSONThatTheDesignShows(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	mustAppend(t, l, Entry{Type: TypeConsent, Call: "c<1>", Time: noon, Data: ConsentData{State: "granted", Basis: "not_required"}})
	line := bytes.TrimSuffix(readFile(t, dir), []byte("\n"))
	const want = `{"v":1,"index":0,"type":"consent","call":"c<1>","time":"2026-11-23T12:00:00.000Z",` +
		`"prev":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","data":{"state":"granted","basis":"not_required"},"crc":"`
	if !bytes.HasPrefix(line, []byte(want)) {
		t.Errorf("line is %s", line)
	}
	if !json.Valid(line) {
		t.Error("line is not JSON")
	}
}

func TestALedgerHoldsWhenTheWallClockStepsBackAndForth(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	for i, at := range []time.Duration{0, time.Second, -26 * time.Hour, -26*time.Hour + time.Second, 400 * 24 * time.Hour, time.Minute} {
		e := answer("c1")
		e.Time = noon.Add(at)
		if p := mustAppend(t, l, e); p.Index() != int64(i) {
			t.Errorf("entry %d has index %d", i, p.Index())
		}
		if err := l.Ready(); err != nil {
			t.Errorf("after entry %d: %v", i, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if report, err := Verify(dir); err != nil || report.Entries != 6 {
		t.Errorf("%+v, %v", report, err)
	}
	l = openLedger(t, dir)
	if p := mustAppend(t, l, answer("c2")); p.Index() != 6 {
		t.Errorf("the next start goes on at %d", p.Index())
	}
}
