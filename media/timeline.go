package media

import "time"

const (
	// slipAt is how far channel 1 may be off before it is moved.
	slipAt = time.Millisecond
	// slipEvery is the pause between two slips at 8 kHz, and shorter as samples are: ten a second are six times the drift
	// of two bad clocks (200 ppm), and nobody hears them. slipFar is how far off the channel must be to be moved faster,
	// every slipFarEvery.
	slipEvery    = 100 * time.Millisecond
	slipFar      = 5 * slipAt
	slipFarEvery = 40 * time.Millisecond
	// slipMemory is how many slips are remembered for packets that come late.
	slipMemory = 16
)

// timeline gives RTP time its place in a recording, in samples from its start. Channel 0 sets it: position is RTP time,
// in samples, less a constant. Channel 1 runs on another clock and is led along by its least delay, against that of channel 0.
type timeline struct {
	rate   clockRate     // of the recording's samples
	zero   time.Duration // session time at which the sample at position 0 would have arrived without jitter
	tracks [2]track
}

// track is the place of one channel's present source.
type track struct {
	generation uint32    // 0: not placed yet
	clock      clockRate // of its RTP time
	rate       clockRate // of the recording
	base       uint64    // an RTP time of the source
	offset     int64     // its position
	end        int64     // position after the newest sample placed
	slipped    time.Duration
	slips      [slipMemory]slip
	next       int // the oldest of slips
}

// slip remembers the offset that held for RTP times up to ts.
type slip struct {
	known  bool
	ts     uint64
	offset int64
}

// position returns the place of session time t.
func (tl *timeline) position(t time.Duration) int64 {
	return tl.rate.ticks(t - tl.zero)
}

// begin puts the start of the recording at from, in the RTP time of s, on channel 0.
func (tl *timeline) begin(s *source, from uint64) {
	tl.tracks[0] = track{generation: s.generation, clock: s.rate, rate: tl.rate, base: from}
	tl.follow(s)
}

// follow keeps the recording's start in session time, which channel 1 is placed by, true to channel 0's clock.
func (tl *timeline) follow(s *source) {
	t := &tl.tracks[0]
	tl.zero = s.due(t.base) - tl.rate.span(t.offset)
}

// anchor places a source that is new on a channel by its arrival, and not before what is there.
func (tl *timeline) anchor(channel int, s *source, ts uint64) {
	t := &tl.tracks[channel]
	position := tl.position(s.due(ts))
	if t.end > 0 {
		position = max(position, t.end)
	}
	*t = track{generation: s.generation, clock: s.rate, rate: tl.rate, base: ts, offset: position, end: t.end, slipped: t.slipped}
}

// locate returns the position of the sample at ts, by the offset that held for it.
func (t *track) locate(ts uint64) int64 {
	offset := t.offset
	for i := range t.slips {
		s := &t.slips[(t.next-1-i+2*slipMemory)%slipMemory] // newest first
		if !s.known || distance(s.ts, ts) > 0 {
			break
		}
		offset = s.offset
	}
	return t.clock.convert(distance(t.base, ts), t.rate) + offset
}

// drift returns how many samples channel 1 should lie later than it does.
func (tl *timeline) drift(s *source, ts uint64) int64 {
	t := &tl.tracks[1]
	return tl.position(s.due(ts)) - (t.clock.convert(distance(t.base, ts), t.rate) + t.offset)
}

// wanted tells by how much, one sample or none, channel 1 is to be moved with the packet at ts.
func (tl *timeline) wanted(s *source, ts uint64, now time.Duration) int {
	t := &tl.tracks[1]
	drift, every := tl.drift(s, ts), slipEvery
	off := tl.rate.span(drift)
	if off > slipFar || off < -slipFar {
		every = slipFarEvery
	}
	switch {
	case off >= -slipAt && off <= slipAt:
		return 0
	case now < t.slipped+every*time.Duration(narrowband)/time.Duration(tl.rate):
		return 0
	case off > 0:
		return 1
	}
	return -1
}

// slip moves channel 1 by samples for all RTP times after ts.
func (tl *timeline) slip(ts uint64, samples int, now time.Duration) {
	t := &tl.tracks[1]
	t.slips[t.next] = slip{known: true, ts: ts, offset: t.offset}
	t.next = (t.next + 1) % slipMemory
	t.offset += int64(samples)
	t.slipped = now
}

// stretch makes a packet longer (1) or shorter (-1) by one sample, where that is heard least: between the two
// neighbours that differ least. samples has room for one more.
func stretch(samples []int16, by int) []int16 {
	if len(samples) < 2 || by == 0 {
		return samples
	}
	at, least := 1, 1<<17
	for i := 1; i < len(samples); i++ {
		step := int(samples[i]) - int(samples[i-1])
		if step = max(step, -step); step < least {
			at, least = i, step
		}
	}
	if by > 0 {
		samples = samples[:len(samples)+1]
		copy(samples[at+1:], samples[at:])
		return samples
	}
	return append(samples[:at], samples[at+1:]...)
}
