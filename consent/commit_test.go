package consent

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
)

// fakeDisk is a disk whose syncs can be held up and made to fail.
type fakeDisk struct {
	gate     chan struct{} // nil: syncs go through; else each takes one value
	writeErr error
	syncErr  error
	syncs    atomic.Int64
	written  []byte
}

func (d *fakeDisk) Write(b []byte) (int, error) {
	if d.writeErr != nil {
		return 0, d.writeErr
	}
	d.written = append(d.written, b...)
	return len(b), nil
}

func (d *fakeDisk) Sync() error {
	if d.gate != nil {
		<-d.gate
	}
	d.syncs.Add(1)
	return d.syncErr
}

func (d *fakeDisk) Intact() error { return nil }

func (d *fakeDisk) Close() error { return nil }

func startEmpty(d disk) *Ledger {
	return start(d, tail{last: Checkpoint{Index: -1}, leaf: genesis}, zap.NewNop())
}

func TestConcurrentAppendersShareASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &fakeDisk{gate: make(chan struct{})}
		l := startEmpty(d)
		first := l.Append(answer("first"))
		synctest.Wait() // the syncer now hangs in the sync of the first
		var rest []*Pending
		for i := range 64 {
			rest = append(rest, l.Append(answer(fmt.Sprint(i))))
		}
		if s := l.Stats(); s.Waiting != 65 || s.Entries != 0 {
			t.Errorf("stats while the disk hangs: %+v", s)
		}
		d.gate <- struct{}{}
		if err := first.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if err := rest[63].Err(); !errors.Is(err, ErrPending) {
			t.Errorf("an entry behind the first sync says %v, want ErrPending", err)
		}
		d.gate <- struct{}{}
		for _, p := range rest {
			if err := p.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if n := d.syncs.Load(); n != 2 {
			t.Errorf("65 entries took %d syncs, want 2", n)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestFailedDiskFailsTheEntryAndAllLaterOnes(t *testing.T) {
	broken := errors.New("input/output error")
	for name, d := range map[string]*fakeDisk{"write": {writeErr: broken}, "sync": {syncErr: broken}} {
		t.Run(name, func(t *testing.T) {
			l := startEmpty(d)
			durable := l.Append(answer("c1")).Durable()
			if err := <-durable; !errors.Is(err, broken) {
				t.Errorf("the entry says %v", err)
			}
			if err := l.Ready(); !errors.Is(err, broken) {
				t.Errorf("Ready says %v", err)
			}
			d.writeErr, d.syncErr = nil, nil // even a disk that recovers is not trusted again
			p := l.Append(answer("c2"))
			if err := p.Err(); !errors.Is(err, broken) || p.Index() != -1 {
				t.Errorf("a later entry got index %d and %v", p.Index(), err)
			}
			if l.Head().Index != -1 {
				t.Errorf("head is %+v", l.Head())
			}
			if err := l.Close(); !errors.Is(err, broken) {
				t.Errorf("Close says %v", err)
			}
		})
	}
}

func TestEntriesBehindAFailedSyncFailWithoutBeingWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &fakeDisk{gate: make(chan struct{}), syncErr: errors.New("input/output error")}
		l := startEmpty(d)
		first := l.Append(answer("c1"))
		synctest.Wait()
		second := l.Append(answer("c2"))
		written := len(d.written)
		d.gate <- struct{}{}
		if first.Wait(t.Context()) == nil || second.Wait(t.Context()) == nil {
			t.Error("an entry on a failed disk counts as durable")
		}
		if len(d.written) != written {
			t.Error("something was written after the failure")
		}
		l.Close()
	})
}

func TestReadyFailsWhileASyncStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &fakeDisk{gate: make(chan struct{})}
		l := startEmpty(d)
		p := l.Append(answer("c1"))
		synctest.Wait()
		if err := l.Ready(); err != nil {
			t.Errorf("not ready at once: %v", err)
		}
		time.Sleep(stallAfter) // the bubble's clock
		if l.Ready() == nil {
			t.Error("ready although the disk stands still")
		}
		d.gate <- struct{}{}
		if err := p.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if err := l.Ready(); err != nil {
			t.Errorf("not ready after the disk came back: %v", err)
		}
		l.Close()
	})
}

func TestBacklogIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &fakeDisk{gate: make(chan struct{})}
		l := startEmpty(d)
		l.Append(answer("c"))
		synctest.Wait()
		var last *Pending
		for range maxBacklog / 100 {
			if last = l.Append(answer("c")); last.Index() < 0 {
				break
			}
		}
		if !errors.Is(last.Err(), ErrBacklog) || !errors.Is(l.Ready(), ErrBacklog) {
			t.Errorf("a full backlog says %v, Ready says %v", last.Err(), l.Ready())
		}
		close(d.gate)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if l.Head().Index == 0 {
			t.Error("Close did not bring the backlog to the disk")
		}
	})
}

func TestCloseBringsEverythingToTheDiskAndRefusesMore(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	var pending []*Pending
	for i := range 100 {
		pending = append(pending, l.Append(answer(fmt.Sprint(i))))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range pending {
		if err := p.Err(); err != nil {
			t.Fatalf("entry %d: %v", p.Index(), err)
		}
	}
	if err := l.Append(answer("late")).Err(); !errors.Is(err, ErrClosed) {
		t.Errorf("append after Close says %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second Close says %v", err)
	}
	if err := l.Ready(); !errors.Is(err, ErrClosed) {
		t.Errorf("Ready after Close says %v", err)
	}
}

func TestDurableYieldsOnceBeforeAndAfterTheFact(t *testing.T) {
	l := openLedger(t, t.TempDir())
	p := l.Append(answer("c"))
	if err := <-p.Durable(); err != nil {
		t.Error(err)
	}
	if err := <-p.Durable(); err != nil {
		t.Error(err)
	}
	if err := p.Err(); err != nil {
		t.Error(err)
	}
}
