package recorder

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// keep watches what must not wait for the disk: the ledger's word, and the
// memory that the media driver will ask for.
func (r *Recorder) keep(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.admit()
		}
	}
}

// admit looks for the ledger's word on each recording that waits for it.
func (r *Recorder) admit() {
	r.mu.Lock()
	waiting := make([]*Recording, 0, len(r.waiting))
	for rec := range r.waiting {
		waiting = append(waiting, rec)
	}
	rates := int64(0)
	for _, rec := range r.live {
		rates += rec.rate
	}
	r.mu.Unlock()
	r.pool.prepare(idleChunks + int(rates*int64(keepEvery)/int64(time.Second)/chunkFrames))
	for _, rec := range waiting {
		over, err := rec.verdict(r.now())
		if !over {
			continue
		}
		r.mu.Lock()
		delete(r.waiting, rec)
		r.mu.Unlock()
		if err != nil {
			r.block(rec, err)
			continue
		}
		rec.mu.Lock()
		rec.phase = phaseGranted
		rec.mu.Unlock()
		rec.writer.add(rec)
	}
}

// verdict reports whether the wait for the ledger is over, and how it ended.
func (rec *Recording) verdict(now time.Time) (over bool, err error) {
	select {
	case err, told := <-rec.ready:
		if !told {
			return true, fmt.Errorf("%w: its channel was closed without a word", ErrNotDurable)
		}
		if err != nil {
			return true, fmt.Errorf("%w: %w", ErrNotDurable, err)
		}
		return true, nil
	default:
	}
	if now.Sub(rec.opened) >= durableWait {
		return true, fmt.Errorf("%w: nothing after %s", ErrNotDurable, durableWait)
	}
	return false, nil
}

// block ends a recording of which nothing was ever written.
func (r *Recorder) block(rec *Recording, err error) {
	r.log.Warn("recording blocked", zap.String("recording", rec.id), zap.String("call", rec.result.Call), zap.Error(err))
	r.finish(rec, Result{ID: rec.id, Call: rec.result.Call, Result: ResultBlocked, Err: err})
}
