package consent

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"

	"go.uber.org/zap"
)

// childDir tells the test binary to be the process that is killed.
const childDir = "ASSENT_TEST_LEDGER_CHILD"

func TestHalfWrittenLastLineIsCutAndReported(t *testing.T) {
	whole := readFile(t, filled(t, 4))
	keep := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for end := keep + 1; end < len(whole); end += 7 {
		dir := holding(t, whole[:end])
		l, err := Open(dir, testLog(t))
		if err != nil {
			t.Fatalf("cut after %d bytes: %v", end, err)
		}
		if got := l.Cut(); got.Line != 4 || got.Bytes != int64(end-keep) {
			t.Errorf("cut after %d bytes: reported %+v", end, got)
		}
		if p := mustAppend(t, l, answer("again")); p.Index() != 3 {
			t.Errorf("the next entry is %d, want 3", p.Index())
		}
		l.Close()
		if r, err := Verify(dir); err != nil || r.Entries != 4 || r.Torn.Bytes != 0 {
			t.Errorf("after the repair: %+v, %v", r, err)
		}
	}
}

func TestTornLineReachesNoReaderAsAnEntry(t *testing.T) {
	whole := readFile(t, filled(t, 2))
	r, err := Verify(holding(t, whole[:len(whole)-5]))
	if err != nil || r.Entries != 1 || r.Torn.Line != 2 || r.Torn.Bytes == 0 {
		t.Errorf("report %+v, error %v", r, err)
	}
}

func TestOpenRefusesAnEndThatACrashCannotExplain(t *testing.T) {
	b := readFile(t, filled(t, 4))
	b[len(b)-10] ^= 1
	dir := holding(t, b)
	_, err := Open(dir, zap.NewNop())
	var bad *BadLine
	if !errors.As(err, &bad) || bad.Line != 4 {
		t.Fatalf("error is %v", err)
	}
	if !bytes.Equal(readFile(t, dir), b) {
		t.Error("the damaged ledger was changed")
	}
	if _, err := Open(dir, zap.NewNop()); errors.Is(err, ErrInUse) {
		t.Error("a refused Open keeps the lock")
	}
}

// TestKilledWriterLosesNothingThatWasDurable kills a process that appends from many goroutines, several times on one
// ledger, and looks for every entry that the process had reported as durable.
func TestKilledWriterLosesNothingThatWasDurable(t *testing.T) {
	dir := t.TempDir()
	for round := range 4 {
		durable := killWriter(t, dir, 150*(round+1))
		l := openLedger(t, dir) // cuts what is torn
		l.Close()
		report, err := Verify(dir)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]int64{}
		for r, err := range Entries(dir, Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			found[r.Call] = r.Index
		}
		for call, index := range durable {
			if got, ok := found[call]; !ok || got != index {
				t.Fatalf("round %d: entry %d of call %s was durable and is gone (%d entries)", round, index, call, report.Entries)
			}
		}
	}
}

// killWriter runs a writer on dir, kills it once it has reported n durable entries, and returns all it reported.
func killWriter(t *testing.T, dir string, n int) map[string]int64 {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	durable := map[string]int64{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		index, call, ok := bytes.Cut(lines.Bytes(), []byte(" "))
		i, err := strconv.ParseInt(string(index), 10, 64)
		if !ok || err != nil {
			t.Fatalf("the writer printed %q", lines.Text())
		}
		durable[string(call)] = i
		if len(durable) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(durable) < n {
		t.Fatalf("the writer ended by itself: %v, %d entries", err, len(durable))
	}
	return durable
}

// appendUntilKilled is the process that dies: it prints the index and call of each entry once it is durable.
func appendUntilKilled(dir string) {
	l, err := Open(dir, zap.NewNop())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				p := l.Append(answer(fmt.Sprintf("p%d-w%d-%d", os.Getpid(), w, i)))
				<-p.Done()
				if p.Err() != nil {
					return
				}
				os.Stdout.WriteString(fmt.Sprintf("%d p%d-w%d-%d\n", p.Index(), os.Getpid(), w, i))
			}
		})
	}
	wg.Wait()
}
