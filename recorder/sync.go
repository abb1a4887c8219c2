package recorder

import (
	"context"
	"time"

	"go.uber.org/zap"
)

// syncAll makes what is written durable, and probes the folder, until ctx ends.
func (r *Recorder) syncAll(ctx context.Context) {
	tick := time.NewTicker(syncEvery / syncTurns)
	defer tick.Stop()
	for turn := 0; ; turn = (turn + 1) % syncTurns {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.syncTurn(turn)
		}
		if turn == syncTurns-1 {
			r.syncNames()
			r.probe()
		}
	}
}

// syncTurn syncs the files that have grown, of the recordings whose turn it is.
func (r *Recorder) syncTurn(turn int) {
	for _, p := range r.parts(turn) {
		if err := p.sync(); err != nil {
			r.health.fail(err, r.now())
			r.log.Error("recording is not durable", zap.String("file", p.names.wavPart), zap.Error(err))
		}
	}
}

// syncNames syncs the folder if it has new names.
func (r *Recorder) syncNames() {
	if r.newNames.Swap(false) {
		if err := r.disk.SyncDir(r.cfg.Dir); err != nil {
			r.newNames.Store(true)
			r.health.fail(err, r.now())
		}
	}
}

// parts returns the files that grow, of the recordings whose turn it is.
func (r *Recorder) parts(turn int) []*part {
	r.mu.Lock()
	recs := make([]*Recording, 0, len(r.live)/syncTurns+1)
	for _, rec := range r.live {
		if rec.turn == turn {
			recs = append(recs, rec)
		}
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
