package media

import (
	"time"

	"assent/media/pcm"
)

const (
	// stepOf is the shortest piece that a receiver makes: a whole number of samples at every rate.
	stepOf = 10 * time.Millisecond
	// offBy is how far a receiver may be early or late before it lengthens or shortens what is heard; stretchEvery is the
	// pause between two such steps, each of 12.5 ms at most.
	offBy        = 10 * time.Millisecond
	stretchEvery = 100 * time.Millisecond
	// resyncAt is how far a packet may lie ahead of what is heard before what is between is left out.
	resyncAt = time.Second
	// lineRoom bounds the samples that wait: the longest packet and what was before it.
	lineRoom = 160 * time.Millisecond
)

// receiver makes one unbroken stream of samples out of the packets of a leg's audio, by our clock. Packets wait in a
// buffer until they are due, which is their least delay and a target later; the target follows the measured jitter.
// What is not there when it is due is concealed. Where the sender's clock runs faster or slower than ours, or the target
// moves, periods of the voice are left out or doubled. It allocates nothing once it runs.
type receiver struct {
	// set once
	config jitterConfig
	rate   clockRate     // of the samples that come out
	frame  time.Duration // that is pulled at a time

	// owned by the core's driver
	buffer     jitterBuffer
	delays     delays
	source     *source
	generation uint32 // of the source that is listened to; 0 for none
	clock      clockRate
	heard      time.Duration // when a packet came last

	voice     voice
	concealer *pcm.Concealer
	stretcher pcm.Stretcher
	noise     pcm.Noise
	quiet     bool // the sender is silent on purpose, or has not spoken yet
	running   bool // decoded holds
	decoded   uint64
	line      []int16 // samples at the decoder's rate that are to be heard, up to decoded
	stretched time.Duration
	out       []int16 // samples at rate that were not pulled yet

	concealed uint64 // samples that were made up
}

func newReceiver(config jitterConfig, rate clockRate, frame time.Duration) *receiver {
	r := &receiver{config: config, rate: rate, frame: frame, line: make([]int16, 0, rate.ticks(lineRoom)), out: make([]int16, 0, rate.ticks(lineRoom))}
	r.buffer.reset(config)
	return r
}

// push takes a packet of audio, comfort noise or an event: the last two only say where the voice pauses.
func (r *receiver) push(in *inbound, now time.Duration) {
	if r.generation != in.source.generation {
		if in.verdict != fresh || in.kind != kindAudio {
			return
		}
		r.follow(in)
	}
	r.heard = now
	if in.kind == kindAudio {
		r.delays.add(now - in.source.due(in.ts))
	}
	if !r.buffer.push(in, now) && distance(r.buffer.next, in.seq) >= jitterSlots {
		r.buffer.reset(r.config) // the sender is far ahead: what is held will not be missed
		r.buffer.push(in, now)
	}
}

// follow turns to another source, or another numbering of it.
func (r *receiver) follow(in *inbound) {
	r.buffer.reset(r.config)
	r.source, r.generation, r.clock = in.source, in.source.generation, in.rate
	r.delays, r.noise = delays{}, pcm.Noise{}
	r.running, r.quiet, r.line = false, true, r.line[:0]
	r.voice.decoder = nil
}

// alive tells whether there is anything to be heard, or was until lately.
func (r *receiver) alive(now time.Duration) bool {
	const silent, noisy = time.Second, 30 * time.Second
	if r.generation == 0 || r.source.generation != r.generation {
		return false
	}
	return now-r.heard < silent || r.quiet && now-r.heard < noisy
}

// pull fills samples with what is to be heard from now on. It is false for silence that the sender meant.
func (r *receiver) pull(space *workspace, now time.Duration, samples []int16) (audible bool) {
	for len(r.out) < len(samples) {
		at := now + r.rate.span(int64(len(r.out)))
		for len(r.line) < r.step() {
			r.advance(space, at)
		}
		r.stretch(space, at)
		step := r.step()
		audible = audible || !r.quiet
		r.out = append(r.out, r.voice.convert(space, r.line[:step])...)
		r.line = r.line[:copy(r.line, r.line[step:])]
	}
	n := copy(samples, r.out)
	r.out = r.out[:copy(r.out, r.out[n:])]
	return audible
}

// step returns the samples in the shortest piece, at the decoder's rate.
func (r *receiver) step() int { return int(r.decoderRate().ticks(stepOf)) }

// decoderRate returns the rate of the samples in line.
func (r *receiver) decoderRate() clockRate {
	if r.voice.decoder == nil {
		return r.rate
	}
	return r.voice.decoded
}

// early returns how long before its time the next sample of line would be heard now; less than 0 if it is late.
func (r *receiver) early(now time.Duration) time.Duration {
	target := min(max(r.delays.target(), r.config.minDelay), r.config.maxDelay) + r.frame
	waiting := r.decoderRate().span(int64(len(r.line)))
	return r.clock.span(distance(r.source.timeAt(now-target), r.decoded)) - waiting
}

// advance puts more samples into line: the next packet's, or what stands for it.
func (r *receiver) advance(space *workspace, now time.Duration) {
	if r.generation == 0 || r.source.generation != r.generation {
		r.fill()
		return
	}
	p := r.head()
	switch {
	case p == nil:
		r.starve(space, now)
	case !r.running || distance(r.decoded, p.ts) > r.clock.ticks(resyncAt):
		r.running, r.quiet, r.decoded, r.line = true, true, p.ts, r.line[:0]
		r.advance(space, now)
	case r.quiet && r.early(now) > 0:
		r.fill() // it is not due yet, and nothing is heard: wait
	case distance(r.decoded, p.ts) > 0 && p.seq != r.buffer.next:
		r.bridge(space, p)
	case distance(r.decoded, p.ts) > 0:
		r.rest(now, p)
	default:
		r.decode(space, p)
	}
}

