package consent

import (
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"
)

// disk is what the syncer needs of the ledger file.
type disk interface {
	Write(b []byte) (int, error)
	Sync() error   // returns once all that was written is on stable storage
	Intact() error // returns nil while what was written is still there for readers to find
	Close() error
}

// checkEvery is how often an idle ledger makes sure that its file is still there.
const checkEvery = time.Second

// ledgerFile is the real disk: appended to, and synced without the file's times. Only the syncer uses it.
type ledgerFile struct {
	*os.File
	self os.FileInfo // which file it is
	size int64       // what it must hold
}

// newLedgerFile takes over f as it is now.
func newLedgerFile(f *os.File) (*ledgerFile, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return &ledgerFile{File: f, self: info, size: info.Size()}, nil
}

// Write appends b.
func (f *ledgerFile) Write(b []byte) (int, error) {
	n, err := f.File.Write(b)
	f.size += int64(n)
	return n, err
}

// Intact looks the file up by its path: entries in a file that was removed, replaced or cut prove nothing to anyone.
func (f *ledgerFile) Intact() error {
	const advice = "stop the service, put the ledger back or keep what is left of it as evidence, and start again"
	info, err := os.Stat(f.Name())
	switch {
	case err != nil:
		return fmt.Errorf("the ledger file is not at its place any more: it was removed, or its folder was moved: %w; %s", err, advice)
	case !os.SameFile(info, f.self):
		return fmt.Errorf("the ledger file was replaced: %s is another file than the one that was opened; %s", f.Name(), advice)
	case info.Size() != f.size:
		return fmt.Errorf("the ledger file was changed by someone else: %s has %d bytes and should have %d; %s", f.Name(), info.Size(), f.size, advice)
	}
	return nil
}

// Sync brings the data and the file's size to stable storage.
func (f *ledgerFile) Sync() error {
	return fdatasync(f.File)
}

// run is the syncer: it commits whatever has come together while it was committing before, and looks after the file
// while nothing comes.
func (l *Ledger) run() {
	defer close(l.over)
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		select {
		case _, open := <-l.wake:
			l.flush()
			if !open {
				return
			}
		case <-tick.C:
			l.check()
		}
	}
}

// check fails a ledger whose file is not what it was.
func (l *Ledger) check() {
	if err := l.disk.Intact(); err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.fail(err)
	}
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

// write brings b to the disk. It looks at the file before, so that nothing is appended behind a damage, and after, so
// that no entry counts as durable in a file that is gone.
func (l *Ledger) write(b *batch) error {
	if err := l.disk.Intact(); err != nil {
		return err
	}
	if _, err := l.disk.Write(b.lines); err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	if err := l.disk.Sync(); err != nil {
		return fmt.Errorf("sync ledger: %w", err)
	}
	return l.disk.Intact()
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
