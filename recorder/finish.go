package recorder

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"
)

// sealAll finishes the recordings of a queue until ctx ends.
func (r *Recorder) sealAll(ctx context.Context, queue <-chan *Recording) {
	for {
		select {
		case <-ctx.Done():
			return
		case rec := <-queue:
			res := r.conclude(ctx, rec)
			if errors.Is(res.Err, errStopped) {
				return // Recover takes it up
			}
			r.finish(rec, res)
			r.report(res)
		}
	}
}

// report writes the line that ends a recording's story.
func (r *Recorder) report(res Result) {
	fields := []zap.Field{
		zap.String("recording", res.ID), zap.String("call", res.Call),
		zap.String("result", res.Result), zap.Int64("duration_ms", res.DurationMS),
	}
	if res.Result == ResultFailed {
		r.log.Error("recording failed", append(fields, zap.Error(res.Err))...)
		return
	}
	r.log.Info("recording finished", append(fields, zap.Error(res.Err))...)
}

// conclude decides what becomes of a recording that has ended, and does it.
func (r *Recorder) conclude(ctx context.Context, rec *Recording) Result {
	rec.mu.Lock()
	f := rec.facts(rec.final.Position)
	erase, silent := rec.final.Erase, rec.tracks[0].silent() && rec.tracks[1].silent()
	rec.mu.Unlock()
	res := f.spec.result()
	switch {
	case erase:
		res.Result = ResultNone
		return r.discard(rec.out, res)
	case silent || f.layout.milliseconds(f.end) < r.cfg.MinLength.Milliseconds():
		res.Result = ResultTooShort
		return r.discard(rec.out, res)
	case rec.out == nil:
		res.Result, res.Err = ResultFailed, f.damage
		return res
	case f.frames == 0, f.nothingKept():
		res.Result, res.Err = ResultFailed, f.damage
		return r.discard(rec.out, res)
	}
	return r.sealed(ctx, rec, f)
}

// sealed seals the files of a recording.
func (r *Recorder) sealed(ctx context.Context, rec *Recording, f facts) Result {
	if err := rec.out.failure(); err != nil {
		f.damage = errors.Join(f.damage, err)
	}
	res, err := r.seal(ctx, rec.out, f)
	if errors.Is(err, errStopped) {
		return Result{Err: errors.Join(err, rec.out.close())}
	}
	if err != nil {
		r.health.fail(err, r.now())
	}
	if errors.Is(err, errNothingKept) {
		res.Err = err
		return r.discard(rec.out, res)
	}
	if closing := rec.out.close(); closing != nil {
		r.log.Warn("recording did not close", zap.String("recording", rec.id), zap.Error(closing))
	}
	res.Err = err
	if err == nil {
		res.Err = f.damage
	}
	return res
}

// discard removes the files of a recording that is not kept.
func (r *Recorder) discard(p *part, res Result) Result {
	if p == nil {
		return res
	}
	n := p.names
	// A disk without room may have stopped the sealer between any two of the names.
	err := errors.Join(p.close(), removeAll(r.disk, n.all()...), r.disk.SyncDir(n.dir))
	if err != nil {
		res.Err = errors.Join(res.Err, fmt.Errorf("discard %s: %w", res.ID, err))
	}
	return res
}
