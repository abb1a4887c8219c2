package recorder

import "encoding/binary"

const (
	// windowsPerSecond: a fifth of a second is how long late packets may still find
	// their place. With flushEvery and a block (part.go) it is what a killed process
	// loses; the promise is 0.5 s.
	windowsPerSecond = 5
	// aheadsPerSecond: an eighth of a second is more than lies between two calls of Advance.
	aheadsPerSecond = 8
	// seamsPerSecond: the longest hole that is closed by repeating a sample instead
	// of being called lost is 1 ms, the trace of a clock slip.
	seamsPerSecond = 1000
	// maxJump is how far ahead of the timeline a position is believed: one hour, in seconds.
	maxJump = 3600
	// maxPosition bounds the timeline: gaps are kept in 32 bits.
	maxPosition = 1<<32 - 1
	// maxSlips bounds the list of slips; more are counted only.
	maxSlips = 4096
)

// slip is one correction of a channel's clock.
type slip struct {
	position uint32
	channel  uint8
	samples  int8
}

// track is the state of one channel.
type track struct {
	cover spanSet
	// audio reaches from the first placed sample to the end of the last one.
	audio span
	// late and overrun count samples refused: behind the window, beyond the memory.
	late, overrun int64
	told          bool // the journal knows where audio begins
	// last is the sample before frozen, if audio reaches that far.
	last   uint16
	joined bool
}

// timeline is the audio and what is known of it.
type timeline struct {
	// set once
	layout layout
	rate   int64 // of the layout, in samples a second

	spec    Spec
	ring    ring
	tracks  [channels]track
	base    int64 // all before is written
	frozen  int64 // all before is decided: no sample may change
	horizon int64 // how far the timeline has got
	told    int64 // how far it has got by Advance: all that came until then is placed
	gaps    gapList
	slips   []slip
	slipped [channels]int64 // number of slips a channel
	journal []entry         // lines that wait for the writer
	trouble error           // the latest failed write
}

// place is Place on the timeline.
func (t *timeline) place(channel int, pos int64, samples []int16) {
	tr := &t.tracks[channel]
	if behind := t.frozen - pos; behind > 0 {
		n := min(behind, int64(len(samples)))
		tr.late += n
		if t.gaps.retype(uint8(channel), uint32(max(pos, 0)), uint32(max(pos+n, 0)), kindLate) {
			t.journal = append(t.journal, markEntry(gap{uint32(max(pos, 0)), uint32(max(pos+n, 0)), uint8(channel), kindLate, true}))
		}
		pos, samples = pos+n, samples[n:]
	}
	end := pos + int64(len(samples))
	if end > t.reach() {
		tr.overrun += int64(len(samples))
		return
	}
	for pos < end {
		from, to := tr.cover.clear(pos, end)
		if from < to {
			t.copyIn(channel, from, samples[from-pos:to-pos])
		}
		samples, pos = samples[to-pos:], to
	}
	t.horizon = max(t.horizon, end)
}

// ripe is the position up to which nothing is waited for any more. One party's audio runs ahead of the other's while
// media catches up with what came during a stall; once Advance has told the time, it is not believed for more than what
// comes between two of its calls.
func (t *timeline) ripe() int64 {
	edge := t.horizon
	if t.told > 0 {
		edge = min(edge, t.told+t.rate/aheadsPerSecond)
	}
	return edge - t.rate/windowsPerSecond
}

// reach is how far ahead a position is believed.
func (t *timeline) reach() int64 { return min(t.horizon+maxJump*t.rate, maxPosition) }

// copyIn puts samples into the chunks, or marks them lost where there is no room.
func (t *timeline) copyIn(channel int, pos int64, samples []int16) {
	tr := &t.tracks[channel]
	for len(samples) > 0 {
		offset := int(pos % chunkFrames)
		n := min(len(samples), chunkFrames-offset)
		c := t.ring.ensure(pos)
		if c == nil || !tr.cover.paint(pos, pos+int64(n), kindAudio) {
			tr.overrun += int64(n)
			tr.cover.paint(pos, pos+int64(n), kindUnstored)
		} else {
			t.layout.encode(c[offset*frameBytes+channel*2:], samples[:n])
			tr.extend(pos, pos+int64(n))
		}
		pos, samples = pos+int64(n), samples[n:]
	}
}

// extend notes that audio lies in [from, to).
func (tr *track) extend(from, to int64) {
	if tr.audio.from == tr.audio.to {
		tr.audio = span{from, to, kindAudio}
		return
	}
	tr.audio.from, tr.audio.to = min(tr.audio.from, from), max(tr.audio.to, to)
}

// mark is Mark on the timeline.
func (t *timeline) mark(channel int, from, to int64, k kind) {
	if from >= to {
		return
	}
	if old := min(to, t.frozen); from < old {
		if t.gaps.retype(uint8(channel), uint32(from), uint32(old), k) {
			t.journal = append(t.journal, markEntry(gap{uint32(from), uint32(old), uint8(channel), k, true}))
		}
		from = old
	}
	if from >= to {
		return
	}
	tr := &t.tracks[channel]
	if k.paused() {
		t.silence(channel, from, to)
		tr.cover.paint(from, to, k)
	} else {
		tr.cover.fill(from, to, k)
	}
	t.horizon = max(t.horizon, to)
}

// silence wipes what waits in memory in [from, to) of a channel.
func (t *timeline) silence(channel int, from, to int64) {
	to = min(to, (t.ring.first+t.ring.size())*chunkFrames)
	for pos := from; pos < to; {
		offset := int(pos % chunkFrames)
		n := min(to-pos, int64(chunkFrames-offset))
		if c := t.ring.at(pos); c != nil {
			for i := range int(n) {
				binary.LittleEndian.PutUint16(c[sampleAt(pos+int64(i), channel):], 0)
			}
		}
		pos += n
	}
}
