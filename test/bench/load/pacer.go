package load

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	slotTime = time.Millisecond
	slots    = int64(frameTime / slotTime)
	together = 8 // calls between two looks at the clock
)

// pacer sends and receives all audio, on one thread.
type pacer struct {
	audio [2]*socket // by side
	start time.Time
	stop  atomic.Bool
	done  chan struct{}
	spans [maxSpans]span

	mirror []*Call // set before run: calls whose two parties hear each other without a service

	mu      sync.Mutex
	joining []*Call

	// its own; read by others once it has stopped
	slot    [slots][]*Call
	ports   [2]map[uint16]*Call // by side, by the service's port
	early   map[uint16]uint32   // plain packets to callers that are not known yet, by the service's port
	stood   time.Duration       // the most that a turn was late, at any time
	refused int                 // packets that the kernel would not send
	doubled int                 // frames that came twice
	swapped int                 // frames that came after a later one
	foreign int                 // frames of another call, or of the same side
}

func (p *pacer) run() {
	defer close(p.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	hear := [2]func([]byte, uint16, int64){}
	for s := range hear {
		hear[s] = func(packet []byte, port uint16, at int64) { p.hear(side(s), packet, port, at) }
	}
	for n := int64(0); !p.stop.Load(); n++ {
		due := time.Duration(n) * slotTime
		sleepUntil(p.start, due)
		p.adopt()
		p.say(n%slots, uint32(n/slots), due)
		p.audio[caller].drain(hear[caller])
		p.audio[agent].drain(hear[agent])
	}
}

// sleepUntil sleeps in the kernel: a runtime timer would wake a thread of its own.
func sleepUntil(start time.Time, due time.Duration) {
	if left := due - time.Since(start); left > 0 {
		wait := unix.NsecToTimespec(int64(left))
		_ = unix.Nanosleep(&wait, nil) // a signal makes a slot early by less than a slot
	}
}

// adopt takes in calls that have begun, with what their callers have heard so far: a prompt may be faster than we are.
func (p *pacer) adopt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.joining {
		port := c.legs[caller].to.Port()
		c.known[caller], p.ports[caller][port] = true, c
		c.legs[caller].plain.Add(p.early[port])
		delete(p.early, port)
		c.slot = int64(c.index) % slots
		p.slot[c.slot] = append(p.slot[c.slot], c)
	}
	p.joining = p.joining[:0]
}

func (p *pacer) join(c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.joining = append(p.joining, c)
}

// round is the number of the round at a time.
func (p *pacer) round(at time.Time) uint32 { return uint32(at.Sub(p.start) / frameTime) }

// span is rounds that are measured. Its distributions are the pacer's own; others read them once it has stopped.
type span struct {
	first atomic.Uint32 // from it on
	last  atomic.Uint32 // up to it, without; 0 until it is measured
	late  Delays        // how late each call's turn was
	delay Delays        // of frames that left
}

// maxSpans bounds how often a generator may measure.
const maxSpans = 8

// measured returns the span that a round is in, or nil.
func (p *pacer) measured(round uint32) *span {
	for i := range p.spans {
		if s := &p.spans[i]; round < s.last.Load() && round >= s.first.Load() {
			return s
		}
	}
	return nil
}

// say sends one slot's frames; both parties of a call speak with the same stamp.
func (p *pacer) say(slot int64, round uint32, due time.Duration) {
	list, kept := p.slot[slot], p.slot[slot][:0]
	for n, c := range list {
		if n%together == 0 {
			p.flush()
		}
		if c.silent.Load() {
			continue
		}
		kept = append(kept, c)
		now := time.Now()
		late := now.Sub(p.start) - due
		p.stood = max(p.stood, late)
		if in := p.measured(round); in != nil {
			in.late.Add(late)
		}
		for s := range c.legs {
			l := &c.legs[s]
			if !l.speak.Load() {
				continue
			}
			if !c.known[s] {
				c.known[s], p.ports[s][l.to.Port()] = true, c
			}
			l.frame(p.audio[s], c, side(s), round, now.UnixNano())
		}
	}
	p.flush()
	p.slot[slot] = kept
}

func (p *pacer) flush() {
	p.refused += p.audio[caller].flush() + p.audio[agent].flush()
}

// hear takes in one packet that side s received from the service's port.
func (p *pacer) hear(s side, packet []byte, port uint16, at int64) {
	if len(packet) < 12 {
		return
	}
	m, _, ok := readMark(packet[12:])
	c := p.ports[s][port]
	if m.call < len(p.mirror) {
		c = p.mirror[m.call]
	}
	switch {
	case c == nil || !ok && c.silent.Load(): // a port of a call that is over may be another's by now
		if !ok && s == caller {
			p.early[port]++
		}
		return
	case !ok:
		c.legs[s].plain.Add(1)
		return
	case m.call != c.index || m.from != s.other():
		p.foreign++
		return
	}
	l := &c.legs[m.from]
	if l.arrived.set(m.round) {
		p.doubled++
		return
	}
	l.passed.Add(1)
	if m.round < l.newest {
		p.swapped++
	}
	l.newest = max(l.newest, m.round)
	if in := p.measured(m.round); in != nil {
		in.delay.Add(m.age(at))
	}
}
