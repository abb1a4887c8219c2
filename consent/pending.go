package consent

import (
	"context"
	"errors"
	"sync"
)

// Errors of Append and Pending that callers tell apart.
var (
	// ErrPending means that the entry has not reached the disk yet.
	ErrPending = errors.New("the ledger entry is not on disk yet")
	// ErrClosed means that the ledger was closed.
	ErrClosed = errors.New("the ledger is closed")
	// ErrBacklog means that too much waits for a slow disk. The ledger itself is still good.
	ErrBacklog = errors.New("the ledger's disk is too slow: too many entries wait")
)

// Pending is an appended entry on its way to the disk. It is safe for concurrent use.
type Pending struct {
	index int64
	hash  string
	batch *batch
}

// Index returns the entry's index in the ledger, or -1 if it was refused.
func (p *Pending) Index() int64 { return p.index }

// Hash returns the entry's leaf hash in hex, or "" if it was refused.
func (p *Pending) Hash() string { return p.hash }

// Done is closed once the entry is on disk, or never will be; Err tells which.
func (p *Pending) Done() <-chan struct{} { return p.batch.done }

// Err returns nil only if the entry is on disk; before Done is closed it returns ErrPending.
func (p *Pending) Err() error {
	select {
	case <-p.batch.done:
		return p.batch.err
	default:
		return ErrPending
	}
}

// Wait waits until the entry is on disk and returns nil, or returns why it is not, or the context's cause.
func (p *Pending) Wait(ctx context.Context) error {
	select {
	case <-p.batch.done:
		return p.batch.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Durable returns a channel that yields the entry's fate once: nil when it is on disk, else why it is not.
func (p *Pending) Durable() <-chan error { return p.batch.watch() }

// batch is the entries that one sync carries.
type batch struct {
	done chan struct{} // closed by resolve
	err  error         // read only after done

	// owned by the ledger, guarded by its mutex until the syncer takes the batch
	lines []byte
	last  Checkpoint
	count int64

	mu       sync.Mutex
	watchers []chan error // nil once resolved
	resolved bool
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

// refused returns a pending entry that failed before it got an index.
func refused(err error) *Pending {
	b := newBatch()
	b.resolve(err)
	return &Pending{index: -1, batch: b}
}

func (b *batch) watch() <-chan error {
	c := make(chan error, 1) // one value is ever sent
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.resolved {
		c <- b.err
	} else {
		b.watchers = append(b.watchers, c)
	}
	return c
}

// resolve tells everyone who waits for the batch. It is called once.
func (b *batch) resolve(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err, b.resolved = err, true
	close(b.done)
	for _, c := range b.watchers {
		c <- err
	}
	b.watchers = nil
}
