package consent

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"go.uber.org/zap"
)

// disk is what the syncer needs of the ledger file.
type disk interface {
	Write(b []byte) (int, error)
	Sync() error // returns once all that was written is on stable storage
	Close() error
}

// ledgerFile is the real disk: appended to, and synced without the file's times.
type ledgerFile struct{ *os.File }

// Sync brings the data and the file's size to stable storage.
func (f ledgerFile) Sync() error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err != syscall.EINTR {
			return err
		}
	}
}

// run is the syncer: it commits whatever has come together while it was committing before.
func (l *Ledger) run() {
	defer close(l.over)
	for range l.wake {
		l.flush()
	}
	l.flush()
}

func (l *Ledger) flush() {
	for b := l.take(); b != nil; b = l.take() {
		l.commit(b)
	}
}

// take hands the open batch to the syncer, or nil if there is none.
func (l *Ledger) take() *batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.open
	if b != nil {
		l.open, l.inFlight = nil, b.count
	}
	return b
}

// commit brings b to the disk and tells those who wait for it. After the first failure no batch is written any more: a
// kernel that failed a sync may drop the data and report success the next time, so nothing later could be believed.
func (l *Ledger) commit(b *batch) {
	l.mu.Lock()
	err := l.failed
	l.mu.Unlock()
	if err == nil {
		err = l.write(b)
	}
	l.settle(b, err)
	b.lines = nil
	b.resolve(err)
}

func (l *Ledger) write(b *batch) error {
	if _, err := l.disk.Write(b.lines); err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	if err := l.disk.Sync(); err != nil {
		return fmt.Errorf("sync ledger: %w", err)
	}
	return nil
}

// settle notes how the batch ended.
func (l *Ledger) settle(b *batch, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight = 0
	if l.open == nil {
		l.waiting = time.Time{}
	} else {
		l.waiting = time.Now() // the next batch can begin only now
	}
	if err != nil {
		l.fail(err)
		return
	}
	l.durable = b.last
	l.stats.Entries += b.count
	l.stats.Syncs++
}

// fail closes the ledger for good. The caller holds mu.
func (l *Ledger) fail(err error) {
	if l.failed != nil {
		return
	}
	l.failed = err
	l.log.Error("consent ledger failed; nothing is appended until the next start",
		zap.Int64("index", l.durable.Index+1), zap.Error(err))
}
