package call

import (
	"cmp"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"assent/media"
	"assent/media/sdp"
	"assent/queue"
	"assent/sip"
	"assent/trunk"
)

// attempt is one far party being rung, and then talked to.
type attempt struct {
	party
	station  string       // "" for a number outside
	offer    *queue.Offer // nil for a number outside
	fork     *fork        // of a station that is rung at several places; nil: at one
	srtp     string       // whether its media is encrypted, as its configuration says
	outcome  string       // why it failed; "" while it rings or talks
	end      sip.Ended    // how its dialog ended, if it has
	spec     sip.DialSpec // how it was dialled last
	refer    string       // whom it may transfer the caller to: a word of package terms
	redirect redirect
}

// ringStation rings a station of the queue or of the flow's choice. What can't
// even be dialled fails as an attempt like any other.
func (c *Call) ringStation(offer *queue.Offer) *attempt { return c.ringStationFor(offer, nil) }

// ringStationFor does so in place of a dialog that the station has with somebody
// else (RFC 3891).
func (c *Call) ringStationFor(offer *queue.Offer, replaces *sip.Replaces) *attempt {
	station := c.rules.Stations[offer.Station()]
	a := &attempt{party: party{name: c.farName()}, station: offer.Station(), offer: offer, srtp: station.SRTP}
	a.refer, a.redirect.rule = station.Refer, station.Redirect
	if station.Register.Given() {
		return c.ringBindings(a, c.deps.Stations.Where(a.station), replaces)
	}
	c.ring(a, sip.DialSpec{
		Target: offer.Address(), Timeout: offer.Ring(), Replaces: replaces, Terms: stationTerms(station),
	}, media.StreamConfig{Leg: a.name, DTMF: trunk.DTMFAuto, Peer: sip.HostAddr(offer.Address())})
	return a
}

// ringGateway calls a number through a gateway of the trunk that the seat is in.
func (c *Call) ringGateway(gateway, number string, seat *trunk.Seat) *attempt {
	a := &attempt{party: party{name: c.farName()}, srtp: seat.Config().SRTP, refer: seat.Config().Refer}
	a.redirect = redirect{rule: seat.Config().Redirect, seat: seat}
	c.last = a
	target, err := sip.WithUser(gateway, seat.Config().Numbering.Out.Apply(number))
	if err != nil {
		c.log.Error("gateway is no SIP address", zap.String("to_trunk", seat.Trunk()), zap.Error(err))
		c.failed(a, outcomeFailure)
		return a
	}
	c.ring(a, sip.DialSpec{Target: target, Timeout: ringTimeout, Terms: trunkTerms(seat.Config()), Allow: seat.Allows, Credentials: seat.Config().Shown(),
		Identity: c.sign(seat, number)}, streamOf(a.name, seat.Config(), sip.HostAddr(gateway)))
	return a
}

// streamOf is how media with a trunk is received.
func streamOf(leg string, t trunk.Config, peer netip.Addr) media.StreamConfig {
	return media.StreamConfig{Leg: leg, Peer: peer, Learn: t.RTPSource == trunk.RTPSourceLearn, DTMF: t.DTMF, Timeout: t.RTPTimeout}
}

// ring opens media for the far party and dials it with a dialog of our own;
// of the caller's signalling only the identity and the hop count pass.
func (c *Call) ring(a *attempt, spec sip.DialSpec, ports media.StreamConfig) {
	stream, err := c.session.Open(ports)
	if err != nil {
		c.log.Error("no media for the far party", zap.Error(err))
		c.failed(a, outcomeFailure)
		return
	}
	a.stream = stream
	a.local = c.localSDP(stream, c.preferred(), a.srtp)
	spec.From, spec.Asserted = c.identity()
	spec.MaxForwards = c.invite.MaxForwards - 1 // RFC 7332: one loop breaker across both legs
	spec.Offer = a.local.Offer(sdp.SendRecv)
	if err := c.dial(a, spec); err != nil {
		c.log.Warn("station can't be dialled", zap.String("station", a.station), zap.Error(err))
		c.failed(a, outcomeFailure)
		return
	}
	c.ringing = append(c.ringing, a)
}

// dial begins a dialog with the far party.
func (c *Call) dial(a *attempt, spec sip.DialSpec) error {
	leg, err := c.deps.Dialer.Dial(spec, func(e sip.Event) {
		c.postSIP(e, func(e sip.Event) { c.onFarParty(a, e) })
	})
	if err != nil {
		return err
	}
	a.leg, a.spec, a.ended = leg, spec, false
	c.deps.Ladder.Join(c.id, cmp.Or(a.station, a.name), leg.CallID())
	return nil
}

// preferred puts the caller's codec first, so that packets can pass untouched.
func (c *Call) preferred() []string {
	var list []string
	if name := c.caller.agreed.Codec.Name; name != "" {
		list = append(list, name)
	}
	for _, name := range c.rules.Codecs {
		if len(list) == 0 || name != list[0] {
			list = append(list, name)
		}
	}
	return list
}

