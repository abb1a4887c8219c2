package recorder

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

const (
	// writeBytes is the most that one write takes: two seconds of audio at 8 kHz.
	writeBytes = 2 * DefaultRateHz * frameBytes
	// shares are the parts of a flush period, in each of which the recordings of one are flushed: a period's work at
	// once would keep the core from packets.
	shares = 10
	// sparse is the silence, in seconds, from which on a file is made longer without
	// writing zeros.
	sparse = 8
)

// writer appends what is ripe to the files of its recordings.
type writer struct {
	// set once
	r      *Recorder
	wakeup chan struct{}

	// owned by run
	buf  []byte
	list []*Recording // of the pass under way

	busySince atomic.Int64 // the recorder's age when the step under way began, in nanoseconds; 0 between passes

	// shared, guarded by mu
	mu     sync.Mutex
	recs   [shares][]*Recording
	next   int          // the share of the next one
	urgent []*Recording // to be looked at soon
}

// add gives the writer one more recording.
func (w *writer) add(rec *Recording) {
	w.mu.Lock()
	rec.share, w.next = w.next, (w.next+1)%shares
	w.recs[rec.share] = append(w.recs[rec.share], rec)
	w.mu.Unlock()
	w.hurry(rec)
}

// hurry makes the writer look at a recording soon: one that is new, or that ends. It never blocks.
func (w *writer) hurry(rec *Recording) {
	w.mu.Lock()
	w.urgent = append(w.urgent, rec)
	w.mu.Unlock()
	select {
	case w.wakeup <- struct{}{}:
	default:
	}
}

// run flushes until ctx ends.
func (w *writer) run(ctx context.Context) {
	tick := time.NewTicker(flushEvery / shares)
	defer tick.Stop()
	for share := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.pass(w.ofShare(share), false)
			share = (share + 1) % shares
		case <-w.wakeup:
			w.pass(w.hurried(), true)
		}
	}
}

// ofShare returns the recordings of a share.
func (w *writer) ofShare(share int) []*Recording {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list[:0], w.recs[share]...)
	return w.list
}

// hurried takes the recordings that are to be looked at soon.
func (w *writer) hurried() []*Recording {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.urgent
	w.urgent = nil
	return list
}

// pass goes once through recordings; of those that are new or end, if hurried is true.
func (w *writer) pass(list []*Recording, hurried bool) {
	for _, rec := range list {
		if rec.handed {
			continue // hurried twice, or flushed meanwhile
		}
		runtime.Gosched() // a media driver may wait for the processor, and a pass is long
		now := w.r.now()
		w.busySince.Store(int64(w.r.age(now)))
		if w.guarded(rec, now, hurried) {
			rec.handed = true
			w.remove(rec)
		}
	}
	w.busySince.Store(0)
}

// remove forgets a recording that a sealer has taken.
func (w *writer) remove(rec *Recording) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.recs[rec.share] = slices.DeleteFunc(w.recs[rec.share], func(o *Recording) bool { return o == rec })
}

// guarded takes a step. A bug that breaks it costs this recording, which is
// given up and left to Recover, and no other.
func (w *writer) guarded(rec *Recording, now time.Time, hurried bool) (over bool) {
	defer func() {
		if p := recover(); p != nil {
			err := fmt.Errorf("%w: %v", errBroken, p)
			w.r.log.Error("recording broke", zap.String("recording", rec.id), zap.Error(err), zap.Stack("stack"))
			w.r.finish(rec, Result{ID: rec.id, Result: ResultFailed, Err: err})
			over = true
		}
	}()
	return w.step(rec, now, hurried)
}

// errBroken is a fault of ours.
var errBroken = errors.New("internal fault")

// step writes what is ripe of one recording; true once it needs no writer any more.
func (w *writer) step(rec *Recording, now time.Time, hurried bool) bool {
	rec.mu.Lock()
	finishing := rec.finishing
	edge := rec.ripe()
	if finishing {
		edge = rec.final.Position
	}
	if finishing || !hurried {
		rec.freeze(edge)
	}
	rec.mu.Unlock()
	switch {
	case finishing:
	case hurried && rec.out != nil, now.Before(rec.retryAt):
		return false
	}
	if err := w.flush(rec); err != nil {
		w.trouble(rec, err, now)
	}
	if !finishing {
		return false
	}
	queue := w.r.sealing
	if rec.spec.rendered(w.r.cfg.Gaps) {
		queue = w.r.encoding
	}
	select {
	case queue <- rec:
		return true
	default:
		return false
	}
}

// trouble notes a failed write; what could not be written stays in memory.
func (w *writer) trouble(rec *Recording, err error, now time.Time) {
	rec.retryAt = now.Add(retryEvery)
	w.r.health.fail(err, now)
	rec.mu.Lock()
	first := rec.trouble == nil
	rec.trouble = err
	rec.mu.Unlock()
	if first {
		w.r.log.Warn("recording can't be written", zap.String("recording", rec.id), zap.Error(err))
	}
}

// flush makes the files if need be, and appends facts and audio.
func (w *writer) flush(rec *Recording) error {
	if rec.out == nil {
		if err := w.create(rec); err != nil || rec.out == nil {
			return err // without a file there is nothing to keep: it is silent, or to be erased
		}
	}
	rec.mu.Lock()
	lines := rec.journal
	rec.journal = nil
	rec.mu.Unlock()
	if err := rec.out.log(lines); err != nil {
		rec.mu.Lock()
		rec.journal = append(lines, rec.journal...)
		rec.mu.Unlock()
		return err
	}
	for {
		done, err := w.appendSome(rec)
		if done || err != nil {
			return err
		}
	}
}

// create makes the files of a recording, its facts first.
func (w *writer) create(rec *Recording) error {
	rec.mu.Lock()
	first := append([]entry{{Version: journalVersion, Spec: new(rec.spec.clone())}}, rec.journal...)
	count := len(rec.journal)
	erase := rec.finishing && (rec.final.Erase || rec.tracks[0].silent() && rec.tracks[1].silent())
	rec.mu.Unlock()
	if erase {
		return nil
	}
	d, err := w.r.newDisk(rec.id)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	p, err := createPart(d, namesOf(w.r.cfg.Dir, rec.id), first, rec.layout)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	w.r.newNames.Store(true)
	rec.mu.Lock()
	rec.out, rec.journal = p, rec.journal[count:]
	rec.mu.Unlock()
	return nil
}

// silent reports whether the channel never had audio.
func (tr *track) silent() bool { return tr.audio.from == tr.audio.to }

// appendSome writes up to one buffer; done when nothing ripe is left.
func (w *writer) appendSome(rec *Recording) (done bool, err error) {
	rec.mu.Lock()
	silence := rec.silentRun()
	skip := silence >= sparse*rec.rate && rec.layout.silence() == 0
	n := 0
	if !skip {
		n = rec.copyOut(w.buf)
	}
	base, ends := rec.base, rec.finishing
	rec.mu.Unlock()
	if rec.out != nil && !ends {
		n = rec.out.whole(n/frameBytes) * frameBytes
	}
	if rec.out == nil || !skip && n == 0 {
		return true, nil
	}
	frames := silence
	if skip {
		if err := rec.out.resize(base + silence); err != nil {
			return false, err
		}
	} else {
		var written int
		written, err = rec.out.append(w.buf[:n])
		frames = int64(written)
	}
	rec.mu.Lock()
	rec.commit(frames)
	rec.mu.Unlock()
	return false, err
}
