package media

import "time"

// line is the way of one channel's packets that must be decoded in order: codecs with memory, and rates that differ from
// the recording's. It has a jitter buffer, which waits only behind a gap. The zero value is empty.
type line struct {
	voice      voice
	buffer     *jitterBuffer // nil until needed
	generation uint32        // of the source whose packets are in it
	source     *source
	ssrc       uint32
	next       uint64 // RTP time after what was decoded last
	at         int64  // position of the next sample that comes out
	running    bool   // next and at hold
}

// reset forgets packets and the decoder's memory: what comes next is decoded as if nothing had been before it.
func (n *line) reset() {
	n.voice, n.running, n.generation = voice{}, false, 0
	if n.buffer != nil {
		n.buffer.reset(defaultJitter)
	}
}

// queue takes a packet of a channel that must be decoded in order.
func (t *Tap) queue(i int, in *inbound) {
	n := &t.channels[i].line
	if n.buffer == nil {
		n.buffer = &jitterBuffer{config: defaultJitter}
	}
	if n.generation != in.source.generation {
		t.drain(i)
		n.reset()
		n.generation, n.source, n.ssrc = in.source.generation, in.source, in.source.ssrc
	}
	if !n.buffer.push(in, t.core.at) {
		t.drain(i) // overrun: what is held is older than any delay
		n.buffer.push(in, t.core.at)
	}
	t.hear(i)
}

// hear decodes what is in order, or was waited for long enough.
func (t *Tap) hear(i int) {
	n := &t.channels[i].line
	if n.buffer == nil || n.buffer.held == 0 {
		return
	}
	delay := n.buffer.delay(n.source.jitterTime())
	for t.decode(i, t.core.at, delay) {
	}
	if n.buffer.held > 0 {
		t.core.wake(n.buffer.oldest().came + delay)
	}
}

// drain decodes all that waits on a channel, and what its resampler holds.
func (t *Tap) drain(i int) {
	n := &t.channels[i].line
	if n.buffer != nil {
		for t.decode(i, t.core.at+time.Hour, 0) {
		}
	}
	t.tail(i)
}

// finish places what waits on both channels.
func (t *Tap) finish() {
	t.settled(1)
	for i := range t.channels {
		t.drain(i)
	}
}

// decode takes the next packet out of the buffer. It is false if there is none.
func (t *Tap) decode(i int, now, delay time.Duration) bool {
	n := &t.channels[i].line
	p, ok := n.buffer.pop(now, delay)
	if !ok {
		return false
	}
	if n.running && (n.next != p.ts || n.voice.format != p.format) {
		t.tail(i)
	}
	if !n.voice.tune(p.format, t.timeline.rate) {
		return true
	}
	if !n.running {
		n.at, n.running = t.timeline.tracks[i].locate(p.ts), true
	}
	n.next = p.ts + uint64(p.ticks)
	decoded := n.voice.decode(t.core.space, p.payload)
	if len(decoded) == 0 {
		t.tail(i)
		return true
	}
	samples := n.voice.convert(t.core.space, decoded)
	fresh := p.seq == n.buffer.newest && n.source.generation == n.generation
	at := piece{source: n.source, ssrc: n.ssrc, ts: p.ts, position: n.at, fresh: fresh}
	n.at += int64(len(samples))
	n.at += int64(t.put(i, at, samples))
	return true
}

// tail places what the resampler still holds: a gap follows, or the end.
func (t *Tap) tail(i int) {
	n := &t.channels[i].line
	if !n.running {
		return
	}
	n.running = false
	if samples := n.voice.flush(t.core.space); len(samples) > 0 {
		t.put(i, piece{ssrc: n.ssrc, ts: n.next, position: n.at}, samples)
	}
}
