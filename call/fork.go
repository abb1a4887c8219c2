package call

import (
	"assent/media"
	"assent/registrar"
	"assent/sip"
	"assent/trunk"
)

// fork is one station that is rung at every place where it is registered. The
// first to answer gets the call; it fails when all of them have.
type fork struct {
	branches []*attempt
}

// ringBindings rings a station at each of its bindings, by the flow that the
// station registered with; at none where it is not registered.
func (c *Call) ringBindings(a *attempt, bindings []registrar.Binding, replaces *sip.Replaces) *attempt {
	if len(bindings) == 0 {
		c.failed(a, outcomeFailure)
		return a
	}
	f := &fork{branches: []*attempt{a}}
	for range bindings[1:] {
		branch := *a
		f.branches = append(f.branches, &branch)
	}
	for _, branch := range f.branches { // first: one may fail before the next is rung
		branch.fork = f
	}
	for i, b := range bindings {
		nat := sip.HostAddr(b.Contact) != b.Source.Addr() // only the first packet tells where its audio comes from then
		c.ring(f.branches[i], sip.DialSpec{Target: b.Contact, Flow: flowOf(b), Timeout: a.offer.Ring(), Replaces: replaces,
			Terms: stationTerms(c.rules.Stations[a.station])},
			media.StreamConfig{Leg: a.name, DTMF: trunk.DTMFAuto, Peer: b.Source.Addr(), Learn: nat})
	}
	return a
}

// flowOf is how a registered phone is reached.
func flowOf(b registrar.Binding) sip.Flow {
	return sip.Flow{Remote: b.Source, Local: b.Local, Transport: b.Transport, Route: b.Path}
}

// vain tells whether nothing is left of an attempt that could be answered.
func (a *attempt) vain() bool {
	if a.fork == nil {
		return a.outcome != ""
	}
	for _, b := range a.fork.branches {
		if b.outcome == "" {
			return false
		}
	}
	return true
}

// result is why an attempt was in vain: of several reasons the one that tells
// most of the station.
func (a *attempt) result() string {
	if a.fork == nil {
		return a.outcome
	}
	for _, telling := range []string{outcomeBusy, outcomeNoAnswer} {
		for _, b := range a.fork.branches {
			if b.outcome == telling {
				return telling
			}
		}
	}
	return outcomeFailure
}
