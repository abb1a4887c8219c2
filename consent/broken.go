package consent

import (
	"errors"
	"fmt"
	"os"
)

// Broken returns a ledger that stands for the one in dir, which Open refused with cause: every append is refused, Ready
// says why, and nothing in dir is changed. Where the file can be opened at all it is locked, so that dir still has one
// owner; the error is ErrInUse if there is another. The caller closes it.
func Broken(dir string, cause error) (*Ledger, error) {
	l := &Ledger{
		wake: make(chan struct{}, 1), over: make(chan struct{}),
		durable: Checkpoint{Index: -1}, refused: cause,
	}
	close(l.over) // it has no syncer
	f, err := os.OpenFile(Path(dir), os.O_RDWR, 0)
	if err != nil {
		return l, nil // cause says already what is wrong
	}
	if err := lock(f); errors.Is(err, ErrInUse) {
		f.Close() // only locked
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l.disk = &ledgerFile{File: f}
	return l, nil
}

// Refuse makes the ledger refuse every further append with err, and Ready tell it: whoever knows from elsewhere that the
// ledger is not the one it was says so here. What was appended before still reaches the disk. The first reason stays.
func (l *Ledger) Refuse(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused == nil {
		l.refused = err
	}
}
