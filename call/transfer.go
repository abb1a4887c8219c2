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
)

// Outcomes of a transfer that did not connect, as flows branch on them.
const (
	outcomeTimeout  = "timeout"
	outcomeFull     = "full"
	outcomeFailure  = "failure"
	outcomeBusy     = "busy"
	outcomeNoAnswer = "no_answer"
)

// ToQueue lets the caller wait until a station answers, and stays until the
// talk is over (flowexec.ErrOver). Otherwise it returns the queue's outcome.
func (v ivr) ToQueue(ctx context.Context, name string) (string, error) {
	return v.inVain(v.toQueue(ctx, name))
}

// inVain notes the outcome of a transfer that reached nobody.
func (c *Call) inVain(outcome string, err error) (string, error) {
	c.place.vain = outcome
	return outcome, err
}

func (v ivr) toQueue(ctx context.Context, name string) (string, error) {
	ticket, err := v.deps.Board.Join(v.queueRules(), name, v.id)
	switch {
	case errors.Is(err, queue.ErrFull):
		return outcomeFull, nil
	case err != nil:
		return "", err
	}
	defer ticket.Leave()
	v.enterQueue(name)
	outcome, err := v.waitInQueue(ctx, ticket)
	if err == nil && outcome == "" {
		return "", v.talk(ctx)
	}
	v.leaveQueue(outcome, err)
	return outcome, err
}

// queueRules are the queues and stations that the call began with.
func (c *Call) queueRules() queue.Rules {
	return queue.Rules{Queues: c.rules.Queues, Stations: c.rules.Stations}
}

func (c *Call) enterQueue(name string) {
	c.place.queue, c.place.phase = name, policy.PhaseQueueWait
	c.publish(event.Event{Type: event.QueueEntered})
	c.playMusic(c.rules.Queues[name].Music)
	c.decide("queue_entered")
}

// leaveQueue takes the caller back into the flow.
func (c *Call) leaveQueue(outcome string, err error) {
	c.caller.stream.Stop()
	if err != nil {
		outcome = "abandoned"
	}
	c.publish(event.Event{Type: event.QueueLeft, Reason: outcome})
	c.place.queue, c.place.phase = "", policy.PhaseIVR
	if err == nil {
		c.decide("queue_left")
	}
}

// waitInQueue rings what the queue offers until a station answers ("" and no
// error, the station is c.agent) or the queue's outcome is known.
func (c *Call) waitInQueue(ctx context.Context, ticket *queue.Ticket) (string, error) {
	for {
		e, got, err := await(ctx, c, ticket.Events(), c.connected)
		switch {
		case err != nil:
			return "", err
		case !got:
			return "", nil
		}
		switch e := e.(type) {
		case queue.Offered:
			c.ringStation(e.Offer)
		case queue.TimedOut:
			c.stopRinging(unanswered)
			return outcomeTimeout, nil
		case queue.Failed:
			return outcomeFailure, nil
		}
	}
}

// ToStation rings one station.
func (v ivr) ToStation(ctx context.Context, station string, timeout time.Duration) (string, error) {
	return v.inVain(v.toStation(ctx, station, timeout))
}

func (v ivr) toStation(ctx context.Context, station string, timeout time.Duration) (string, error) {
	offer, err := v.deps.Board.Seize(v.queueRules(), station)
	if errors.Is(err, queue.ErrBusy) {
		return outcomeBusy, nil
	}
	if err != nil {
		return "", err
	}
	return v.connectTo(ctx, v.ringStation(offer), timeout)
}

// ToNumber calls a number through a trunk; only outside parties are left then.
func (v ivr) ToNumber(ctx context.Context, number, trunkName string, timeout time.Duration) (string, error) {
	return v.inVain(v.toNumber(ctx, number, trunkName, timeout))
}

func (v ivr) toNumber(ctx context.Context, number, trunkName string, timeout time.Duration) (string, error) {
	routes := []route.Route{{Config: route.Config{Trunk: trunkName}}}
	if trunkName == "" {
		routes = v.onward(number)
	}
	outcome := outcomeFailure
	for _, r := range routes {
		seat, refusal := v.rules.Trunks.Outbound(r.Trunk, v.deps.Now())
		if refusal != nil {
			v.log.Warn("no seat for the transfer", zap.String("to_trunk", r.Trunk), zap.String("reason", refusal.Code))
			continue
		}
		var trouble bool
		var err error
		outcome, trouble, err = v.leaveBy(ctx, seat, number, timeout, v.connectTo)
		seat.Release()
		v.deps.Failures.Note(r.Trunk, trouble)
		if err != nil || !trouble {
			return outcome, err
		}
	}
	return outcome, nil
}

// onward are the trunks by which a transfer leaves that names none: those of the number plan, else the call's own.
func (c *Call) onward(number string) (routes []route.Route) {
	for _, r := range c.deps.Failures.Order(c.rules.Plan.Find(number, "")) {
		if r.Trunk != "" {
			routes = append(routes, r)
		}
	}
	if len(routes) == 0 {
		routes = append(routes, route.Route{Config: route.Config{Trunk: c.trunkName}})
	}
	return routes
}

// connectTo waits for one attempt, then for the end of the talk.
func (c *Call) connectTo(ctx context.Context, a *attempt, timeout time.Duration) (string, error) {
	answered, err := c.wait(ctx, timeout, func() bool { return c.connected() || a.vain() })
	switch {
	case err != nil:
		return "", err
	case c.connected():
		if c.placed == nil {
			c.publish(event.Event{Type: event.CallTransferred, Station: a.station})
		}
		return "", c.talk(ctx)
	case !answered:
		c.stopRinging(unanswered)
		return outcomeNoAnswer, nil
	}
	return a.result(), nil
}

// connected tells whether somebody answered.
func (c *Call) connected() bool { return c.agent != nil }

// talk joins the two and stays until one of them leaves. The caller's end
// shows as the context's; the far party's end ends the call.
func (c *Call) talk(ctx context.Context) error {
	a := c.agent
	if c.place.queue != "" {
		c.publish(event.Event{Type: event.QueueLeft, Reason: "answered"})
	}
	c.stopRinging(elsewhere)
	if err := c.whisper(ctx, a); err != nil {
		return err
	}
	if err := c.answered(ctx, c.caller.early); err != nil {
		return err
	}
	c.join(a, "bridged")
	for {
		if _, err := c.wait(ctx, 0, func() bool { return c.moving != nil || c.agent.ended }); err != nil {
			return err
		}
		if c.moving == nil {
			return flowexec.ErrOver
		}
		if err := c.move(ctx); err != nil {
			return err
		}
	}
}

// join lets the caller and a far party hear each other.
func (c *Call) join(a *attempt, trigger string) {
	if c.placed == nil || a.station != "" {
		c.place.station, c.place.outside = a.station, a.station == ""
	}
	if c.metering == nil {
		c.meter()
	}
	c.place.phase = c.talkPhase()
	c.joinRecording(a)
	c.publish(event.Event{Type: event.CallBridged})
	c.decide(trigger)
	c.caller.stream.Stop()
	c.session.Bridge(c.caller.stream, a.stream) // last: the recorder listens before the parties hear each other
}
