package registrar

import (
	"slices"
	"time"
)

// Register takes a REGISTER (RFC 3261 section 10.3), whole or not at all.
func (r *Registrar) Register(q Request) Answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.station(q.Station)
	if !s.admit(r.deps.Now()) {
		return Answer{Status: 503, RetryAfter: time.Second}
	}
	r.expire(s)
	reachable := len(s.bindings) > 0
	next, a := r.change(s, q)
	if a.Status != 200 {
		return a
	}
	gone := s.bindings
	for _, old := range s.bindings {
		if !slices.ContainsFunc(next, func(b Binding) bool { return b.Contact == old.Contact }) {
			r.drop(old)
		}
	}
	s.bindings = next
	r.unflow(gone)
	for _, b := range next {
		r.flow(b)
		if b.CallID == q.CallID && b.CSeq == q.CSeq {
			r.save(b)
		}
	}
	if now := len(next) > 0; now != reachable && r.deps.Changed != nil {
		r.deps.Changed(q.Station, now)
	}
	a.Bindings = slices.Clone(next)
	return a
}

// change returns the bindings as the request wants them. A status other than 200 leaves all as it was.
func (r *Registrar) change(s *station, q Request) ([]Binding, Answer) {
	if q.All {
		return r.clear(s, q)
	}
	next := slices.Clone(s.bindings)
	for _, c := range q.Contacts {
		life, ok := r.life(c, q.Expires)
		if !ok {
			return nil, Answer{Status: 423, MinExpires: r.cfg.MinExpires}
		}
		i := slices.IndexFunc(next, func(b Binding) bool { return b.Contact == c.URI })
		if i >= 0 && old(next[i], q) {
			return nil, Answer{Status: 500} // out of order (section 10.3, step 7)
		}
		since := r.deps.Now()
		if i >= 0 {
			since = next[i].Since
			next = slices.Delete(next, i, i+1)
		}
		if life > 0 {
			next = slices.Insert(next, 0, r.binding(q, c, since, life))
		}
	}
	next = sameFlow(next, q)
	if len(next) > r.cfg.Contacts {
		return nil, Answer{Status: 403}
	}
	return next, Answer{Status: 200}
}

// sameFlow leaves out older bindings of a flow that the request binds anew: a phone that restarted has a new contact
// on its old address, and can't be in both.
func sameFlow(list []Binding, q Request) []Binding {
	ours := func(b Binding) bool { return b.CallID == q.CallID && b.CSeq == q.CSeq }
	if len(q.Path) > 0 || !slices.ContainsFunc(list, ours) {
		return list // behind a proxy, many share its address
	}
	return slices.DeleteFunc(list, func(b Binding) bool { return b.Source == q.Source && len(b.Path) == 0 && !ours(b) })
}

// clear removes all bindings: "Contact: *" with "Expires: 0" and nothing else (section 10.2.2).
func (r *Registrar) clear(s *station, q Request) ([]Binding, Answer) {
	if len(q.Contacts) > 0 || q.Expires != 0 {
		return nil, Answer{Status: 400}
	}
	if slices.ContainsFunc(s.bindings, func(b Binding) bool { return old(b, q) }) {
		return nil, Answer{Status: 500}
	}
	return nil, Answer{Status: 200}
}

// old reports whether a request came out of order: in one Call-ID, CSeq must rise (section 10.2.4).
func old(b Binding, q Request) bool { return b.CallID == q.CallID && q.CSeq <= b.CSeq }

// life is how long a contact is bound: 0 ends it. It fails for less than the least.
func (r *Registrar) life(c Contact, header int) (time.Duration, bool) {
	seconds := c.Expires
	if seconds < 0 {
		seconds = header
	}
	switch {
	case seconds < 0:
		return min(defaultExpires, r.cfg.MaxExpires), true
	case seconds == 0:
		return 0, true
	case seconds > int(r.cfg.MaxExpires/time.Second):
		return r.cfg.MaxExpires, true
	}
	life := time.Duration(seconds) * time.Second
	return life, life >= r.cfg.MinExpires
}

func (r *Registrar) binding(q Request, c Contact, since time.Time, life time.Duration) Binding {
	return Binding{Station: q.Station, Contact: c.URI, Path: slices.Clone(q.Path), Source: q.Source, Local: q.Local,
		Transport: q.Transport, CallID: q.CallID, CSeq: q.CSeq, UserAgent: q.UserAgent, Expires: r.deps.Now().Add(life), Since: since}
}

// admit takes a REGISTER within the station's rate.
func (s *station) admit(now time.Time) bool {
	if passed := now.Sub(s.filled); passed > 0 {
		s.tokens = min(burst, s.tokens+passed.Seconds()*perSecond)
		s.filled = now
	}
	if s.tokens < 1 {
		return false
	}
	s.tokens--
	return true
}
