package media

import (
	"time"

	"assent/media/codec"
)

// Sink takes the audio of a recording. It is called on the driver and must not block; slices are borrowed. Positions
// are in samples from the recording's start, at its rate. The recorder implements it.
type Sink interface {
	// Place puts samples at a position of a channel: 0 the external party, 1 the internal one.
	Place(channel int, pos int64, samples []int16)
	// Mark says why there is no audio in [from, to) of a channel: "dtx" (comfort silence, nothing is missing), "dtmf" (a
	// key; what was placed there is wiped, nothing is missing), or the kind that Tap.Pause named. The parts of a pause come one after the other while it lasts.
	Mark(channel int, from, to int64, kind string)
	// Advance tells that the time of the recording has reached pos, about every 100 ms, and that what came until then has
	// been placed.
	Advance(pos int64)
	// Slip tells that what lies behind pos on a channel was moved by samples to follow the other channel's clock.
	Slip(channel int, pos int64, samples int)
}

// lawSink is a Sink that may keep G.711 as it came, byte for byte.
type lawSink interface{ KeepsG711() bool }

const (
	advanceEvery = 100 * time.Millisecond
	// markBehind is how far the parts of a pause stay behind the present: what was said before it may still come.
	markBehind = 100 * time.Millisecond
	// markDTX is the kind of silence that the sender meant.
	markDTX = "dtx"
	// markDTMF is the kind of a key, which is never audio of the recording.
	markDTMF = "dtmf"
	// keyBefore and keyAfter are kept out around a key: gateways leak the beginning of a tone before they send events for it, and
	// its end behind them.
	keyBefore = 20 * time.Millisecond
	keyAfter  = 40 * time.Millisecond
)

// Tap connects two streams to a Sink. Close it before the sink ends.
type Tap struct {
	// set once
	session *Session
	core    *core
	sink    Sink
	rateHz  int  // of the recording's samples
	gated   bool // the barrier's floors hold
	exact   bool // samples of G.711 must encode to the bytes that came

	// owned by the core's driver
	closed   bool
	timeline timeline
	channels [2]channel
	pause    string  // the kind of the present pause, or ""
	beeper   *beeper // nil without beeps
	advance  time.Duration
	reached  int64 // the last Advance, and the final position once closed
}

// channel is one side of a tap.
type channel struct {
	leg      *leg
	floors   floors   // of the tap's start and the last pause
	placed   bool     // a first sample was noticed
	settling settling // channel 1: a new source's first packets
	resumed  string   // the kind of the pause that was over last, until audio comes again
	until    int64    // while paused: the position where the pause began; none later is taken
	marked   int64    // while paused: up to where it was told
	near     neighbours
	line     line // of codecs that must be decoded in order
}

// tap begins a recording. Its position 0 is the later of the barrier's floor and the newest audio of left; where left
// has no audio yet, it is now.
func (c *core) tap(t *Tap, left, right *leg) {
	if k, ok := t.sink.(lawSink); ok {
		t.exact = k.KeepsG711()
	}
	t.core, t.timeline.zero, t.timeline.rate = c, c.at, clockRate(t.rateHz)
	c.taps = append(c.taps, t)
	t.connect(0, left)
	t.connect(1, right)
	if s := left.speaking(); s != nil {
		from := s.end
		if known := left.floors.known(s); t.gated && known != never {
			from = later(from, known)
		}
		t.timeline.begin(s, from)
	}
	t.advance = c.at + advanceEvery
	c.wake(t.advance)
}

// connect puts a stream on a channel, from its newest audio on.
func (t *Tap) connect(channel int, l *leg) {
	ch := &t.channels[channel]
	ch.leg, ch.near = l, neighbours{}
	ch.line.reset()
	t.timeline.tracks[channel].generation = 0
	if l != nil {
		ch.floors.raise(l, newestAudio(l), t.core.at, 0)
	}
}

// newestAudio returns the RTP time after the newest audio that was received.
func newestAudio(l *leg) uint64 {
	if s := l.speaking(); s != nil {
		return s.end
	}
	return 0
}

// audio takes a packet of audio that came on l.
func (t *Tap) audio(l *leg, in *inbound) {
	for i := range t.channels {
		if t.channels[i].leg == l {
			t.record(i, in)
		}
	}
}

// record holds a packet against the floors and places what is left of it.
func (t *Tap) record(i int, in *inbound) {
	s, ch, now := in.source, &t.channels[i], t.core.at
	from := ch.floors.admit(s, in.ts, in.jump, now)
	if t.gated {
		from = higher(from, ch.leg.floors.admit(s, in.ts, in.jump, now))
	}
	if from == never {
		return
	}
	if in.stood && (t.pause != "" || ch.resumed != "") {
		t.standstill(i, in)
	}
	if t.timeline.tracks[i].generation != s.generation {
		if i == 1 && t.settle(i, in, from) {
			return
		}
		if t.timeline.tracks[i].generation != s.generation {
			if in.verdict != fresh {
				return
			}
			t.drain(i)
			t.timeline.anchor(i, s, in.ts)
			ch.near = neighbours{}
		}
	}
	if i == 0 {
		t.timeline.follow(s)
	}
	t.silences(i, in, in.ts+uint64(in.ticks))
	t.place(i, in, from)
}

