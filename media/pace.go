package media

import "time"

const (
	// busyRate is how many packets a second make a driver busy: some 80 bridged calls. Fewer are sent on at once.
	busyRate = 8000
	// gatherLeast is how long a driver that is just busy lets packets come together, so that one wake serves several. It
	// grows with the rate to gatherMost, for a wake costs more than a packet.
	gatherLeast = 200 * time.Microsecond
	gatherMost  = time.Millisecond
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
func (p *pace) count(packets int, now time.Time) {
	p.packets += packets
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

// wait returns how long a transport is to nap and to wait, where nothing else is due for timeout. all says that it had
// told all that came: else there is work already.
func (p *pace) wait(all bool, timeout time.Duration) (nap, within time.Duration) {
	switch {
	case !all:
		return 0, 0
	case p.gather == 0:
		return 0, timeout
	case timeout >= 0:
		return min(p.gather, timeout), 0
	}
	return p.gather, 0
}
