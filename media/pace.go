package media

import "time"

const (
	// busyRate is how many packets a second make a driver busy: some 80 bridged calls. Fewer are sent on at once.
	busyRate = 8000
	// gatherLeast is how long a driver that is just busy lets packets come together, so that one wake serves several. It
	// grows with the rate to gatherMost, for a wake costs more than a packet.
	gatherLeast = 200 * time.Microsecond
	gatherMost  = time.Millisecond
	// gatherUpTo is how many packets end that at once.
	gatherUpTo = 64
	// mostAtOnce is how many are worked on before what came of them is sent and the time is looked at.
	mostAtOnce = 64
	// paceOver is the time over which the rate is taken.
	paceOver = 10 * time.Millisecond
)

// pace tells a busy driver from one that is not.
type pace struct {
	since   time.Time
	packets int
	gather  time.Duration // 0: not busy
}

// count looks at the rate of the packets that have come.
func (p *pace) count(now time.Time) {
	passed := now.Sub(p.since)
	if passed < paceOver {
		return
	}
	p.gather = 0
	if rate := time.Duration(p.packets) * time.Second / passed; rate > busyRate {
		p.gather = min(gatherLeast*rate/busyRate, gatherMost)
	}
	p.since, p.packets = now, 0
}

// wait returns for how many packets, and how long, the transport is to wait, where nothing else is due for timeout.
func (p *pace) wait(timeout time.Duration) (want int, within time.Duration) {
	if p.gather == 0 {
		return 1, timeout
	}
	if timeout < 0 || timeout > p.gather {
		timeout = p.gather
	}
	return gatherUpTo, timeout
}
