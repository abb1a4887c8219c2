package resolver

import (
	"context"
	"time"

	"github.com/miekg/dns"
)

// question is a name, canonical, and the type of its records.
type question struct {
	name string
	kind uint16
}

// answer is what is known of a question. It does not change once ready is closed.
type answer struct {
	ready   chan struct{}
	records []dns.RR
	err     error
	until   time.Time // when it has to be asked again
	good    time.Time // until when its records may be used while no server answers
}

// look returns the records of a question, from the cache or from a server; look-ups of the same question at the same
// time ask once. The records are shared and not changed.
func (r *Resolver) look(ctx context.Context, q question) ([]dns.RR, error) {
	a := r.entry(q)
	select {
	case <-a.ready:
		return a.records, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// entry returns the answer that holds, or one that is on its way.
func (r *Resolver) entry(q question) *answer {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.cache[q]
	if before != nil && (!before.isReady() || r.now().Before(before.until)) {
		return before
	}
	a := &answer{ready: make(chan struct{})}
	if r.closed {
		a.err = ErrClosed
		close(a.ready)
		return a
	}
	r.makeRoom()
	r.cache[q] = a
	r.asking.Add(1)
	go func() { // ends with the servers' timeouts
		defer r.asking.Done()
		defer close(a.ready)
		r.ask(q, a, before)
	}()
	return a
}

func (a *answer) isReady() bool {
	select {
	case <-a.ready:
		return true
	default:
		return false
	}
}

// makeRoom keeps the cache within its bound; mu is held. What has run out goes first, then whatever comes.
func (r *Resolver) makeRoom() {
	if len(r.cache) < maxNames {
		return
	}
	now := r.now()
	for q, a := range r.cache {
		if a.isReady() && now.After(a.until) {
			delete(r.cache, q)
		}
	}
	for q := range r.cache {
		if len(r.cache) < maxNames {
			return
		}
		delete(r.cache, q)
	}
}

// ask fills a from the servers; before is the answer that ran out, or nil.
func (r *Resolver) ask(q question, a, before *answer) {
	msg, err := r.exchange(q)
	now := r.now()
	switch {
	case err == nil && msg.Rcode == dns.RcodeSuccess && fill(a, q, msg):
		a.until = now.Add(ttlOf(a.records))
		a.good = a.until.Add(staleFor)
	case r.fillBySystem(q, a):
		a.until = now.Add(systemTTL)
		a.good = a.until.Add(staleFor)
	case err == nil: // no such name, or none of this type (RFC 2308)
		a.until = now.Add(negative(msg))
	case before != nil && len(before.records) > 0 && now.Before(before.good):
		a.records, a.good, a.until = before.records, before.good, now.Add(failedTTL)
	default:
		a.err, a.until = err, now.Add(failedTTL)
	}
}

func (r *Resolver) fillBySystem(q question, a *answer) bool {
	a.records = r.bySystem(q)
	return len(a.records) > 0
}

// fill takes the records of the asked type that belong to the name, or to what its aliases lead to.
func fill(a *answer, q question, msg *dns.Msg) bool {
	owner := q.name
	for _, rr := range msg.Answer { // aliases come in their order (RFC 1034 section 4.3.2)
		if alias, ok := rr.(*dns.CNAME); ok && dns.CanonicalName(alias.Hdr.Name) == owner {
			owner = dns.CanonicalName(alias.Target)
		}
	}
	for _, rr := range msg.Answer {
		h := rr.Header()
		if h.Rrtype == q.kind && h.Class == dns.ClassINET && dns.CanonicalName(h.Name) == owner && len(a.records) < maxRecords {
			a.records = append(a.records, rr)
		}
	}
	return len(a.records) > 0
}

// ttlOf is how long records hold: as long as the first of them that runs out.
func ttlOf(list []dns.RR) time.Duration {
	ttl := maxTTL
	for _, rr := range list {
		ttl = min(ttl, time.Duration(rr.Header().Ttl)*time.Second)
	}
	return max(ttl, minTTL)
}

// negative is how long it holds that something does not exist (RFC 2308 section 5).
func negative(msg *dns.Msg) time.Duration {
	for _, rr := range msg.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			ttl := time.Duration(min(soa.Hdr.Ttl, soa.Minttl)) * time.Second
			return min(max(ttl, minTTL), maxNegative)
		}
	}
	return negativeTTL
}
