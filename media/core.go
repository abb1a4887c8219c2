package media

import (
	"net/netip"
	"time"

	"github.com/pion/rtp"
)

// maxPacket is the longest datagram that is read: an Ethernet frame's worth.
const maxPacket = 1500

// port names one of a stream's two sockets.
type port uint8

const (
	portRTP port = iota
	portRTCP
)

// output is where a core's packets go. The packet is borrowed; sending never blocks.
type output interface {
	send(l *leg, p port, to netip.AddrPort, packet []byte)
}

// maxSamples is room for the longest packet, 120 ms at 48 kHz, and for what a change of rate or a slip adds.
const maxSamples = 6400

// workspace is scratch memory that the cores of a driver share: one works at a time.
type workspace struct {
	in     inbound
	rooms  []*settlingRoom // to lend
	heard  time.Time       // all datagrams that came before have been worked on; zero: always
	pcm    [maxSamples]int16
	pcm2   [maxSamples]int16 // what pcm became at another rate
	bytes  [maxPacket]byte
	opened [maxPacket + 1]byte            // a packet that was decrypted
	sealed [maxPacket + srtpOverhead]byte // one that was encrypted
	srtp   rtp.Header                     // of the packet in either
}

// inbound is the packet in hand. Its fields are good until the next one.
type inbound struct {
	header  rtp.Header
	packet  []byte
	offset  int // of payload in packet
	payload []byte
	content
	ticks  int // RTP time that the payload covers, of audio
	source *source
	arrival
}

// core is all media of one call, without sockets, goroutines and clocks: packets come by receive, time by tick, packets
// leave by output. It belongs to whoever drives it.
type core struct {
	// set once
	out    output
	notify func(Notice)
	random func() uint32
	guard  time.Duration
	jitter jitterConfig // of audio that is transcoded
	epoch  time.Time
	space  *workspace

	// owned by the driver
	now     time.Time
	at      time.Duration // now, in the session's time, which never is 0
	due     time.Duration // when tick is wanted; 0 is never
	legs    []*leg
	taps    []*Tap
	mix     *mixer // nil: two legs at most hear each other
	barrier *Barrier
	gone    []StreamStats // of closed streams
	closed  bool
}

func newCore(out output, notify func(Notice), guard time.Duration, now time.Time, random func() uint32, space *workspace) *core {
	c := &core{out: out, notify: notify, guard: guard, epoch: now.Add(-time.Second), random: random, space: space, jitter: defaultJitter}
	if c.notify == nil {
		c.notify = func(Notice) {}
	}
	c.set(now)
	return c
}

// set moves the session's time to now; it never goes back.
func (c *core) set(now time.Time) {
	if at := now.Sub(c.epoch); at > c.at {
		c.now, c.at = now, at
	}
}

// heard returns up to when everything that came has been worked on: less than now while a driver catches up.
func (c *core) heard() time.Duration {
	if c.space.heard.IsZero() {
		return c.at
	}
	return min(c.space.heard.Sub(c.epoch), c.at)
}

// wake asks for a tick at the given time at the latest.
func (c *core) wake(at time.Duration) {
	if c.due == 0 || at < c.due {
		c.due = at
	}
}

// next returns when tick is wanted, and false if only packets or commands can change anything.
func (c *core) next() (time.Time, bool) {
	return c.epoch.Add(c.due), c.due != 0
}

// receive takes a datagram, which it may overwrite, that came to a port of l.
func (c *core) receive(now time.Time, l *leg, p port, from netip.AddrPort, packet []byte) {
	c.set(now)
	if c.closed || !l.open {
		return
	}
	if p == portRTCP || l.mux && isRTCP(packet) {
		l.receiveRTCP(from, packet)
		return
	}
	l.receiveRTP(from, packet)
}

// tick does what is due.
func (c *core) tick(now time.Time) {
	c.set(now)
	c.due = 0
	if c.closed {
		return
	}
	for _, l := range c.legs {
		l.tick()
	}
	for _, t := range c.taps {
		t.tick()
	}
	if c.mix != nil {
		c.mix.tick(c)
	}
}

// open adds a stream.
func (c *core) open(config StreamConfig, owner *Stream) *leg {
	l := newLeg(c, config, owner)
	c.legs = append(c.legs, l)
	return l
}

// bridge lets what each of the two hears be sent to the other.
func (c *core) bridge(a, b *leg) {
	c.unbridge()
	if a == b || !a.open || !b.open {
		return
	}
	a.forgetKeys() // what is down now was pressed for the flow
	b.forgetKeys()
	a.peer, b.peer = b, a
	a.out.cut()
	b.out.cut()
}

// unbridge parts all legs.
func (c *core) unbridge() {
	c.unmix()
	for _, l := range c.legs {
		l.peer = nil
	}
}

// shut closes one stream and keeps its figures.
func (c *core) shut(l *leg) {
	if !l.open {
		return
	}
	l.close()
	if c.mix != nil {
		c.mix.leave(l)
	}
	for i, other := range c.legs {
		if other.peer == l {
			other.peer = nil
		}
		if other == l {
			c.legs[i] = nil
		}
	}
	kept := c.legs[:0]
	for _, other := range c.legs {
		if other != nil {
			kept = append(kept, other)
		}
	}
	c.legs = kept
	c.gone = append(c.gone, l.stats())
}

// close ends taps and streams.
func (c *core) close() Report {
	if !c.closed {
		for len(c.taps) > 0 {
			c.taps[0].close()
		}
		for len(c.legs) > 0 {
			c.shut(c.legs[len(c.legs)-1])
		}
		c.closed, c.due = true, 0
	}
	return Report{Streams: c.gone}
}
