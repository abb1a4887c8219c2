package queue

import (
	"cmp"
	"slices"
)

// dispatch offers free stations to the callers who have waited longest, until no
// caller can get one, and ends those for whom no station is left. The caller holds mu.
func (b *Board) dispatch() {
	for i := 0; i < len(b.waiting); {
		t := b.waiting[i]
		b.serve(t)
		if t.exhausted() {
			t.end() // takes it out of b.waiting
			t.events <- Failed{t.reasons()}
			continue
		}
		i++
	}
}

// serve offers the ticket what its strategy wants of the stations that are free: one
// after the other, or with ring_all every one.
func (b *Board) serve(t *Ticket) {
	if t.cfg.Strategy != RingAll && t.ringing() {
		return
	}
	for {
		p := t.next()
		if p == nil {
			return
		}
		p.offer = b.offer(p.station, p.cfg, t)
		t.queue.lastOffered = p.station.name
		t.events <- Offered{p.offer}
		if t.cfg.Strategy != RingAll {
			return
		}
	}
}

// next returns the place that the strategy takes next of those that are free and
// have not been offered to this caller, or nil.
func (t *Ticket) next() *place {
	start := 0
	if t.cfg.Strategy == RoundRobin {
		start = 1 + slices.IndexFunc(t.places, func(p place) bool { return p.station.name == t.queue.lastOffered })
	}
	var best *place
	for i := range t.places {
		p := &t.places[(start+i)%len(t.places)]
		if p.tried || p.offer != nil || !p.station.free() {
			continue
		}
		if best == nil || t.cfg.Strategy == LongestIdle && p.station.idler(best.station) {
			best = p
		}
	}
	return best
}

// idler reports whether s has been idle for longer than o: fewer calls now, then the
// end of the last one longer ago.
func (s *station) idler(o *station) bool {
	return cmp.Or(cmp.Compare(s.taken, o.taken), s.idleSince.Compare(o.idleSince)) < 0
}
