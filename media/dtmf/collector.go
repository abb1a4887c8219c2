package dtmf

import "time"

// DefaultSilence is how long a Collector waits for a lost end: three packets of 20 ms.
const DefaultSilence = 60 * time.Millisecond

// Key is one press of a key.
type Key struct {
	Digit      byte   // 0-9, *, #, A-D
	SSRC       uint32 // of the stream that carried it
	Start, End uint64 // extended RTP time, in units of the event's clock
	Segments   int    // 1, or more for a press that needed several events (RFC 4733 section 2.5.1.3)
}

// Collector puts the packets of telephone events together, and reports each press once, when it is over: at the E bit,
// at the first packet of another event, or after a silence (RFC 4733 section 2.5.2.2). It relies on no marker and on no
// particular packet: any one that arrives is enough.
type Collector struct {
	// set once
	silence time.Duration
	report  func(Key)

	// owned by the caller's goroutine
	pressed bool
	now     press
	heard   time.Time // when the last packet of the current press came
	past    [pastPresses]press
	next    int // the slot of past to overwrite
}

// press is an event under way, or one that was reported.
type press struct {
	known    bool
	ssrc     uint32
	event    uint8
	ended    bool   // by its E bit, so that no segment can follow
	start    uint64 // of the first segment
	segment  uint64 // start of the newest segment
	duration uint64 // of the newest segment
	segments int
}

// pastPresses is how many reported presses are remembered against packets that come late: at ten presses a second, as
// fast as tones allow, nearly a second.
const pastPresses = 8

// NewCollector returns a Collector that calls report, on the caller's goroutine, for each press. A press whose end is
// lost is over after silence without a packet; 0 means DefaultSilence.
func NewCollector(silence time.Duration, report func(Key)) *Collector {
	if silence <= 0 {
		silence = DefaultSilence
	}
	return &Collector{silence: silence, report: report}
}

// Push takes a packet that arrived at now.
func (c *Collector) Push(now time.Time, p Packet) {
	if _, ok := Digit(p.Event); !ok || c.late(p) {
		return
	}
	switch {
	case c.pressed && c.now.holds(p):
		c.now.grow(p)
	case c.pressed && c.now.continues(p):
		c.now.extend(p)
	case c.pressed && c.now.precedes(p):
		c.stray(p)
		return
	default:
		c.finish()
		c.begin(p)
	}
	c.heard = now
	if p.End {
		c.now.ended = true
		c.finish()
	}
}

// Tick reports a press that has been silent for too long. It is cheap, and may be called as often as one likes.
func (c *Collector) Tick(now time.Time) {
	if c.pressed && now.Sub(c.heard) >= c.silence {
		c.finish()
	}
}

// Pressed returns the key that is down at the moment, and false if none is.
func (c *Collector) Pressed() (byte, bool) {
	if !c.pressed {
		return 0, false
	}
	return Digit(c.now.event)
}

// Reset forgets the press under way without reporting it. Packets of it that still come are late, and ignored.
func (c *Collector) Reset() {
	if c.pressed {
		c.remember()
	}
}

func (c *Collector) begin(p Packet) {
	c.pressed = true
	c.now = newPress(p)
}

func (c *Collector) finish() {
	if !c.pressed {
		return
	}
	c.remember()
	c.report(c.now.key())
}

func (c *Collector) remember() {
	c.pressed = false
	c.past[c.next] = c.now
	c.next = (c.next + 1) % len(c.past)
}

// stray reports a press of which nothing but an end arrived, after a newer press had begun. Without its end it can't be
// told from a packet that was corrupted or made up, and is dropped.
func (c *Collector) stray(p Packet) {
	if !p.End {
		return
	}
	current, heard := c.now, c.heard
	c.now = newPress(p)
	c.now.ended = true
	c.finish()
	c.pressed, c.now, c.heard = true, current, heard
}

// late tells whether p belongs to a press that was reported: a repeated end, a packet that was overtaken, or a segment
// that follows a press given up for silent.
func (c *Collector) late(p Packet) bool {
	for i := range c.past {
		old := &c.past[i]
		if !old.known || old.ssrc != p.SSRC || old.event != p.Event {
			continue
		}
		if p.Timestamp >= old.start && p.Timestamp <= old.segment {
			return true
		}
		if old.continues(p) {
			old.extend(p)
			old.ended = p.End
			return true
		}
	}
	return false
}

func newPress(p Packet) press {
	return press{
		known: true, ssrc: p.SSRC, event: p.Event,
		start: p.Timestamp, segment: p.Timestamp, duration: uint64(p.Duration), segments: 1,
	}
}

// holds tells whether p reports a segment of this press that is known.
func (s *press) holds(p Packet) bool {
	return s.ssrc == p.SSRC && s.event == p.Event && p.Timestamp >= s.start && p.Timestamp <= s.segment
}

// grow takes the duration that p tells: they only grow, whatever order they come in.
func (s *press) grow(p Packet) {
	if p.Timestamp == s.segment {
		s.duration = max(s.duration, uint64(p.Duration))
	}
}

// continues tells whether p begins the next segment of this press: the same event, exactly where the longest possible
// segment ends (RFC 4733 section 2.5.1.3). Markers play no part: a sender that sets one on each segment is understood.
func (s *press) continues(p Packet) bool {
	return !s.ended && s.ssrc == p.SSRC && s.event == p.Event && p.Timestamp == s.segment+maxDuration
}

func (s *press) extend(p Packet) {
	s.segment, s.duration = p.Timestamp, uint64(p.Duration)
	s.segments++
}

// precedes tells whether p is of an event that began before this press, in the same stream.
func (s *press) precedes(p Packet) bool {
	return s.ssrc == p.SSRC && p.Timestamp < s.start && s.start-p.Timestamp < reorderHorizon
}

// reorderHorizon is how far back, in RTP time units, an older event is taken for an overtaken one; beyond, the sender
// has set its clock anew. It is one segment: 8 s at 8 kHz.
const reorderHorizon = maxDuration

func (s *press) key() Key {
	digit, _ := Digit(s.event)
	return Key{Digit: digit, SSRC: s.ssrc, Start: s.start, End: s.segment + s.duration, Segments: s.segments}
}
