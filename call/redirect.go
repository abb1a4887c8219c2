package call

import (
	"slices"

	"go.uber.org/zap"

	"assent/gateway"
	"assent/sip"
	"assent/terms"
	"assent/trunk"
)

// maxRedirects bounds how often one attempt is sent elsewhere.
const maxRedirects = 5

// redirect is what a far party's 3xx may lead to, and has led to.
type redirect struct {
	rule     string        // a word of package terms
	seat     *trunk.Seat   // of a far party by a trunk; nil for a station
	contacts []sip.Contact // of the 3xx that ends the dialog
	hops     int
	visited  []string
}

// redirected dials an attempt anew where its 3xx leads and the rule lets it. The
// attempt stays the same: its place in the queue, its media, its offer.
func (c *Call) redirected(a *attempt) bool {
	r := &a.redirect
	contacts := r.contacts
	r.contacts = nil
	if len(contacts) == 0 || a.outcome != "" || c.settling || r.hops >= maxRedirects {
		return false
	}
	r.visited = append(r.visited, a.spec.Target)
	for _, to := range contacts {
		spec, ok := c.diverted(a, to)
		if !ok || slices.Contains(r.visited, spec.Target) {
			c.log.Info("redirection not followed", zap.String("station", a.station), zap.String("rule", r.rule))
			continue
		}
		r.hops++
		if err := c.dial(a, spec); err != nil {
			c.log.Warn("redirection can't be dialled", zap.Error(err))
			continue
		}
		return true
	}
	return false
}

// diverted is how an attempt is dialled where a 3xx leads, if its rule lets it.
func (c *Call) diverted(a *attempt, to sip.Contact) (spec sip.DialSpec, ok bool) {
	spec = a.spec
	if seat := a.redirect.seat; seat != nil {
		spec.Target = to.URI
		return spec, a.redirect.rule == terms.Any || a.redirect.rule == terms.Known && ofTrunk(seat, to.URI)
	}
	t, ok := c.resolve(a.redirect.rule, to.User, to.URI)
	switch {
	case !ok:
		return spec, false
	case t.station != "":
		return c.divertedToStation(spec, a, t.station)
	}
	return c.divertedToNumber(spec, a, t.number)
}

// ofTrunk tells whether a URI's address is one of the trunk's sources or gateways.
func ofTrunk(seat *trunk.Seat, uri string) bool {
	addr, ok := sip.TargetAddr(uri)
	if !ok {
		return false
	}
	return seat.Allows(addr) || slices.ContainsFunc(seat.Config().Gateways, func(g gateway.Config) bool {
		return sip.HostAddr(g.Address) == addr.Addr()
	})
}

// divertedToStation sends an attempt to another station, where it registered last if it registers.
func (c *Call) divertedToStation(spec sip.DialSpec, a *attempt, name string) (sip.DialSpec, bool) {
	s := c.rules.Stations[name]
	spec.Target, spec.Flow, spec.Terms = s.Address, sip.Flow{}, stationTerms(s)
	if s.Register.Given() {
		bindings := c.deps.Stations.Where(name)
		if len(bindings) == 0 {
			return spec, false
		}
		spec.Target, spec.Flow = bindings[0].Contact, flowOf(bindings[0])
	}
	a.station = name
	return spec, true
}

// divertedToNumber sends an attempt to the first gateway of the call's own trunk.
func (c *Call) divertedToNumber(spec sip.DialSpec, a *attempt, number string) (sip.DialSpec, bool) {
	seat, refusal := c.rules.Trunks.Outbound(c.trunkName, c.deps.Now())
	if refusal != nil {
		return spec, false
	}
	c.lent = append(c.lent, seat)
	gateways := c.deps.Gateways.Order(seat.Trunk(), seat.Config().Gateways)
	if len(gateways) == 0 {
		return spec, false
	}
	if err := c.openTicket("trunk "+seat.Trunk(), number, seat.Config().Outbound); err != nil {
		return spec, false
	}
	target, err := sip.WithUser(gateways[0].Address, seat.Config().Numbering.Out.Apply(number))
	a.station = ""
	a.redirect.rule, a.redirect.seat = seat.Config().Redirect, seat
	spec.Target, spec.Flow, spec.Terms, spec.Allow, spec.Timeout = target, sip.Flow{}, trunkTerms(seat.Config()), seat.Allows, ringTimeout
	spec.Credentials, spec.Identity = seat.Config().Shown(), c.sign(seat, number)
	return spec, err == nil
}
