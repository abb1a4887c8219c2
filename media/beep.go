package media

import (
	"time"

	"assent/media/codec"
	"assent/media/pcm"
)

// Beep is the tone that tells the parties of a call that they are recorded.
type Beep struct {
	Hz     int
	Length time.Duration
	Every  time.Duration // from the beginning of one to that of the next; more than Length
	GainDB float64       // below full scale
}

const (
	// beepLead is how long before the tone a codec with memory is followed, so that the tone's packets join the others.
	beepLead = 100 * time.Millisecond
	// beepPatience is how long the tone waits for audio to be mixed into: two long packets. Behind it a party that hears
	// nothing gets the tone alone.
	beepPatience = 120 * time.Millisecond
	// beepRest is the silence before and behind a tone that is played alone: in it a decoder with memory forgets the one
	// before, which would make the beginning roar.
	beepRest = 40 * time.Millisecond
)

// Beep lets the tap's parties hear a tone, at once and then again and again, for as long as the tap takes audio: not in a
// pause. It is mixed into what they hear. A second call changes nothing.
func (t *Tap) Beep(b Beep) {
	beeps := newBeeper(b)
	t.session.post(func() { t.announce(beeps) })
}

// Beeps returns how many beeps have begun. It waits for the driver.
func (t *Tap) Beeps() (count int) {
	t.session.driver.call(func() {
		if t.beeper != nil {
			count = t.beeper.count
		}
	})
	return count
}

// beeper is the clock of a tap's beeps.
type beeper struct {
	// set once
	every time.Duration
	sine  pcm.Sine
	clip  *Clip // the same within silence, for who hears nothing else

	// owned by the driver
	due   time.Duration // when the next one begins
	count int
}

func newBeeper(b Beep) *beeper {
	sine := pcm.Sine{Hz: float64(b.Hz), Length: b.Length, GainDB: b.GainDB}
	alone := make([]int16, sine.Samples(rateHz)+2*int64(pcm.Samples(beepRest)))
	sine.Add(alone, -int64(pcm.Samples(beepRest)), rateHz)
	return &beeper{every: b.Every, sine: sine, clip: NewClip(alone)}
}

// announce begins the beeps.
func (t *Tap) announce(b *beeper) {
	if t.closed || t.beeper != nil || b.every <= b.sine.Length {
		return
	}
	t.beeper, b.due = b, t.core.at
	t.beep()
}

// beep begins what is due.
func (t *Tap) beep() {
	b := t.beeper
	if b == nil || t.pause != "" {
		return
	}
	if b.due <= t.core.at {
		if t.core.at-b.due > advanceEvery {
			b.due = t.core.at // after a pause the time counts anew
		}
		b.due += b.every
		b.count++
		for i := range t.channels {
			if l := t.channels[i].leg; l != nil {
				l.beep.begin(l, b)
			}
		}
	}
	t.core.wake(b.due)
}

// hush ends what sounds of a beep, where the recording pauses or ends.
func (t *Tap) hush() {
	if t.beeper == nil {
		return
	}
	for i := range t.channels {
		if l := t.channels[i].leg; l != nil {
			l.beep.end(l)
		}
	}
}

// beep is what one stream's peer hears of a beep: the tone, over the packets that are sent to it. The zero value is
// silent. What it needs to decode and encode is kept from one beep to the next.
type beep struct {
	on    *beeper       // nil while nothing sounds
	began bool          // a packet gave it its place
	from  uint64        // RTP time, of what is sent, at which the tone begins
	heard bool          // some of it was sent
	alone time.Duration // when it is played alone, unless it was heard until then
	over  time.Duration // when it has ended, whatever was sent

	voice   voice
	encoder codec.Encoder
	made    codec.Format // of encoder
}

// begin lets the tone begin with the next packet that is sent.
func (b *beep) begin(l *leg, on *beeper) {
	if !l.open || !l.agreed || !l.sends {
		return
	}
	lead := b.lead(l)
	*b = beep{
		on: on, voice: b.voice, encoder: b.encoder, made: b.made,
		alone: l.core.at + lead + beepPatience, over: l.core.at + lead + on.sine.Length + maxLate + beepPatience,
	}
	l.core.wake(b.alone)
}

// lead returns how long before the tone its packets are followed.
func (b *beep) lead(l *leg) time.Duration {
	if l.format.HasMemory() {
		return beepLead
	}
	return 0
}

// end ends the tone at once.
func (b *beep) end(l *leg) {
	if b.on == nil {
		return
	}
	l.playout.remove(l, b.on.clip)
	b.on = nil
}

// tick plays the tone alone where there was nothing to mix it into, and ends it.
func (b *beep) tick(l *leg) {
	switch now := l.core.at; {
	case b.on == nil:
	case now >= b.over:
		b.on = nil
	case b.heard:
		l.core.wake(b.over)
	case now < b.alone:
		l.core.wake(b.alone)
	default:
		b.heard, b.began, b.from = true, true, never // it is not mixed into itself
		if !l.playout.playing() {
			l.playout.play(l, b.on.clip, PlayOptions{Notice: true})
		}
		l.core.wake(b.over)
	}
}

// at returns where in the tone a packet with RTP time ts begins, in ticks of what is sent; it is false if none sounds.
func (b *beep) at(l *leg, ts uint64) (int64, bool) {
	if b.on == nil {
		return 0, false
	}
	if !b.began {
		b.began, b.from = true, ts+uint64(l.out.rate.ticks(b.lead(l)))
	}
	return distance(b.from, ts), b.from != never
}

// add adds the tone to samples of a packet that is to be encoded for l.
func (b *beep) add(l *leg, samples []int16, rate clockRate, ts uint64) {
	at, sounds := b.at(l, ts)
	if !sounds {
		return
	}
	from := l.out.rate.convert(at, rate)
	b.on.sine.Add(samples, from, int(rate))
	b.heard = b.heard || from+int64(len(samples)) > 0 && from < b.on.sine.Samples(int(rate))
}

// mix puts the tone into an encoded packet for l: it writes the payload that is to be sent instead to the workspace, and
// returns its length. Where nothing sounds, or the packet can't be encoded anew, it is false. It borrows payload, which
// may lie in the workspace.
func (b *beep) mix(l *leg, payload []byte, ts uint64) (n int, mixed bool) {
	at, sounds := b.at(l, ts)
	if !sounds || !b.ready(l.format) {
		return 0, false
	}
	space, rate := l.core.space, b.voice.decoded
	from := l.out.rate.convert(at, rate)
	if from >= b.on.sine.Samples(int(rate)) {
		return 0, false
	}
	samples, to := b.voice.decode(space, payload), space.bytes[rtpHeaderSize:]
	if begun := from+int64(len(samples)) > 0; len(samples) == 0 || !begun {
		if l.format.HasMemory() { // decoder and encoder follow what the peer hears, until the tone begins
			_, _ = b.encoder.Encode(space.sealed[:], samples) // what can't be encoded is sent as it came
		}
		return 0, false
	}
	b.on.sine.Add(samples, from, int(rate))
	n, err := b.encoder.Encode(to, samples)
	if err != nil || n == 0 {
		return 0, false
	}
	b.heard = true
	return n, true
}

// ready makes decoder and encoder of a format, once.
func (b *beep) ready(f codec.Format) bool {
	if !b.voice.tune(f, clockRate(f.RateHz)) {
		return false
	}
	if b.encoder == nil || b.made != f {
		encoder, err := codec.NewEncoder(f, f.RateFor(f.RateHz))
		if err != nil {
			return false
		}
		b.encoder, b.made = encoder, f
	}
	return true
}
