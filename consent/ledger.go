package consent

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"assent/consent/merkle"
)

const (
	// maxBacklog bounds what waits in memory for a disk that stands still: some ten thousand entries.
	maxBacklog = 8 << 20
	// stallAfter is when a sync that does not come back makes the ledger not ready. It is the time that audio may wait
	// in memory for its ledger entry.
	stallAfter = 2 * time.Second
)

// Checkpoint names an entry by place and content. Kept elsewhere (the store, a sidecar, a printed report) it lets Verify
// find what the chain alone can't show: a removed tail, or a ledger that was rewritten from some entry on.
type Checkpoint struct {
	Index int64  `json:"index"` // -1: no entry
	Hash  string `json:"hash"`  // leaf hash, hex; "" if only the place is known
}

// Stats counts what a ledger has done since it was opened.
type Stats struct {
	Entries int64 // on disk
	Syncs   int64
	Waiting int64 // appended and not on disk yet
}

// Ledger is the one writer of a ledger folder. All its methods are safe for concurrent use.
type Ledger struct {
	// set once
	log  *zap.Logger
	cut  Torn
	wake chan struct{} // capacity 1: one pending wake-up is enough
	over chan struct{} // closed when the syncer has ended

	// owned by run
	disk disk

	mu       sync.Mutex // guards all below
	next     int64
	prev     Hash
	open     *batch    // collects; nil when empty
	newest   *batch    // the last one that was begun; nil before the first
	waiting  time.Time // when the oldest entry that is not on disk was appended; zero if none
	inFlight int64     // entries that the syncer holds
	durable  Checkpoint
	stats    Stats
	failed   error // while it was open
	refused  error // by Refuse or Broken
	closed   bool
}

// Append gives e the next index and puts it in line for the disk. It never blocks on the disk; the Pending tells when the
// entry is there. Entries reach the disk in the order of their indices. A refused entry has no index and is already done.
func (l *Ledger) Append(e Entry) *Pending {
	data, err := e.encode()
	if err != nil {
		return refused(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refusal(); err != nil {
		return refused(err)
	}
	return l.enqueue(e, data)
}

// refusal says why no entry can be taken now. The caller holds mu.
func (l *Ledger) refusal() error {
	switch {
	case l.closed:
		return ErrClosed
	case l.failed != nil:
		return l.failed
	case l.refused != nil:
		return l.refused
	case l.open != nil && len(l.open.lines) > maxBacklog:
		return ErrBacklog
	}
	return nil
}

// enqueue chains the entry into the open batch. The caller holds mu.
func (l *Ledger) enqueue(e Entry, data []byte) *Pending {
	now := time.Now()
	if e.Time.IsZero() {
		e.Time = now
	}
	if l.open == nil {
		l.open = newBatch()
		l.newest = l.open
	}
	b := l.open
	start := len(b.lines)
	b.lines = appendLine(b.lines, l.next, l.prev, e, data)
	line := b.lines[start : len(b.lines)-1]
	if len(line) >= maxLine {
		b.lines = b.lines[:start]
		return refused(fmt.Errorf("ledger entry %q of call %s: %d bytes; at most %d", e.Type, e.Call, len(line), maxLine-1))
	}
	leaf := merkle.LeafHash(line)
	p := &Pending{index: l.next, hash: hex.EncodeToString(leaf[:]), batch: b}
	b.last = Checkpoint{Index: p.index, Hash: p.hash}
	b.count++
	l.next, l.prev = l.next+1, leaf
	if l.waiting.IsZero() {
		l.waiting = now
	}
	l.signal()
	return p
}

// signal wakes the syncer. The caller holds mu and has seen that the ledger is not closed.
func (l *Ledger) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Ready returns nil while entries can be appended and reach the disk in time, else why not.
func (l *Ledger) Ready() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refusal(); err != nil {
		return err
	}
	if l.waiting.IsZero() {
		return nil
	}
	if waited := time.Since(l.waiting); waited >= stallAfter {
		return fmt.Errorf("ledger: an entry has waited %s for the disk", waited.Round(time.Millisecond))
	}
	return nil
}

// Head returns the newest entry that is on disk; its index is -1 in an empty ledger.
func (l *Ledger) Head() Checkpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.durable
}

// Flush waits until what was appended before is on disk, or never will be, or returns the context's cause.
func (l *Ledger) Flush(ctx context.Context) error {
	l.mu.Lock()
	b := l.newest
	l.mu.Unlock()
	if b == nil {
		return nil
	}
	return (&Pending{batch: b}).Wait(ctx)
}

// Cut returns what Open cut off the ledger's end; its Bytes are 0 after a clean stop.
func (l *Ledger) Cut() Torn { return l.cut }

// Stats returns the counters.
func (l *Ledger) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Waiting = l.inFlight
	if l.open != nil {
		s.Waiting += l.open.count
	}
	return s
}

// Close brings what was appended to the disk, ends the syncer, and lets the next writer in. Later appends are refused.
// It returns the error that the ledger failed with, if it did. A second Close does nothing.
func (l *Ledger) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		<-l.over
		return nil
	}
	l.closed = true
	close(l.wake)
	l.mu.Unlock()
	<-l.over
	if l.disk == nil { // a broken ledger that could not even be opened
		return nil
	}
	if err := l.disk.Close(); err != nil {
		return fmt.Errorf("close ledger: %w", err)
	}
	return l.failed
}