// head returns the packet that is heard next: the one in order, or else the first behind a gap.
func (r *receiver) head() *jitterSlot {
	if r.buffer.held == 0 {
		return nil
	}
	if s := &r.buffer.slots[r.buffer.next%jitterSlots]; s.used {
		return s
	}
	return r.buffer.oldest()
}

// starve stands in for a packet that is not there. While we are early, time stands still and the packet may yet come;
// otherwise it is given up.
func (r *receiver) starve(space *workspace, now time.Duration) {
	early := r.early(now)
	if !r.running || r.quiet || r.concealer.Faded() {
		r.quiet = true
		if r.running && early < 0 { // in silence our time is set right unheard
			r.decoded += uint64(r.clock.ticks(-early))
		}
		r.fill()
		return
	}
	r.conceal(space, r.step(), nil)
	if early <= 0 {
		r.decoded += uint64(r.clock.ticks(stepOf))
	}
}

// bridge conceals what was lost before p.
func (r *receiver) bridge(space *workspace, p *jitterSlot) {
	gap := min(distance(r.decoded, p.ts), r.clock.ticks(2*stepOf))
	var next []byte
	if p.seq == r.buffer.next+1 && gap == distance(r.decoded, p.ts) {
		next = p.payload
	}
	r.conceal(space, int(r.clock.convert(gap, r.decoderRate())), next)
	r.decoded += uint64(gap)
}

// rest fills the time before p that the sender left out on purpose.
func (r *receiver) rest(now time.Duration, p *jitterSlot) {
	r.quiet = true
	gap := distance(r.decoded, p.ts)
	if late := r.clock.ticks(-r.early(now)); late > 0 {
		late = min(late, gap)
		r.decoded += uint64(late)
		gap -= late
	}
	if gap > 0 {
		r.decoded += uint64(min(gap, r.clock.ticks(stepOf)))
		r.fill()
	}
}

// fill puts a step of comfort noise into line.
func (r *receiver) fill() {
	n := r.room(r.step())
	r.line = r.line[:n+r.step()]
	r.noise.Fill(r.line[n:])
	if r.concealer != nil {
		r.concealer.Hear(r.line[n:])
	}
}

// room makes sure that line has room for n samples more, and returns its length.
func (r *receiver) room(n int) int {
	if len(r.line)+n > cap(r.line) {
		r.line = r.line[:0]
	}
	return len(r.line)
}

// conceal makes up n samples.
func (r *receiver) conceal(space *workspace, n int, next []byte) {
	if n <= 0 {
		return
	}
	samples := space.pcm[:min(n, maxSamples)]
	own := r.voice.format.HasMemory() && r.voice.decoder != nil && n%int(r.voice.decoded/400) == 0
	switch {
	case own && r.voice.decoder.Conceal(samples, next):
		r.concealer.Hear(samples)
	case r.concealer != nil:
		r.concealer.Conceal(samples)
	default:
		clear(samples)
	}
	r.concealed += uint64(len(samples))
	r.line = append(r.line[:r.room(len(samples))], samples...)
}

// decode takes p out of the buffer into line. What lies before decoded was given up already.
func (r *receiver) decode(space *workspace, p *jitterSlot) {
	p.used = false
	r.buffer.held--
	r.buffer.next = p.seq + 1
	switch p.kind {
	case kindNoise:
		r.noise.Describe(p.payload)
		r.quiet = true
		return
	case kindEvent:
		r.quiet = true
		return
	}
	if !r.tune(p) {
		return
	}
	samples, past := r.voice.decode(space, p.payload), distance(p.ts, r.decoded)
	if len(samples) == 0 || past >= int64(p.ticks) {
		return
	}
	samples = samples[min(max(0, int(r.clock.convert(past, r.voice.decoded))), len(samples)):]
	r.quiet = false
	r.concealer.Hear(samples)
	r.line = append(r.line[:r.room(len(samples))], samples...)
	r.decoded = p.ts + uint64(p.ticks)
}

// tune makes the decoder ready for p. Where its samples have another rate than before, those that wait are dropped.
func (r *receiver) tune(p *jitterSlot) bool {
	before := r.voice.decoded
	if !r.voice.tune(p.format, r.rate) {
		return false
	}
	if rate := r.voice.decoded; rate != before || r.concealer == nil {
		r.line, r.out = make([]int16, 0, rate.ticks(lineRoom)), r.out[:0]
		r.concealer, r.stretcher = pcm.NewConcealer(int(rate)), pcm.NewStretcher(int(rate))
	}
	return true
}

// stretch leaves a period of the voice out, or doubles one, if we are off our time.
func (r *receiver) stretch(space *workspace, now time.Duration) {
	if !r.running || r.quiet || now-r.stretched < stretchEvery || r.source.generation != r.generation {
		return
	}
	early := r.early(now)
	if early > -offBy && early < offBy {
		return
	}
	for len(r.line) < r.stretcher.Needs() { // short packets: take more of them
		p := r.head()
		if p == nil || p.seq != r.buffer.next || distance(r.decoded, p.ts) > 0 || p.kind != kindAudio {
			return
		}
		r.decode(space, p)
	}
	r.stretched = now
	switch {
	case early < 0:
		r.line = r.stretcher.Shorten(r.line)
	case 2*len(r.line) <= cap(r.line):
		r.line = r.stretcher.Lengthen(r.line)
	}
}
