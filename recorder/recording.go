package recorder

import (
	"fmt"
	"sync"
	"time"
)

// phase is where a recording stands.
type phase uint8

const (
	phaseWaiting phase = iota // the ledger has not answered; memory only
	phaseGranted              // may be written
	phaseOver                 // nothing is accepted any more
)

// Recording is one timeline on its way to a file. Its methods are safe for
// concurrent use and never wait for the disk.
type Recording struct {
	// set once
	id     string
	opened time.Time
	ready  <-chan error
	done   chan struct{}
	writer *writer
	turn   int  // of the syncer's
	share  int  // of the writer's, once it has the recording
	handed bool // the writer's: a sealer has it

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

// ID returns the recording's id.
func (rec *Recording) ID() string { return rec.id }

// RateHz is the rate of the samples that Place takes, and of all positions.
func (rec *Recording) RateHz() int { return rec.layout.rateHz }

// KeepsG711 reports whether samples are stored as G.711. Those of a µ-law stream
// must then be told apart where the law has two bytes for one value.
func (rec *Recording) KeepsG711() bool { return rec.layout.codec != codecPCM }

// Place copies samples, linear PCM at the recording's rate, to position pos of a channel (0 external,
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

// Mark says what [from, to) of a channel is where no audio is placed: "dtx" is
// comfort silence and no gap; "dtmf" is a key, silenced, and no gap; "hold", "secure_pause", "suppressed", "withdrawn"
// and "lost" are gaps of that type. A pause refuses audio, and silences what
// still waits in memory. A mark may come late: what was found unplaced is
// retyped. An unknown kind counts as "suppressed".
func (rec *Recording) Mark(channel int, from, to int64, kind string) {
	k, known := parseKind(kind)
	if !known || k == kindUnplaced || k == kindAudio {
		k = kindSuppressed
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.phase == phaseOver || rec.finishing || channel < 0 || channel >= channels {
		return
	}
	rec.mark(channel, max(from, 0), min(to, rec.reach()), k)
}

// Advance says that the timeline has reached pos, whether or not audio came, and
// that what came until then was placed.
func (rec *Recording) Advance(pos int64) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.phase != phaseOver && !rec.finishing && pos <= rec.reach() {
		rec.horizon, rec.told = max(rec.horizon, pos), max(rec.told, pos)
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
// first sample. The id, the call, the start and the format stay.
func (rec *Recording) Update(change func(*Spec)) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.phase == phaseOver {
		return
	}
	next := rec.spec.clone()
	change(&next)
	next = next.clone()
	next.fix(rec.spec)
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
		rec.writer.hurry(rec)
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