// identity is who calls, for the far party to see; a withheld number stays so.
func (c *Call) identity() (from sip.Party, asserted *sip.Party) {
	if c.placed != nil {
		return c.stationIdentity()
	}
	from = sip.Party{User: c.from(), Display: c.invite.From.Display}
	if c.anonymous() {
		return sip.Party{User: anonymous, Display: "Anonymous"}, nil
	}
	if c.invite.Asserted == nil && !c.trunk.TrustCaller {
		return from, nil // nobody vouches for it (RFC 3325 section 5)
	}
	return from, &from
}

// stationIdentity is the station that calls: its own number as the trunk writes numbers, and withheld where the station
// asks for that. What else its phone says of itself stays here.
func (c *Call) stationIdentity() (from sip.Party, asserted *sip.Party) {
	if withheld(c.invite.Privacy) || nameless(c.invite.From) {
		return sip.Party{User: anonymous, Display: "Anonymous"}, nil
	}
	from = sip.Party{User: c.trunk.Numbering.Out.Apply(c.from())}
	return from, &from
}

// onFarParty handles what a far party's dialog says.
func (c *Call) onFarParty(a *attempt, e sip.Event) {
	switch e := e.(type) {
	case sip.Ringing:
		c.ringBack()
	case sip.Progress:
		c.progress(a, e.SDP)
	case sip.Answered:
		c.farPartyAnswered(a, e.SDP)
	case sip.Confirmed:
		c.confirm(&a.party, e.SDP)
	case sip.Reoffer:
		c.reoffer(&a.party, e)
	case sip.Refresh:
		c.refresh(&a.party)
	case sip.Reanswered:
		c.reanswered(&a.party, e.SDP)
	case sip.Info:
		c.onInfo(&a.party, e)
	case sip.Refer:
		c.referred(a, e)
	case sip.Redirected:
		a.redirect.contacts = e.Contacts
	case sip.Ended:
		a.ended = true
		if c.redirected(a) {
			return
		}
		if c.moving != nil && c.moving.from == a && !c.settling {
			return // who transfers may leave before the other one answers
		}
		if c.agent == a {
			c.endBy(c.farWord(), e, ErrAgentLeft)
			return
		}
		a.end = e
		c.failed(a, outcomeOf(e))
	}
}

// ringBack lets a station that waits for an answer hear that it rings there. A caller who came by a trunk hears the flow.
func (c *Call) ringBack() {
	if c.placed != nil && !c.caller.answered {
		c.caller.leg.Ring()
	}
}

// farPartyAnswered takes the first station that answers with usable media; a
// second one of ring_all is hung up again.
func (c *Call) farPartyAnswered(a *attempt, answer []byte) {
	a.answered = true
	if c.agent != nil && !c.movingTo(a) || a.outcome != "" || c.settling {
		c.drop(a, elsewhere)
		return
	}
	agreed, err := a.final(answer)
	if err != nil {
		c.log.Warn("station's answer not usable", zap.String("station", a.station), zap.Error(err))
		c.drop(a, causeOf(err))
		c.failed(a, outcomeFailure)
		return
	}
	if a.offer != nil {
		if !a.offer.Answered() { // max_wait was over a moment ago
			c.drop(a, unanswered)
			c.failed(a, outcomeNoAnswer)
			return
		}
	}
	a.agreed = agreed
	a.stream.Apply(agreed)
	c.agent = a
}

// final is what the answer to our offer comes to. Without one, what was agreed
// while it rang stands (RFC 3262 section 5).
func (a *attempt) final(answer []byte) (sdp.Agreement, error) {
	if answer == nil && a.agreed.Codec.Name != "" {
		return a.agreed, nil
	}
	return accept(answer, a.local)
}

// outcomeOf names why a far party did not answer (RFC 3261 section 21).
func outcomeOf(e sip.Ended) string {
	switch e.Status {
	case 486, 600:
		return outcomeBusy
	case 408, 480, 487:
		return outcomeNoAnswer
	}
	return outcomeFailure
}

// failed frees what an attempt held and tells the queue, which offers the next.
func (c *Call) failed(a *attempt, outcome string) {
	if a.outcome != "" {
		return
	}
	a.outcome = outcome
	c.earlyOver(a)
	if a.stream != nil {
		a.stream.Close()
	}
	if a.vain() && a.offer != nil {
		a.offer.Failed(a.result())
	}
	c.log.Info("station did not answer", zap.String("station", a.station), zap.String("reason", outcome), zap.Int("sip", a.end.Status))
}

// drop hangs a far party up.
func (c *Call) drop(a *attempt, why cause) {
	if a.leg != nil && !a.ended {
		a.leg.Hangup(why.sip(0))
	}
}

// stopRinging ends every attempt but the one that was answered, and tells the
// stations why.
func (c *Call) stopRinging(why cause) {
	for _, a := range c.ringing {
		if a == c.agent {
			continue
		}
		c.drop(a, why)
		c.failed(a, outcomeNoAnswer)
	}
	c.ringing = nil
}

// ringTimeout bounds an attempt that nothing else bounds (timer C, RFC 3261
// section 16.6).
const ringTimeout = 3 * time.Minute
