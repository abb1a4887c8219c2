package media

import "time"

// What a floor follows from, as Floor.Source says it.
const (
	floorKey   = "key"   // the end of the accepted key
	floorAudio = "audio" // the newest audio at the cut
	floorGuard = "guard" // one of the two and a guard
)

// Barrier is the moment from which a recording is permitted, fixed in each stream's own RTP time.
type Barrier struct {
	At     time.Time
	Floors []Floor // one for each stream that was open

	core *core
}

// Floor is the RTP time of a stream below which nothing may be recorded.
type Floor struct {
	Leg       string
	SSRC      uint32 // 0 where no audio had come; a later SSRC is admitted after the guard
	RTPTime   uint64 // extended to 64 bits
	Source    string // key, audio or guard
	Discarded int    // packets dropped from the jitter buffer at the cut
}

// Permit allows a session's audio to be recorded. Only Barrier.Permit and Session.NotRequired give one; the zero value
// permits nothing.
type Permit struct {
	core  *core
	gated bool
}

// Permit returns the permit to record what lies above the barrier's floors. The zero Barrier gives the zero Permit.
func (b Barrier) Permit() Permit { return Permit{core: b.core, gated: true} }

// cut fixes the barrier in all open streams, in one step; later cuts return the same, until it is revoked. key is the accepted key, nil for
// a consent that was asserted or stored.
func (c *core) cut(key *Digit) Barrier {
	if c.barrier != nil {
		return *c.barrier
	}
	b := Barrier{At: c.now, core: c}
	for _, l := range c.legs {
		b.Floors = append(b.Floors, l.cut(key))
	}
	c.barrier = &b
	return b
}

// revoke ends what the barrier permitted and returns, for each open stream, the RTP time from which on nothing of it may
// be recorded: the end of its newest audio. The next cut fixes another barrier.
func (c *core) revoke() Barrier {
	b := Barrier{At: c.now}
	for _, l := range c.legs {
		f := Floor{Leg: l.config.Leg, Source: floorAudio}
		if s := l.speaking(); s != nil {
			f.SSRC, f.RTPTime = s.ssrc, s.end
		}
		b.Floors = append(b.Floors, f)
		l.remember()
	}
	c.barrier = nil
	return b
}

// remember takes all that a stream hears of for witnesses of the time before the next barrier.
func (l *leg) remember() {
	l.before.thaw()
	for i := range l.sources {
		if s := &l.sources[i]; s.audio {
			l.before.add(s.ssrc)
		}
	}
}

// cut fixes the floor of one stream and discards what waits in its jitter buffer.
func (l *leg) cut(key *Digit) Floor {
	f := Floor{Leg: l.config.Leg, Source: floorGuard}
	if s := l.speaking(); s != nil {
		f.SSRC = s.ssrc
		f.RTPTime, f.Source = s.floor(key, l.core.guard)
	}
	f.Discarded = l.discard()
	l.floors.raise(l, f.RTPTime, l.core.at, l.core.guard)
	l.floors.bury(l)
	l.before.freeze()
	return f
}

// floor returns the floor of the source that carries a stream's audio: the later of the end of the key and the end of
// the newest audio, and a guard more where the key's end is not known in this source's time.
func (s *source) floor(key *Digit, guard time.Duration) (uint64, string) {
	margin := uint64(s.rate.ticks(guard))
	switch {
	case key == nil || key.SSRC != s.ssrc || key.ClockHz != int(s.rate) || !s.near(key.End):
		return s.end + margin, floorGuard
	case key.Method != MethodRFC4733 && distance(s.end, key.End+margin) > 0:
		return key.End + margin, floorGuard
	case distance(s.end, key.End) > 0:
		return key.End, floorKey
	}
	return s.end, floorAudio
}

// near tells whether t lies within a second of the newest audio; a key that does not is not believed.
func (s *source) near(t uint64) bool {
	d := distance(s.end, t)
	return d <= int64(s.rate) && d >= -int64(s.rate)
}
