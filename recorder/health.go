package recorder

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

const (
	// staleAfter is how long the disk may not answer before it counts as away.
	staleAfter = 15 * time.Second
	// failureHolds is how long a failed write keeps the recorder from being ready.
	failureHolds = 5 * time.Second
)

// health is what is known of the folder.
type health struct {
	mu       sync.Mutex
	probed   time.Time
	verdict  error
	failed   time.Time
	lastFail error
}

// fail notes a failed write.
func (h *health) fail(err error, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed, h.lastFail = now, err
}

// Ready returns nil if recordings can be written: the folder exists, takes
// files, has room, and answers. It reads what was found in the last seconds and
// never waits for the disk.
func (r *Recorder) Ready() error {
	now := r.now()
	if r.keys != nil {
		if err := r.keys.Ready(); err != nil {
			return err
		}
	}
	for _, w := range r.writers {
		if busy := w.busySince.Load(); busy != 0 && r.age(now)-time.Duration(busy) > failureHolds {
			return errors.New("recordings: the disk has kept a write waiting for seconds")
		}
	}
	r.mu.Lock()
	closed := r.closed
	r.mu.Unlock()
	h := &r.health
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case closed:
		return ErrClosed
	case h.probed.IsZero():
		return errors.New("recordings: not started")
	case h.verdict != nil:
		return h.verdict
	case h.lastFail != nil && now.Sub(h.failed) < failureHolds:
		return fmt.Errorf("recordings: %w", h.lastFail)
	case now.Sub(h.probed) > staleAfter:
		return fmt.Errorf("recordings: the disk has not answered for %s", now.Sub(h.probed).Round(time.Second))
	}
	return nil
}

// probe looks at the folder and keeps the verdict.
func (r *Recorder) probe() {
	err := r.look()
	h := &r.health
	h.mu.Lock()
	defer h.mu.Unlock()
	h.probed, h.verdict = r.now(), err
}

// look makes and removes a file, and asks for the room.
func (r *Recorder) look() error {
	path := filepath.Join(r.cfg.Dir, ".probe")
	if err := removeAll(r.disk, path); err != nil {
		return fmt.Errorf("recordings: %w", err)
	}
	f, err := r.disk.Create(path)
	if err != nil {
		return fmt.Errorf("recordings: folder %s takes no file: %w", r.cfg.Dir, err)
	}
	if err := errors.Join(f.Close(), r.disk.Remove(path)); err != nil {
		return fmt.Errorf("recordings: %w", err)
	}
	if err := r.room(); err != nil {
		return err
	}
	if err := r.measure(); err != nil {
		return fmt.Errorf("recordings: %w", err)
	}
	return nil
}