// standstill forgets the place of a source whose clock stood still in a pause, so that it is placed by its arrival: by
// its RTP time it would speak in the pause, for as long as that lasted.
func (t *Tap) standstill(i int, in *inbound) {
	t.drain(i)
	t.channels[i].line.reset()
	in.source.restart(in.ts, t.core.at)
	t.timeline.tracks[i].generation = 0
	t.channels[i].settling.generation = 0
}

// place decodes a packet, or lets it wait until it can be decoded in order, and hands what lies above its floor on.
func (t *Tap) place(i int, in *inbound, from uint64) {
	ch, below := &t.channels[i], distance(in.ts, from)
	if below >= int64(in.ticks) {
		return
	}
	if needsOrder(in.format, t.timeline.rate) {
		if below <= 0 { // what a packet across the floor would leave in a decoder is of below it
			t.queue(i, in)
		}
		return
	}
	if !ch.line.voice.tune(in.format, t.timeline.rate) {
		return
	}
	p := piece{source: in.source, ssrc: in.source.ssrc, ts: in.ts, position: t.timeline.tracks[i].locate(in.ts), below: max(below, 0), fresh: in.verdict == fresh}
	samples := ch.line.voice.decode(t.core.space, in.payload)
	if t.exact && in.format.ID == codec.PCMU {
		codec.KeepZeros(samples, in.payload)
	}
	t.put(i, p, samples)
}

// piece says where samples belong.
type piece struct {
	source   *source // whose clock leads the channel; only of what is fresh
	ssrc     uint32
	ts       uint64 // RTP time of the first
	position int64  // of the first
	below    int64  // how many at the beginning lie below the floor
	fresh    bool   // they are the newest of their source
}

// put hands samples to the sink: what lies above the floor and within the recording, and not in a pause.
func (t *Tap) put(i int, p piece, samples []int16) (slipped int) {
	ch, position, whole := &t.channels[i], p.position, len(samples)
	cut := max(p.below, -position, 0)
	if cut >= int64(len(samples)) {
		return 0
	}
	if t.pause != "" {
		if samples = samples[:min(max(ch.until-position, 0), int64(len(samples)))]; cut >= int64(len(samples)) {
			return 0
		}
	}
	if i == 1 && cut == 0 && p.fresh && len(samples) == whole && whole > 1 {
		slipped = t.timeline.wanted(p.source, p.ts, t.core.at)
	}
	if slipped != 0 {
		samples = stretch(samples, slipped)
		t.timeline.slip(p.ts, slipped, t.core.at)
		t.sink.Slip(i, position+int64(len(samples)), slipped)
	}
	samples = samples[cut:]
	position += cut
	t.endPause(i, position)
	if !ch.placed {
		ch.placed = true
		t.core.notify(FirstSampleNotice{Tap: t, Channel: i, SSRC: p.ssrc, RTPTime: p.ts + uint64(cut)})
	}
	t.sink.Place(i, position, samples)
	track := &t.timeline.tracks[i]
	track.end = max(track.end, position+int64(len(samples)))
	return slipped
}

// noise takes a packet of comfort noise that came on l: what lies between it and its neighbours is silence.
func (t *Tap) noise(l *leg, in *inbound) {
	for i := range t.channels {
		if t.channels[i].leg == l && t.timeline.tracks[i].generation == in.source.generation {
			t.silences(i, in, in.ts)
		}
	}
}

// event takes a telephone-event packet that came on l: a key, of which nothing is missing, and nothing may be heard.
func (t *Tap) event(l *leg, in *inbound) {
	for i := range t.channels {
		ch := &t.channels[i]
		if ch.leg != l || t.timeline.tracks[i].generation != in.source.generation || len(in.payload) < 4 {
			continue
		}
		lasted := uint64(in.rate.convert(int64(in.payload[2])<<8|int64(in.payload[3]), in.source.rate))
		t.silences(i, in, in.ts+lasted)
		t.key(i, in.source.rate, in.ts, in.ts+lasted)
	}
}

// tone takes a key in RTP time that was heard as a tone on l.
func (t *Tap) tone(l *leg, generation uint32, rate clockRate, start, end uint64) {
	for i := range t.channels {
		if t.channels[i].leg == l && t.timeline.tracks[i].generation == generation {
			t.key(i, rate, start, end)
		}
	}
}

// key keeps a key, and what may be heard around it, out of a channel.
func (t *Tap) key(i int, rate clockRate, start, end uint64) {
	t.mark(i, start-uint64(rate.ticks(keyBefore)), end+uint64(rate.ticks(keyAfter)), markDTMF)
}

