package recorder

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"
)

const (
	// window is how long late packets may still find their place. With
	// flushEvery it is what a killed process loses; the promise is 0.5 s.
	window = rateHz / 4
	// seam is the longest hole that is closed by repeating a sample instead of
	// being called lost: 1 ms, the trace of a clock slip.
	seam = rateHz / 1000
	// maxJump is how far ahead of the timeline a position is believed: one hour.
	maxJump = 3600 * rateHz
	// maxPosition bounds the timeline: gaps are kept in 32 bits.
	maxPosition = 1<<32 - 1
	// maxSlips bounds the list of slips; more are counted only.
	maxSlips = 4096
)

// phase is where a recording stands.
type phase uint8

const (
	phaseWaiting phase = iota // the ledger has not answered; memory only
	phaseGranted              // may be written
	phaseOver                 // nothing is accepted any more
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

// Recording is one timeline on its way to a file. Its methods are safe for
// concurrent use and never wait for the disk.
type Recording struct {
	// set once
	id     string
	opened time.Time
	ready  <-chan error
	done   chan struct{}
	writer *writer

	// owned by the recording's writer, then by a sealer
	out     *part
	retryAt time.Time

	// guarded by mu
	mu sync.Mutex
	timeline
	phase     phase
	finishing bool
	final     Final
	result    Result
}

// timeline is the audio and what is known of it.
type timeline struct {
	spec    Spec
	ring    ring
	tracks  [channels]track
	base    int64 // all before is written
	frozen  int64 // all before is decided: no sample may change
	horizon int64 // how far the timeline has got
	gaps    gapList
	slips   []slip
	slipped [channels]int64 // number of slips a channel
	journal []entry         // lines that wait for the writer
	trouble error           // the latest failed write
}

// ID returns the recording's id.
func (rec *Recording) ID() string { return rec.id }

// Place copies samples, in 8 kHz PCM, to position pos of a channel (0 external,
// 1 internal). The slice is borrowed. What comes behind the disorder window,
// into a pause or beyond the memory bound is refused and counted. Place never
// blocks on the disk and allocates nothing.
func (rec *Recording) Place(channel int, pos int64, samples []int16) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.phase == phaseOver || rec.finishing || channel < 0 || channel >= channels || len(samples) == 0 {
		return
	}
	rec.place(channel, pos, samples)
}

// place is Place on the timeline.
func (t *timeline) place(channel int, pos int64, samples []int16) {
	tr := &t.tracks[channel]
	if behind := t.frozen - pos; behind > 0 {
		n := min(behind, int64(len(samples)))
		tr.late += n
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

// reach is how far ahead a position is believed.
func (t *timeline) reach() int64 { return min(t.horizon+maxJump, maxPosition) }

// clear returns the first part of [from, to) that no pause covers, or an empty
// one at to.
func (p *spanSet) clear(from, to int64) (int64, int64) {
	for _, s := range p.spans() {
		if !s.kind.paused() || s.to <= from || s.from >= to {
			continue
		}
		if s.from > from {
			return from, s.from
		}
		from = min(s.to, to)
	}
	return from, to
}

// copyIn puts samples into the chunks, or marks them lost where there is no room.
func (t *timeline) copyIn(channel int, pos int64, samples []int16) {
	tr := &t.tracks[channel]
	for len(samples) > 0 {
		offset := int(pos % chunkFrames)
		n := min(len(samples), chunkFrames-offset)
		c := t.ring.ensure(pos)
		if c == nil || !tr.cover.paint(pos, pos+int64(n), kindAudio) {
			tr.overrun += int64(n)
			tr.cover.paint(pos, pos+int64(n), kindLost)
		} else {
			write(c, channel, offset, samples[:n])
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

// write stores samples of one channel from frame offset on.
func write(c *chunk, channel, offset int, samples []int16) {
	b := c[offset*frameBytes+channel*2:]
	for i, s := range samples {
		binary.LittleEndian.PutUint16(b[i*frameBytes:], uint16(s))
	}
}

// Mark says what [from, to) of a channel is where no audio is placed: "dtx" is
// comfort silence and no gap; "hold", "secure_pause", "suppressed", "withdrawn"
// and "lost" are gaps of that type. A pause refuses audio, and silences what
// still waits in memory. A mark may come late: what was found unplaced is
// retyped. An unknown kind counts as "suppressed".
func (rec *Recording) Mark(channel int, from, to int64, kind string) {
	k, known := parseKind(kind)
	if !known || k == kindUnplaced || k == kindAudio || k == kindAbsent {
		k = kindSuppressed
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.phase == phaseOver || rec.finishing || channel < 0 || channel >= channels {
		return
	}
	rec.mark(channel, max(from, 0), min(to, rec.reach()), k)
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

// fill lays kind k over what nothing covers in [from, to).
func (p *spanSet) fill(from, to int64, k kind) {
	for from < to {
		next := to
		for _, s := range p.spans() {
			if s.to <= from {
				continue
			}
			if s.from <= from {
				from = min(s.to, to)
				continue
			}
			next = min(s.from, to)
			break
		}
		if from < next && !p.paint(from, next, k) {
			return
		}
		from = next
	}
}

// silence wipes what waits in memory in [from, to) of a channel.
func (t *timeline) silence(channel int, from, to int64) {
	to = min(to, (t.ring.first+ringChunks)*chunkFrames)
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

// Advance says that the timeline has reached pos, whether or not audio came.
func (rec *Recording) Advance(pos int64) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.phase != phaseOver && !rec.finishing && pos <= rec.reach() {
		rec.horizon = max(rec.horizon, pos)
	}
}

// Slip says that a channel was moved by samples at pos to follow the other's
// clock: positive left a hole, negative an overlap.
func (rec *Recording) Slip(channel int, pos int64, samples int) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.phase == phaseOver || rec.finishing || channel < 0 || channel >= channels {
		return
	}
	rec.slipped[channel]++
	if len(rec.slips) >= maxSlips {
		return
	}
	s := slip{uint32(max(0, pos)), uint8(channel), int8(max(-128, min(127, samples)))}
	rec.slips = append(rec.slips, s)
	rec.journal = append(rec.journal, slipEntry(s))
}

// Update changes what is known of the recording, such as the station or the
// first sample. The id and the number of channels in the file stay.
func (rec *Recording) Update(change func(*Spec)) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.phase == phaseOver {
		return
	}
	next := rec.spec.clone()
	change(&next)
	next = next.clone()
	next.ID, next.DualChannel = rec.spec.ID, rec.spec.DualChannel
	next.complete()
	rec.spec = next
	rec.journal = append(rec.journal, specEntry(next))
}

// Finish ends the timeline. It returns at once; Done tells when the file is
// sealed. Later calls do nothing.
func (rec *Recording) Finish(end Final) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.phase == phaseOver || rec.finishing {
		return
	}
	if end.Position <= 0 || end.Position > rec.reach() {
		end.Position = rec.horizon
	}
	rec.finishing, rec.final = true, end
	rec.horizon = max(rec.horizon, end.Position)
	if rec.phase == phaseGranted {
		rec.writer.wake()
	}
}

// Done is closed when the result is known: the file sealed, or given up.
func (rec *Recording) Done() <-chan struct{} { return rec.done }

// Result returns what became of the recording; it is complete once Done is closed.
func (rec *Recording) Result() Result {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return rec.result
}

// String names the recording in messages.
func (rec *Recording) String() string { return fmt.Sprintf("recording %s", rec.id) }
