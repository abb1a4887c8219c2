package recorder

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// syncAll makes what is written durable, and probes the folder, until ctx ends.
func (r *Recorder) syncAll(ctx context.Context) {
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.syncOnce()
			r.probe()
		}
	}
}

// syncOnce syncs every file that has grown, then the folder if it has new names.
func (r *Recorder) syncOnce() {
	for _, p := range r.parts() {
		if err := p.sync(); err != nil {
			r.health.fail(err, r.now())
			r.log.Error("recording is not durable", zap.String("file", p.names.wavPart), zap.Error(err))
		}
	}
	if r.newNames.Swap(false) {
		if err := r.disk.SyncDir(r.cfg.Dir); err != nil {
			r.newNames.Store(true)
			r.health.fail(err, r.now())
		}
	}
}

// parts returns the files that grow.
func (r *Recorder) parts() []*part {
	r.mu.Lock()
	recs := make([]*Recording, 0, len(r.live))
	for _, rec := range r.live {
		recs = append(recs, rec)
	}
	r.mu.Unlock()
	out := make([]*part, 0, len(recs))
	for _, rec := range recs {
		rec.mu.Lock()
		if rec.out != nil {
			out = append(out, rec.out)
		}
		rec.mu.Unlock()
	}
	return out
}
