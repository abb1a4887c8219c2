package media

import (
	"slices"
	"time"

	"assent/media/pcm"
)

// SessionConfig is what a session is made of.
type SessionConfig struct {
	// Guard is consent.guard: how far a floor lies behind what it follows from, where the key's end is not known.
	Guard time.Duration
	// Notify is told what happens. It is called on the driver, in order; it must not block, and must not call back.
	Notify func(Notice)
}

// Session is all media of one call. Its methods may be called from any goroutine, but not from Notify or a Sink. Once
// it is closed they do nothing.
type Session struct {
	// set once
	engine *Engine
	driver *driver

	// owned by the driver
	core    *core
	timer   timer
	streams []*Stream
	report  Report
}

// post runs f on the driver, unless the session has ended.
func (s *Session) post(f func()) bool {
	return s.driver.mail.post(func() { s.do(f) })
}

// call is post, and waits. It is false if f did not run.
func (s *Session) call(f func()) bool {
	ran := false
	return s.driver.call(func() { ran = s.do(f) }) && ran
}

// do runs f on the driver as this session's work.
func (s *Session) do(f func()) bool {
	d := s.driver
	if s.core == nil || s.core.closed {
		return false
	}
	d.current = s
	s.core.set(d.now)
	f()
	if !s.core.closed {
		d.schedule(s)
	}
	d.current = nil
	return true
}

// Open opens a stream on a pair of ports of its own. Its errors wrap ErrNoPorts or ErrClosed.
func (s *Session) Open(config StreamConfig) (*Stream, error) {
	at, err := s.engine.openPorts()
	if err != nil {
		return nil, err
	}
	st := &Stream{session: s, sockets: at, local: addressOf(s.engine, at, config.Peer)}
	ran := s.call(func() {
		if err = s.driver.attach(at); err != nil {
			return
		}
		st.leg = s.core.open(config, st)
		at.session, at.leg = s, st.leg
		s.streams = append(s.streams, st)
	})
	if !ran {
		err = ErrClosed
	}
	if err != nil {
		for _, socket := range at.pair {
			socket.close()
		}
		s.engine.ports.give(at.number, time.Now())
		return nil, err
	}
	return st, nil
}

// Bridge sends each of the two streams what the other one hears, at once. A stream with something to play hears that
// instead. Another bridge of the session ends.
func (s *Session) Bridge(a, b *Stream) {
	s.post(func() {
		if a.of(s) && b.of(s) {
			s.core.bridge(a.leg, b.leg)
		}
	})
}

// Unbridge parts the two streams.
func (s *Session) Unbridge() {
	s.post(func() { s.core.unbridge() })
}

// Cut fixes the barrier: for each open stream the RTP time below which nothing is ever recorded. key is the key that
// the consent was given by, nil for a consent that was stored or asserted. The first call decides, later ones return
// the same until Revoke. It waits for the driver; after Close it returns the zero Barrier.
func (s *Session) Cut(key *Digit) (b Barrier) {
	if key != nil {
		copied := *key
		key = &copied
	}
	s.call(func() { b = s.core.cut(key) })
	return b
}

// Revoke ends what the barrier permitted, as when consent is withdrawn, and returns for each open stream the RTP time from
// which on nothing may be recorded; it permits nothing. Taps are for the caller to close or pause. The next Cut fixes
// another barrier. It waits for the driver; after Close it returns the zero Barrier.
func (s *Session) Revoke() (b Barrier) {
	s.call(func() { b = s.core.revoke() })
	return b
}

// NotRequired returns the permit of a trunk whose recording.consent is not_required.
func (s *Session) NotRequired() (p Permit) {
	s.call(func() { p = Permit{core: s.core} })
	return p
}

// Tap connects a recorder to two streams, left the external party and right the internal one, which may be nil and
// follow by Tap.Replace. It is the one place in the program that does so. Without a permit of this session nothing is
// ever placed. The sink gets samples at rateHz, one of pcm.Rates, whatever the streams have.
func (s *Session) Tap(p Permit, left, right *Stream, rateHz int, sink Sink) *Tap {
	t := &Tap{session: s, sink: sink, rateHz: rateHz, gated: p.gated, closed: true}
	s.post(func() {
		if !s.permits(p, left, right, sink) || !slices.Contains(pcm.Rates, rateHz) {
			s.driver.log.Error("recording refused: no permit for these streams")
			return
		}
		t.closed = false
		s.core.tap(t, left.leg, right.at())
	})
	return t
}

// permits tells whether a tap may be: the permit and the streams are of this session.
func (s *Session) permits(p Permit, left, right *Stream, sink Sink) bool {
	return p.core != nil && p.core == s.core && left.of(s) && (right == nil || right.of(s)) && sink != nil
}

// Close ends the taps and streams, gives their ports back, and returns the final figures. It waits for the driver.
func (s *Session) Close() (r Report) {
	s.driver.call(func() {
		if s.core != nil {
			r = s.driver.end(s)
		}
	})
	return r
}

// Pause keeps audio out of the recording from now on, and marks the gap with kind: "hold", "secure_pause",
// "suppressed" or "withdrawn". A pause of another kind may follow at once.
func (t *Tap) Pause(kind string) {
	t.session.post(func() { t.suspend(kind) })
}

// Resume ends a pause. What was received until then stays out, as at the barrier.
func (t *Tap) Resume() {
	t.session.post(t.resume)
}

// End returns where the audio that was taken so far ends, in samples of the recording; it waits for the driver.
func (t *Tap) End() (end int64) {
	if !t.session.call(func() { end = t.end() }) {
		t.session.driver.call(func() { end = t.reached })
	}
	return end
}

// Replace puts another stream on the right channel, as after a transfer; nil leaves it empty.
func (t *Tap) Replace(right *Stream) {
	t.session.post(func() {
		if right == nil || right.of(t.session) {
			t.replace(right.at())
		}
	})
}

// Close ends the tap: the sink is not called after it. It returns the recording's length in samples and waits for the
// driver.
func (t *Tap) Close() (length int64) {
	if !t.session.call(func() { length = t.close() }) {
		t.session.driver.call(func() { length = t.reached }) // the session ended first, and closed the tap
	}
	return length
}
