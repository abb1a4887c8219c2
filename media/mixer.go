package media

import (
	"fmt"
	"math"
	"slices"
	"time"

	"assent/media/codec"
	"assent/media/pcm"
)

// MaxMembers bounds a mix.
const MaxMembers = 16

// Member is one party of a mix.
type Member struct {
	Stream *Stream
	// GainDB is the level of what the party says to the others: 0 as it came, at most 20.
	GainDB float64
	// For are those who hear the party; nil is everybody. So a coach is heard by an agent alone.
	For []*Stream
}

// Mix lets each of the members hear the sum of the others, in place of a bridge or of an earlier mix, whose members that
// stay hear no break. A member with something to play hears that instead. No members end the mix. Taps go on hearing each
// stream apart. Where a member is no stream of this session, or there are too many, nothing changes and it is an error.
func (s *Session) Mix(members ...Member) error {
	if len(members) > MaxMembers {
		return fmt.Errorf("mix %d parties: want at most %d", len(members), MaxMembers)
	}
	for _, m := range members {
		if !m.Stream.of(s) || slices.ContainsFunc(m.For, func(st *Stream) bool { return !st.of(s) }) || !(m.GainDB <= 20) {
			return fmt.Errorf("mix: a member is no stream of this session, or louder than 20 dB")
		}
	}
	members = slices.Clone(members)
	s.post(func() { s.core.mixAll(members) })
	return nil
}

// mixer adds up what its members say, a step at a time, on a clock of its own. It allocates nothing once it runs.
type mixer struct {
	// set once
	rate clockRate // of the sums

	// owned by the core's driver
	members []*member
	due     time.Duration
	sum     []int32 // of what everybody may hear
	heard   []int32 // by one member
}

// member is a leg in a mix: what it says, and what it hears.
type member struct {
	leg      *leg
	gain     int32  // in units of unity
	only     []*leg // who hears it; nil: everybody
	receiver *receiver
	said     []int16 // in this step

	format    codec.Format // of the encoder
	ptime     time.Duration
	encoder   codec.Encoder
	rate      clockRate      // of the encoder's samples
	resampler *pcm.Resampler // nil where that is the mixer's
	ready     []int16        // to be sent, up to a packet
}

// unity is the gain of 0 dB.
const unity = 1 << 12

// mixAll puts a mix into force.
func (c *core) mixAll(members []Member) {
	before := c.mix
	c.unbridge()
	members = slices.DeleteFunc(members, func(m Member) bool { return !m.Stream.leg.open })
	if len(members) == 0 {
		return
	}
	x := newMixer(members, c.at)
	if before != nil && before.rate == x.rate {
		x.due = before.due
	}
	for _, given := range members {
		m := given.Stream.leg.seat(before, x.rate)
		m.gain, m.only = int32(math.Round(unity*math.Pow(10, given.GainDB/20))), nil
		for _, st := range given.For {
			m.only = append(m.only, st.leg)
		}
		if given.For != nil && m.only == nil {
			m.only = []*leg{} // nobody
		}
		m.leg.member = m
		x.members = append(x.members, m)
	}
	c.mix = x
	x.tick(c)
}

func newMixer(members []Member, now time.Duration) *mixer {
	const narrowband, wideband = 8000, 16000
	x := &mixer{rate: narrowband, due: now}
	for _, m := range members {
		if m.Stream.leg.format.RateHz > narrowband {
			x.rate = wideband
		}
	}
	x.sum, x.heard = make([]int32, x.rate.ticks(stepOf)), make([]int32, x.rate.ticks(stepOf))
	return x
}

// seat returns the leg's place in an earlier mix of the same rate, or a new one.
func (l *leg) seat(x *mixer, rate clockRate) *member {
	if x != nil && x.rate == rate {
		for _, m := range x.members {
			if m.leg == l {
				return m
			}
		}
	}
	l.forgetKeys() // what is down now was pressed for somebody else
	l.out.cut()
	l.playout.joined = false
	return &member{leg: l, receiver: newReceiver(l.core.jitter, rate, stepOf), said: make([]int16, rate.ticks(stepOf))}
}

// unmix ends the mix.
func (c *core) unmix() {
	if c.mix == nil {
		return
	}
	for _, m := range c.mix.members {
		m.leg.member = nil
		m.leg.out.cut()
	}
	c.mix = nil
}

