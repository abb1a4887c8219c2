package call

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"assent/event"
	"assent/flowexec"
	"assent/policy"
	"assent/queue"
	"assent/route"
	"assent/sip"
	"assent/toll"
	"assent/trunk"
)

// placed is what is known of a call that a station places.
type placed struct {
	station string // who places it
	number  string // whom it calls, as the plan has numbers
	routes  []route.Route
	inside  bool         // it leads to a station or a queue
	place   *queue.Offer // the station's place on the board
}

// emergency tells whether the call may save a life: then no limit of ours holds it up.
func (p *placed) emergency() bool {
	for _, r := range p.routes {
		if r.Emergency {
			return true
		}
	}
	return false
}

// byStation tells whether a station that may call out places the call; nil where a trunk does.
func (c *Call) byStation() *placed {
	name, ok := c.invite.Account.Station, c.invite.Account.Station != "" // proven by digest
	if !ok && c.invite.Account.Trunk == "" {
		name, ok = c.rules.Callers.Find(c.invite)
	}
	cfg := c.rules.Stations[name]
	if !ok || !cfg.Outbound.Enabled {
		return nil
	}
	number := cfg.Outbound.Numbering.Apply(trunk.Number(c.invite.Called))
	p := &placed{station: name, number: number, routes: c.deps.Failures.Order(c.rules.Plan.Find(number, name))}
	p.inside = len(p.routes) > 0 && p.routes[0].Trunk == ""
	return p
}

// tellOutbound is the story of a call that a station places: it rings by one route after the other, talks, and ends.
func (c *Call) tellOutbound(ctx context.Context) error {
	admitted := c.admitStation()
	c.publish(event.Event{Type: event.CallStarted})
	if admitted != nil {
		return c.refuse(admitted)
	}
	if err := c.listen(); err != nil {
		return err
	}
	if err := c.agree(ctx); err != nil {
		return err
	}
	outcome, err := c.tryRoutes(ctx, c.placed.routes, ringTimeout)
	switch {
	case errors.Is(err, flowexec.ErrOver):
		err = nil
	case err == nil:
		err = c.unreached(outcome)
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// admitStation says why the station's call is refused, or takes its places.
func (c *Call) admitStation() error {
	p := c.placed
	c.caller.name, c.place.station, c.place.phase = legAgent, p.station, policy.PhaseIVR
	c.log = c.log.With(zap.String("station", p.station))
	c.flow = &flowexec.Flow{} // none: the call runs no flow
	if len(p.routes) > 0 {
		c.trunkName = p.routes[0].Trunk // until one of them has a seat
	}
	switch {
	case c.refused != nil:
		return c.refused
	case c.invite.MaxForwards <= 0:
		return ErrTooManyHops
	case len(p.routes) == 0:
		return ErrNoRoute
	}
	if err := c.openTicket("station "+p.station, p.number, c.rules.Stations[p.station].Outbound.Limits); err != nil {
		return err
	}
	place, err := c.deps.Board.Occupy(c.queueRules(), p.station)
	if err != nil {
		return err
	}
	p.place = place
	c.begin()
	return nil
}

// agree reads the station's offer and keeps the answer to it until somebody answers the call. An INVITE without an
// offer is answered at once, for only a 200 can carry ours.
func (c *Call) agree(ctx context.Context) error {
	if c.invite.Offer == nil {
		return c.answerWithOffer(ctx)
	}
	body, agreed, err := answerTo(c.invite.Offer, c.caller.local)
	if err != nil {
		return err
	}
	c.caller.early = body
	c.apply(&c.caller, agreed)
	return nil
}

// tryRoutes calls by one route after the other until one does not fail for trouble of the network.
func (c *Call) tryRoutes(ctx context.Context, routes []route.Route, timeout time.Duration) (outcome string, err error) {
	outcome = outcomeFailure
	for _, r := range routes {
		trouble := false
		switch {
		case r.Trunk != "":
			outcome, trouble, err = c.tryTrunk(ctx, r.Trunk, timeout)
			c.deps.Failures.Note(r.Trunk, trouble)
		case r.Station != "":
			outcome, err = ivr{c}.ToStation(ctx, r.Station, timeout)
			trouble = outcome == outcomeFailure
		default:
			outcome, err = c.throughQueue(ctx, r.Queue)
		}
		if err != nil || !trouble {
			return outcome, err
		}
	}
	return outcome, nil
}

// tryTrunk calls the number of a station's call by a trunk; trouble says that another route may do better.
func (c *Call) tryTrunk(ctx context.Context, name string, timeout time.Duration) (outcome string, trouble bool, err error) {
	seat, refusal := c.rules.Trunks.Outbound(name, c.deps.Now())
	if refusal != nil {
		c.log.Warn("no seat for the call", zap.String("to_trunk", name), zap.String("reason", refusal.Code))
		return outcomeFailure, true, nil
	}
	if c.seat != nil {
		c.seat.Release()
	}
	c.seat, c.trunk, c.trunkName = seat, seat.Config(), name
	if c.trunk.Recording.Required && !c.recorderReady() {
		return "", false, ErrRecorderRequired
	}
	ctx, stop := c.limited(ctx)
	defer stop()
	return c.leaveBy(ctx, seat, c.placed.number, timeout, c.connectTo)
}

// throughQueue answers the station, so that it hears the music, and lets it wait like any caller.
func (c *Call) throughQueue(ctx context.Context, name string) (string, error) {
	if err := c.answered(ctx, c.caller.early); err != nil {
		return "", err
	}
	return ivr{c}.ToQueue(ctx, name)
}

// unreached fixes how a call ended that reached nobody, in the far party's own words where it had any.
func (c *Call) unreached(outcome string) error {
	if c.caller.answered {
		return nil
	}
	why, ok := vainCalls[outcome]
	if !ok {
		why = vainCalls[outcomeFailure]
	}
	end := why.ending()
	if last := c.last; last != nil && last.end.By == sip.ByRemote && last.end.Status >= 400 {
		end.By = c.farWord()
		if passes[last.end.Status] {
			end.SIP = last.end.Status
		}
		if last.end.Q850 != 0 {
			end.Q850 = last.end.Q850
		}
	}
	c.ending = c.completed(end)
	return nil
}

// passes are the statuses of a far party that its caller is told as they are: what they say is of the called number, and
// of nothing between us and the carrier.
var passes = map[int]bool{404: true, 410: true, 480: true, 484: true, 486: true, 488: true, 600: true, 603: true, 604: true, 606: true}

// vainCalls are the endings of a station's call that reached nobody.
var vainCalls = map[string]cause{
	outcomeBusy:     {bySystem, 486, 17, "busy"},
	outcomeNoAnswer: {bySystem, 480, 18, "no_answer"},
	outcomeTimeout:  {bySystem, 480, 19, "no_answer"},
	outcomeFull:     {bySystem, 480, 34, "queue_full"},
	outcomeFailure:  {bySystem, 503, 41, "unreachable"},
}

// openTicket holds the call against limits of a station or trunk; c.tickets keeps its places until the call's end.
func (c *Call) openTicket(owner, number string, limits toll.Limits) error {
	if c.placed != nil && c.placed.emergency() {
		return nil
	}
	ticket, refusal := c.deps.Toll.Open(number, c.deps.Now(), toll.Owner{Name: owner, Limits: limits})
	if refusal != nil {
		return c.overLimit(refusal)
	}
	c.tickets = append(c.tickets, ticket)
	return nil
}
