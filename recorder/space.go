package recorder

import (
	"fmt"
	"sync"

	"go.uber.org/zap"
)

const (
	// fullShare of a volume is asked for at most, so that a small one can be used too.
	fullShare = 20
	// alarmAt says how much earlier than no recording begins any more the alarm comes.
	alarmAt = 2
	mib     = 1 << 20
)

// Space is the room in the folder of the recordings.
type Space struct {
	Free, Total uint64 // bytes; 0 of a volume that was not looked at yet
	// Low says that little is left: someone has to act, while recordings still begin.
	Low bool
}

// String tells the room in messages.
func (s Space) String() string {
	return fmt.Sprintf("%d MiB of %d MiB left", s.Free/mib, s.Total/mib)
}

// space keeps what the probe found.
type space struct {
	mu  sync.Mutex
	now Space
}

// Space returns the room that was found in the last seconds; it never waits for the disk.
func (r *Recorder) Space() Space {
	r.space.mu.Lock()
	defer r.space.mu.Unlock()
	return r.space.now
}

// measure looks at the room, tells when it gets low and when it is not any more,
// and returns why no recording may begin. Open ones need what is left to end.
func (r *Recorder) measure() error {
	free, total, err := r.disk.Free(r.cfg.Dir)
	if err != nil {
		return err
	}
	least := min(total/fullShare, uint64(r.cfg.MinFreeMiB)*mib)
	now := Space{Free: free, Total: total, Low: free < alarmAt*least}
	r.space.mu.Lock()
	before := r.space.now
	r.space.now = now
	r.space.mu.Unlock()
	if now.Low != before.Low {
		r.tellSpace(now)
	}
	if free < least {
		return fmt.Errorf("%s is full: %s", r.cfg.Dir, now)
	}
	return nil
}

func (r *Recorder) tellSpace(now Space) {
	if now.Low {
		r.log.Warn("recordings: space is low", zap.String("dir", r.cfg.Dir), zap.Uint64("free_bytes", now.Free), zap.Uint64("total_bytes", now.Total))
	} else {
		r.log.Info("recordings: there is space again", zap.String("dir", r.cfg.Dir), zap.Uint64("free_bytes", now.Free))
	}
	if r.spaceChanged != nil {
		r.spaceChanged(now)
	}
}
