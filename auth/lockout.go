package auth

import (
	"net/netip"
	"time"
)

const (
	// maxFailures may come at once from one source; one is forgiven each forgive.
	maxFailures = 10
	forgive     = 10 * time.Second
	// lockTime is how long a source that guesses hears nothing.
	lockTime = 5 * time.Minute
	// maxSources bounds the sources that are remembered.
	maxSources = 1 << 14
)

// lockout counts wrong proofs by source: an IPv4 address, or a /64 of IPv6, which one guesser has to itself.
type lockout struct {
	sources map[netip.Prefix]*failures
}

type failures struct {
	level float64   // wrong proofs that are not forgiven yet
	at    time.Time // when level was true
	until time.Time // locked so long
}

func newLockout() *lockout { return &lockout{sources: make(map[netip.Prefix]*failures)} }

func sourceOf(src netip.Addr) netip.Prefix {
	src = src.Unmap().WithZone("")
	bits := 64
	if src.Is4() {
		bits = 32
	}
	p, _ := src.Prefix(bits) // bits fit the family
	return p
}

// locked reports whether the source is to hear nothing.
func (l *lockout) locked(src netip.Addr, now time.Time) bool {
	f := l.sources[sourceOf(src)]
	return f != nil && now.Before(f.until)
}

// fail counts a wrong proof and reports whether it locks the source.
func (l *lockout) fail(src netip.Addr, now time.Time) bool {
	key := sourceOf(src)
	f := l.sources[key]
	if f == nil {
		l.makeRoom(now)
		f = &failures{at: now}
		l.sources[key] = f
	}
	f.level = max(0, f.level-now.Sub(f.at).Seconds()/forgive.Seconds()) + 1
	f.at = now
	if f.level <= maxFailures {
		return false
	}
	f.until, f.level = now.Add(lockTime), 0
	return true
}

// makeRoom forgets sources that nothing is held against any more, and where that frees less than a quarter, others
// with them: who has that many addresses is not held by this table anyway.
func (l *lockout) makeRoom(now time.Time) {
	if len(l.sources) < maxSources {
		return
	}
	for key, f := range l.sources {
		if now.After(f.until) && now.Sub(f.at) > maxFailures*forgive {
			delete(l.sources, key)
		}
	}
	for key := range l.sources {
		if len(l.sources) <= maxSources*3/4 {
			return
		}
		delete(l.sources, key)
	}
}
