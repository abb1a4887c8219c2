package consent

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

// spoilings are what can happen to a ledger under its writer's hands.
var spoilings = map[string]func(dir string) error{
	"removed":  func(dir string) error { return os.Remove(Path(dir)) },
	"moved":    func(dir string) error { return os.Rename(dir, dir+".old") },
	"cut":      func(dir string) error { return os.Truncate(Path(dir), 100) },
	"appended": func(dir string) error { return os.WriteFile(Path(dir), bytes.Repeat([]byte("x"), 1<<16), 0o600) },
	"replaced": func(dir string) error {
		b, err := os.ReadFile(Path(dir))
		return errors.Join(err, os.Remove(Path(dir)), os.WriteFile(Path(dir), b, 0o600))
	},
}

func TestEntryInAFileThatWasSpoiledIsNotDurable(t *testing.T) {
	for name, spoil := range spoilings {
		t.Run(name, func(t *testing.T) {
			dir := filled(t, 3)
			l := openLedger(t, dir)
			mustAppend(t, l, answer("before"))
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			if l.Append(answer("after")).Wait(t.Context()) == nil {
				t.Error("the entry counts as durable")
			}
			if l.Ready() == nil || l.Append(answer("later")).Index() != -1 {
				t.Error("the ledger goes on")
			}
			if l.Head().Index != 3 {
				t.Errorf("head is %+v, want the entry before", l.Head())
			}
		})
	}
}

func TestIdleLedgerNoticesThatItsFileWasSpoiled(t *testing.T) {
	for name, spoil := range spoilings {
		t.Run(name, func(t *testing.T) {
			dir := filled(t, 3)
			synctest.Test(t, func(t *testing.T) {
				l, err := Open(dir, zap.NewNop())
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(3 * checkEvery) // the bubble's clock
				if err := l.Ready(); err != nil {
					t.Errorf("not ready before: %v", err)
				}
				if err := spoil(dir); err != nil {
					t.Fatal(err)
				}
				time.Sleep(checkEvery)
				synctest.Wait()
				if err := l.Ready(); err == nil || !strings.Contains(err.Error(), "start again") {
					t.Errorf("Ready says %v, want what happened and what to do", err)
				}
				if l.Close() == nil {
					t.Error("Close does not tell")
				}
			})
		})
	}
}

func TestNothingIsAppendedBehindADamage(t *testing.T) {
	dir := filled(t, 3)
	l := openLedger(t, dir)
	if err := os.Truncate(Path(dir), 100); err != nil {
		t.Fatal(err)
	}
	<-l.Append(answer("c")).Done()
	if n := len(readFile(t, dir)); n != 100 {
		t.Errorf("the cut file has %d bytes now, want 100", n)
	}
}

func TestBrokenLedgerRefusesTellsAndKeepsItsFolder(t *testing.T) {
	b := readFile(t, filled(t, 2))
	b[len(b)-10] ^= 1
	dir := holding(t, b)
	_, cause := Open(dir, zap.NewNop())
	l, err := Broken(dir, cause)
	if err != nil {
		t.Fatal(err)
	}
	p := l.Append(answer("c"))
	if !errors.Is(p.Err(), cause) || p.Index() != -1 || !errors.Is(l.Ready(), cause) || l.Head().Index != -1 {
		t.Errorf("append says %v, Ready %v, head %+v", p.Err(), l.Ready(), l.Head())
	}
	if _, err := Open(dir, zap.NewNop()); !errors.Is(err, ErrInUse) {
		t.Errorf("a second owner got %v, want ErrInUse", err)
	}
	if _, err := Broken(dir, cause); !errors.Is(err, ErrInUse) {
		t.Errorf("a second broken one got %v, want ErrInUse", err)
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if !bytes.Equal(readFile(t, dir), b) {
		t.Error("the damaged ledger was changed")
	}
	if _, err := Open(dir, zap.NewNop()); errors.Is(err, ErrInUse) {
		t.Error("Close keeps the lock")
	}
}

func TestBrokenLedgerNeedsNoFile(t *testing.T) {
	l, err := Broken(t.TempDir(), errors.New("permission denied"))
	if err != nil || l.Ready() == nil || l.Close() != nil {
		t.Errorf("error %v, Ready %v", err, l.Ready())
	}
}

func TestRefusedLedgerKeepsWhatItHas(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	before := l.Append(answer("c"))
	first := errors.New("it is another ledger")
	l.Refuse(first)
	l.Refuse(errors.New("a later reason"))
	if err := l.Ready(); !errors.Is(err, first) {
		t.Errorf("Ready says %v", err)
	}
	if p := l.Append(answer("c")); p.Index() != -1 || !errors.Is(p.Err(), first) {
		t.Errorf("append got index %d and %v", p.Index(), p.Err())
	}
	if err := before.Wait(t.Context()); err != nil {
		t.Errorf("the entry before says %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestAcceptedLossIsOneTimeThatHasPassed(t *testing.T) {
	dir := t.TempDir()
	if at, err := Accepted(dir, noon); err != nil || !at.IsZero() {
		t.Errorf("without a file: %v, %v", at, err)
	}
	for text, ok := range map[string]bool{
		"2026-11-23T11:00:00.123Z\n": true, "2026-11-23T12:00:00+01:00": true,
		"2026-11-23T12:00:01Z": false, "yesterday": false, "": false,
	} {
		if err := os.WriteFile(AcceptedPath(dir), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if at, err := Accepted(dir, noon); (err == nil) != ok || ok == at.IsZero() {
			t.Errorf("%q: %v, %v", text, at, err)
		}
	}
}
