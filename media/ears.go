package media

import (
	"time"

	"assent/media/pcm"
)

const (
	// quietLevel is the level in dBFS below which audio counts as silence: line noise lies below it, a soft voice above.
	quietLevel = -45
	// maxConcealed is the longest gap that the tone detector bridges with the audio before it.
	maxConcealed = 2 * rateHz / 50
)

// ears are what listens to a stream's audio: the in-band DTMF detector and the silence detector, behind a jitter
// buffer. A stream has them only while one of the two is wanted.
type ears struct {
	buffer     jitterBuffer
	generation uint32 // of the source that is listened to
	ssrc       uint32
	rate       clockRate // of its RTP time
	voice      voice

	tones     *pcm.Detector // nil where in-band keys are not wanted
	heard     int64         // samples that the tone detector has taken
	origin    uint64        // RTP time of its sample 0
	next      uint64        // RTP time after the newest packet
	last      [maxConcealed]int16
	deafUntil uint64 // RTP time: a tone that began before is no key
	lastLen   int

	silence time.Duration // how long a silence is waited for; 0 for not
	loud    time.Duration // when something was heard last
}

// hark opens or closes the ears as the agreement and the listeners want it.
func (l *leg) hark() {
	tones := l.agreed && allows(l.config.DTMF, MethodInband, l.terms.events)
	wanted := tones || l.ears != nil && l.ears.silence > 0
	switch {
	case !wanted:
		l.ears = nil
		return
	case l.ears == nil:
		l.ears = newEars()
	}
	if tones && l.ears.tones == nil {
		l.ears.tones = pcm.NewDetector(l.onTone)
	} else if !tones {
		l.ears.tones = nil
	}
}

func newEars() *ears {
	e := &ears{}
	e.buffer.reset(defaultJitter)
	return e
}

// awaitSilence begins to listen for a silence that lasts for d, or stops listening if d is 0.
func (l *leg) awaitSilence(d time.Duration) {
	if !l.open {
		return
	}
	if l.ears == nil {
		l.ears = newEars()
	}
	l.ears.silence, l.ears.loud = max(d, 0), l.core.at
	l.hark()
	if l.ears != nil {
		l.ears.tick(l)
	}
}

// discard forgets the audio that waits in the jitter buffer and returns how many packets that were.
func (l *leg) discard() int {
	if l.ears == nil {
		return 0
	}
	n := l.ears.buffer.reset(defaultJitter)
	l.ears.generation = 0
	return n
}

// push takes a packet of audio.
func (e *ears) push(l *leg, in *inbound) {
	if e.generation != in.source.generation {
		if in.verdict != fresh {
			return
		}
		e.follow(l, in)
	}
	if !e.buffer.push(in, l.core.at) {
		for e.hear(l, e.buffer.config.maxDelay*2) { // overrun: what is held is older than any delay
		}
		e.buffer.push(in, l.core.at)
	}
	e.drain(l)
}

// follow turns to another source, or another numbering of it.
func (e *ears) follow(l *leg, in *inbound) {
	if e.tones != nil {
		e.tones.Flush()
	}
	e.buffer.reset(defaultJitter)
	e.generation, e.ssrc, e.rate, e.voice = in.source.generation, in.source.ssrc, in.rate, voice{}
	e.next, e.origin, e.lastLen = in.ts, in.ts-uint64(narrowband.convert(e.heard, e.rate)), 0
}

// drain hears what is in order, or waited for long enough.
func (e *ears) drain(l *leg) {
	for e.hear(l, 0) {
	}
	if e.buffer.held > 0 {
		l.core.wake(e.buffer.oldest().came + e.delay(l))
	}
}

func (e *ears) delay(l *leg) time.Duration {
	s := l.speaking()
	if s == nil {
		return e.buffer.config.minDelay
	}
	return e.buffer.delay(s.jitterTime())
}

// hear takes the next packet out of the buffer, as if it were later by ahead. It is false if there is none.
func (e *ears) hear(l *leg, ahead time.Duration) bool {
	p, ok := e.buffer.pop(l.core.at+ahead, e.delay(l))
	if !ok {
		return false
	}
	gap := e.rate.convert(distance(e.next, p.ts), narrowband)
	e.next = p.ts + uint64(p.ticks)
	if !e.voice.tune(p.format, narrowband) {
		return true
	}
	samples := e.voice.convert(l.core.space, e.voice.decode(l.core.space, p.payload))
	if e.silence > 0 && pcm.Level(samples) > quietLevel {
		e.loud = l.core.at
	}
	if e.tones != nil {
		e.bridge(gap)
		e.write(samples)
		e.lastLen = copy(e.last[:], samples[max(0, len(samples)-len(e.last)):])
		e.hush(l)
	}
	return true
}

// hush keeps a tone that is down out of recordings, from its first sample on.
func (e *ears) hush(l *leg) {
	p, down := e.tones.Held()
	if !down {
		return
	}
	start, end := e.place(p)
	for _, t := range l.core.taps {
		t.tone(l, e.generation, e.rate, start, end)
	}
}

// bridge leads the tone detector over a gap: a lost packet is taken for more of what was before it, so that a key that
// is down stays down; a longer gap ends it.
func (e *ears) bridge(gap int64) {
	switch {
	case gap <= 0:
	case gap <= maxConcealed && e.lastLen > 0:
		for gap > 0 {
			n := min(gap, int64(e.lastLen))
			e.write(e.last[:n])
			gap -= n
		}
	default:
		for gap > 0 { // Skip takes an int
			n := min(gap, 1<<30)
			e.tones.Skip(int(n))
			e.heard += n
			gap -= n
		}
	}
}

func (e *ears) write(samples []int16) {
	e.tones.Write(samples)
	e.heard += int64(len(samples))
}

// tick hears what was waited for, and notices silence: audio that is quiet, or none.
func (e *ears) tick(l *leg) {
	e.drain(l)
	if e.silence == 0 {
		return
	}
	if l.core.at < e.loud+e.silence {
		l.core.wake(e.loud + e.silence)
		return
	}
	e.silence = 0
	l.core.notify(QuietNotice{Stream: l.owner})
	l.hark()
}

// onTone takes a key that the tone detector found.
func (l *leg) onTone(p pcm.Press) {
	e := l.ears
	start, end := e.place(p)
	if distance(start, e.deafUntil) > 0 {
		return
	}
	l.press(Digit{Key: p.Key, Method: MethodInband, SSRC: e.ssrc, Start: start, End: end, ClockHz: int(e.rate)})
}

// place returns the RTP times of a key's beginning and end.
func (e *ears) place(p pcm.Press) (start, end uint64) {
	return e.origin + uint64(narrowband.convert(p.Start, e.rate)), e.origin + uint64(narrowband.convert(p.End, e.rate))
}