// leave takes a leg out of the mix.
func (x *mixer) leave(l *leg) {
	l.member = nil
	x.members = slices.DeleteFunc(x.members, func(m *member) bool { return m.leg == l })
	for _, m := range x.members {
		m.only = slices.DeleteFunc(m.only, func(other *leg) bool { return other == l })
	}
}

// tick mixes what is due. A clock that is far behind is set anew: what came meanwhile is late for everybody.
func (x *mixer) tick(c *core) {
	if x.due < c.at-maxLate {
		x.due = c.at
	}
	for ; x.due <= c.at; x.due += stepOf {
		x.step(c.space, x.due)
	}
	c.wake(x.due)
}

// step takes a step of everybody's audio, and gives each the others'.
func (x *mixer) step(space *workspace, at time.Duration) {
	clear(x.sum)
	for _, m := range x.members {
		if !m.receiver.pull(space, at, m.said) {
			clear(m.said) // comfort noise of many is none
		}
		for i, s := range m.said {
			m.said[i] = clip(int32(s) * m.gain / unity)
		}
		if m.only == nil {
			add(x.sum, m.said, 1)
		}
	}
	for _, m := range x.members {
		m.take(space, x.of(m, space), at)
	}
}

// of returns what a member hears in this step, which lies in space.
func (x *mixer) of(m *member, space *workspace) []int16 {
	copy(x.heard, x.sum)
	if m.only == nil {
		add(x.heard, m.said, -1)
	}
	for _, other := range x.members {
		if other != m && slices.Contains(other.only, m.leg) {
			add(x.heard, other.said, 1)
		}
	}
	out := space.pcm[:len(x.heard)]
	for i, s := range x.heard {
		out[i] = clip(s)
	}
	return out
}

func add(sum []int32, samples []int16, sign int32) {
	for i, s := range samples {
		sum[i] += sign * int32(s)
	}
}

func clip(s int32) int16 { return int16(min(max(s, math.MinInt16), math.MaxInt16)) }

// hear takes a packet of the member's. Keys are told to the flow, and not passed on: to whom is not said.
func (m *member) hear(in *inbound) { m.receiver.push(in, m.leg.core.at) }

// take puts samples into the member's next packet, and sends it once it is whole.
func (m *member) take(space *workspace, samples []int16, at time.Duration) {
	if !m.leg.sends || !m.tune(clockRate(len(samples)*int(time.Second/stepOf))) {
		m.leg.playout.joined, m.ready = false, m.ready[:0]
		return
	}
	if m.resampler != nil {
		samples = space.pcm2[:m.resampler.Write(space.pcm2[:], samples)]
	}
	m.ready = append(m.ready, samples...)
	for size := int(m.rate.ticks(m.ptime)); len(m.ready) >= size; {
		m.send(space, m.ready[:size], at)
		m.ready = m.ready[:copy(m.ready, m.ready[size:])]
	}
}

// tune makes the encoder ready for what was agreed on with the member. It is false if this build can't encode that.
func (m *member) tune(rate clockRate) bool {
	l := m.leg
	if m.encoder != nil && m.format == l.format && m.ptime == l.ptime {
		return true
	}
	m.encoder, m.resampler, m.rate = nil, nil, clockRate(l.format.RateFor(int(rate)))
	encoder, err := codec.NewEncoder(l.format, int(m.rate))
	if err != nil {
		return false
	}
	if m.rate != rate {
		if m.resampler, err = pcm.NewResampler(int(rate), int(m.rate)); err != nil {
			return false
		}
	}
	m.format, m.ptime, m.encoder = l.format, l.ptime, encoder
	m.ready = make([]int16, 0, m.rate.ticks(l.ptime+2*stepOf))
	return true
}

// send sends a packet, unless the member hears a clip, or a key of ours, in its place.
func (m *member) send(space *workspace, samples []int16, begun time.Duration) {
	l := m.leg
	if l.playout.playing() || l.keys.busy() {
		return
	}
	l.beep.add(l, samples, m.rate, l.playout.time(l, begun))
	n, err := m.encoder.Encode(space.bytes[rtpHeaderSize:], samples)
	if err != nil || n == 0 {
		l.playout.joined = false
		return
	}
	l.playout.send(l, l.payload, int(l.out.rate.ticks(m.ptime)), n, begun)
}
