package recorder

import (
	"context"
	"runtime"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

// encoderNice is the priority of encoders: whatever they have to do, a packet of
// a call goes first.
const encoderNice = 10

// encodeAll renders and finishes recordings until ctx ends, on a thread of its
// own. The thread ends with it, since its priority can't be raised again.
func (r *Recorder) encodeAll(ctx context.Context) {
	runtime.LockOSThread()
	if err := unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), encoderNice); err != nil {
		r.log.Warn("encoder keeps the priority of calls", zap.Error(err))
	}
	r.sealAll(ctx, r.encoding)
}
