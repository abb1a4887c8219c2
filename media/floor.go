package media

import (
	"math"
	"time"
)

// never is the floor of a source from which nothing is admitted any more.
const never = math.MaxUint64

// floors holds, for each source of a stream, the RTP time below which nothing is admitted. It is set at one moment: the
// barrier, a tap's start, the end of a pause. What was heard until then has a floor of its own; what is heard for the
// first time after it is admitted from the moment plus a guard on, in the RTP time that belongs to it. The zero value
// admits everything.
type floors struct {
	set   bool
	at    time.Duration // the moment, in the session's time
	guard time.Duration
	entry [maxSources]floor
}

// floor is the floor of one generation of a source.
type floor struct {
	generation uint32
	from       uint64
	young      bool // first heard after the moment
}

// higher returns the higher of two floors, of which never is the highest.
func higher(a, b uint64) uint64 {
	if a == never || b == never {
		return never
	}
	return later(a, b)
}

// raise sets the floors of all that l has heard: from for the source that carries its audio now, the end of their audio
// and the guard for the others.
func (f *floors) raise(l *leg, from uint64, at, guard time.Duration) {
	*f = floors{set: true, at: at, guard: guard}
	for i := range l.sources {
		if s := &l.sources[i]; s.audio {
			f.entry[i] = floor{generation: s.generation, from: s.end + uint64(s.rate.ticks(guard))}
		}
	}
	if s := l.speaking(); s != nil {
		f.entry[s.slot].from = from
	}
}

// bury admits nothing any more from the sources that l heard before the present one.
func (f *floors) bury(l *leg) {
	for i := range f.entry {
		if i != l.audio {
			f.entry[i].from = never
		}
	}
}

// admit returns the RTP time from which audio of s is admitted, seen from a packet at ts that arrives now.
//
// A new source, or a leap of the timestamp, is admitted only after the guard: from the RTP time at which, by this
// packet, the guard is over, and never from before this packet. A packet that was less delayed raises the floor.
func (f *floors) admit(s *source, ts uint64, jump bool, now time.Duration) uint64 {
	if !f.set {
		return 0
	}
	e := &f.entry[s.slot]
	if s.returned {
		return never
	}
	if e.generation != s.generation {
		*e = floor{generation: s.generation, from: ts, young: true}
	}
	if e.from == never {
		return never
	}
	if jump {
		e.from = later(e.from, ts)
	}
	if jump || e.young {
		e.from = later(e.from, ts+uint64(s.rate.ticks(f.at+f.guard-now)))
	}
	return e.from
}

// known returns the floor of s as far as packets have shown it; 0 if there is none.
func (f *floors) known(s *source) uint64 {
	if e := &f.entry[s.slot]; f.set && e.generation == s.generation {
		return e.from
	}
	return 0
}
