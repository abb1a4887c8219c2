package media

import (
	"encoding/binary"
	"time"

	"assent/media/codec"
)

// converter turns what one leg hears into the codec of the leg that it is bridged to. It feeds that leg's playout, whose
// clock drives it; it has no clock and no goroutine of its own.
type converter struct {
	// set once
	from   *leg
	format codec.Format // of what it makes
	ptime  time.Duration

	// owned by the core's driver
	receiver *receiver
	encoder  codec.Encoder
	samples  []int16 // of one packet
	spoken   bool    // something was sent
	noted    time.Duration
	press    press
}

// press is a telephone event on its way through.
type press struct {
	generation uint32
	in, out    uint64        // its RTP times
	began      time.Duration // when it came first
	until      time.Duration // no audio is sent until then
}

const (
	// noteEvery is how often comfort noise is described anew while it lasts.
	noteEvery = 200 * time.Millisecond
	// pressHolds is how long after a packet of an event audio stays away: until the next one is surely there.
	pressHolds = 60 * time.Millisecond
)

// feed returns the converter from l to d, which is made at need; nil if this build can't encode for d.
func (l *leg) feed(d *leg) *converter {
	c := d.playout.feed
	if c != nil && c.from == l && c.format == d.format && c.ptime == d.ptime {
		return c
	}
	d.playout.feed = nil
	rate := d.format.RateFor(l.format.RateHz)
	encoder, err := codec.NewEncoder(d.format, rate)
	if err != nil {
		return nil
	}
	d.playout.feed = &converter{
		from: l, format: d.format, ptime: d.ptime, encoder: encoder, receiver: newReceiver(l.core.jitter, clockRate(rate), d.ptime),
		samples: make([]int16, clockRate(rate).ticks(d.ptime)),
	}
	return d.playout.feed
}

// convert sends a packet on by way of d's converter.
func (l *leg) convert(in *inbound, d *leg) {
	c := l.feed(d)
	if c == nil || d.playout.playing() {
		return
	}
	c.receiver.push(in, l.core.at)
	d.playout.resume(d)
}

// alive tells whether c has something to send.
func (c *converter) alive(now time.Duration) bool { return c != nil && c.receiver.alive(now) }

// frame sends d's next packet, of what is heard from begun on.
func (c *converter) frame(d *leg, begun time.Duration) {
	audible := c.receiver.pull(d.core.space, begun, c.samples)
	switch {
	case !d.sends || begun < c.press.until || !audible && !c.spoken:
		d.playout.joined = false
	case audible || d.noise < 0:
		c.spoken, c.noted = true, 0
		c.say(d, begun)
	default:
		d.playout.joined = false
		if c.noted == 0 || begun-c.noted >= noteEvery {
			c.noted = begun
			c.note(d, begun)
		}
	}
}

// say sends the samples as audio.
func (c *converter) say(d *leg, begun time.Duration) {
	d.beep.add(d, c.samples, c.receiver.rate, d.playout.time(d, begun))
	payload := d.core.space.bytes[rtpHeaderSize:]
	n, err := c.encoder.Encode(payload, c.samples)
	if err != nil || n == 0 {
		d.playout.joined = false
		return
	}
	d.playout.send(d, d.payload, int(d.out.rate.ticks(c.ptime)), n, begun)
}

// note sends a description of the noise in place of audio (RFC 3389 section 3): its level alone.
func (c *converter) note(d *leg, begun time.Duration) {
	d.core.space.bytes[rtpHeaderSize] = c.receiver.noise.Level()
	d.playout.send(d, uint8(d.noise), 0, 1, begun)
	d.playout.joined = false
}

// event sends a telephone event on at once, with one time for all of its packets.
func (c *converter) event(in *inbound, d *leg) {
	if d.playout.playing() {
		return
	}
	now, o, p := d.core.at, &d.out, &c.press
	first := p.generation != in.source.generation || p.in != in.ts
	if first {
		*p = press{generation: in.source.generation, in: in.ts, out: o.clock(now), began: now}
	}
	p.until = now + pressHolds
	c.receiver.push(in, now)
	packet := in.packet[in.offset-rtpHeaderSize : in.offset+len(in.payload)]
	o.cut()
	o.seq++
	o.sent(o.seq, p.out, eventTicks(in, o.rate, d.eventRate), p.began)
	o.header(packet, uint8(d.event), first || in.header.Marker, o.seq, p.out)
	d.playout.joined = false
	d.transmit(packet, len(in.payload))
}

// eventTicks returns how long an event has lasted so far, at another rate.
func eventTicks(in *inbound, rate, eventRate clockRate) int64 {
	if len(in.payload) < 4 {
		return 0
	}
	return eventRate.convert(int64(binary.BigEndian.Uint16(in.payload[2:])), rate)
}

// rescale writes an event's duration at another clock; a packet can say 65535 units at most (RFC 4733 section 2.3.5).
func (in *inbound) rescale(space *workspace, rate clockRate) {
	if len(in.payload) < 4 || in.rate == rate {
		return
	}
	lasted := in.rate.convert(int64(binary.BigEndian.Uint16(in.payload[2:])), rate)
	n := copy(space.bytes[rtpHeaderSize:], in.payload)
	binary.BigEndian.PutUint16(space.bytes[rtpHeaderSize+2:], uint16(min(lasted, 0xFFFF)))
	in.packet, in.offset = space.bytes[:rtpHeaderSize+n], rtpHeaderSize
}
