package media

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// eagerSlice is how long a driver asks to run before another thread may: about as long as it works after a nap. Who asks
// for less than the one that runs is let in as soon as it wakes (EEVDF, since Linux 6.12; older kernels ignore it), so that
// the recorder's writes and the garbage collector do not hold up packets where there are fewer cores than threads.
const eagerSlice = 200 * time.Microsecond

// stayEager keeps the calling goroutine on a thread of its own, which ends with it, and asks for short slices. It needs
// no privilege; a system that says no costs some delay, and no call.
func stayEager() {
	runtime.LockOSThread()
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return
	}
	attr.Size, attr.Runtime = unix.SizeofSchedAttr, uint64(eagerSlice)
	_ = unix.SchedSetAttr(0, attr, 0) // as said
}