// silences finds the time that the sender left out on purpose before or behind a packet that lasts to end: neighbours
// by number that are none by time (RFC 3551 section 4.1).
func (t *Tap) silences(i int, in *inbound, end uint64) {
	before, after := t.channels[i].near.add(in.seq, in.ts, end)
	if distance(before, in.ts) > 0 && before != 0 {
		t.mark(i, before, in.ts, markDTX)
	}
	if distance(end, after) > 0 && after != 0 {
		t.mark(i, end, after, markDTX)
	}
}

// mark types [from, to) of a channel, in RTP time: silence that the sender meant, or a key.
func (t *Tap) mark(i int, from, to uint64, kind string) {
	tr, ch := &t.timeline.tracks[i], &t.channels[i]
	begin, end := max(tr.locate(from), 0), tr.locate(to)
	if t.pause != "" {
		end = min(end, ch.until)
	}
	if begin < end {
		t.sink.Mark(i, begin, end, kind)
	}
}

// tick tells the sink of the time, and of the pause.
func (t *Tap) tick() {
	now := t.core.at
	for i := range t.channels {
		if due := t.channels[i].settling.due; due != 0 && due <= now {
			t.settled(i)
		} else if due != 0 {
			t.core.wake(due)
		}
		t.hear(i)
	}
	t.beep()
	if t.advance <= now {
		t.advance = now + advanceEvery
		position := t.timeline.position(t.core.heard())
		if t.pause != "" {
			behind := position - t.timeline.rate.ticks(markBehind)
			t.tellPause(behind, behind)
		}
		if position > t.reached {
			t.reached = position
			t.sink.Advance(position)
		}
	}
	t.core.wake(t.advance)
}

// tellPause marks the present pause up to the given positions of the two channels.
func (t *Tap) tellPause(upTo ...int64) {
	for i := range t.channels {
		ch := &t.channels[i]
		if upTo[i] > ch.marked {
			t.sink.Mark(i, ch.marked, upTo[i], t.pause)
			ch.marked = upTo[i]
		}
	}
}

// endPause marks what is left of a pause that is over: it lasts until audio comes again, at position.
func (t *Tap) endPause(i int, position int64) {
	ch := &t.channels[i]
	if ch.resumed == "" {
		return
	}
	if position > ch.marked {
		t.sink.Mark(i, ch.marked, position, ch.resumed)
		ch.marked = position
	}
	ch.resumed = ""
}

// edge returns the position after a channel's newest audio, or that of the present where there is none.
func (t *Tap) edge(i int) int64 {
	present := max(t.timeline.position(t.core.at), 0)
	ch, tr := &t.channels[i], &t.timeline.tracks[i]
	if ch.leg == nil {
		return present
	}
	s := ch.leg.speaking()
	if s == nil || s.generation != tr.generation {
		return max(present, tr.end)
	}
	return max(tr.locate(s.end), 0)
}

// end returns the position after the newest audio of both channels: nothing from beyond it was taken.
func (t *Tap) end() int64 {
	if t.closed {
		return t.reached
	}
	return max(t.edge(0), t.edge(1))
}

// suspend begins a pause, or changes the kind of the present one.
func (t *Tap) suspend(kind string) {
	if t.closed || kind == "" || kind == t.pause {
		return
	}
	t.finish()
	if t.pause != "" {
		t.tellPause(t.edge(0), t.edge(1))
		t.pause = kind
		return
	}
	t.pause = kind
	t.hush()
	for i := range t.channels {
		ch := &t.channels[i]
		t.endPause(i, t.edge(i))
		ch.until = t.edge(i)
		ch.marked = ch.until
	}
}

// resume ends a pause: what was received until now stays out.
func (t *Tap) resume() {
	if t.closed || t.pause == "" {
		return
	}
	t.finish()
	t.tellPause(t.edge(0), t.edge(1))
	for i := range t.channels {
		t.channels[i].line.reset()
		t.channels[i].resumed = t.pause
		if l := t.channels[i].leg; l != nil {
			t.channels[i].floors.raise(l, newestAudio(l), t.core.at, t.core.guard)
		}
	}
	t.pause = ""
	t.beep()
}

// replace puts another stream on the right channel.
func (t *Tap) replace(right *leg) {
	if t.closed || right == t.channels[1].leg {
		return
	}
	t.finish()
	t.hush()
	edge := t.edge(1)
	t.connect(1, right)
	if t.pause != "" {
		t.channels[1].until = min(t.channels[1].until, edge)
	}
}

// close ends the recording and returns its length in samples.
func (t *Tap) close() int64 {
	if t.closed {
		return t.reached
	}
	t.finish()
	if t.pause != "" {
		t.tellPause(t.edge(0), t.edge(1))
	}
	t.closed = true
	t.hush()
	for i, other := range t.core.taps {
		if other == t {
			t.core.taps = append(t.core.taps[:i], t.core.taps[i+1:]...)
			break
		}
	}
	t.reached = max(t.reached, t.timeline.position(t.core.at), t.timeline.tracks[0].end, t.timeline.tracks[1].end, 0)
	for i := range t.channels {
		t.endPause(i, t.reached)
	}
	return t.reached
}
