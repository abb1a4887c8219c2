package call

import (
	"context"
	"time"

	"go.uber.org/zap"

	"assent/gateway"
	"assent/sip"
	"assent/trunk"
)

// Gateways know in which order a trunk's gateways are tried; *gateway.Book is one.
type Gateways interface {
	Order(trunk string, gateways []gateway.Config) []gateway.Config
	Failed(trunk, address string, retryAfter time.Duration)
	Reached(trunk, address string)
}

// leaveBy calls a number by the gateways of the trunk that the seat is in, one after the other, until one does not fail
// as the trunk's failover_on says. connect waits for one. trouble tells that all of them failed: another trunk may do
// better. The outcome and the error are connect's.
func (c *Call) leaveBy(ctx context.Context, seat *trunk.Seat, number string, timeout time.Duration,
	connect func(context.Context, *attempt, time.Duration) (string, error)) (outcome string, trouble bool, err error) {
	cfg, until, held := seat.Config(), time.Now().Add(timeout), len(c.tickets)
	if err := c.openTicket("trunk "+seat.Trunk(), number, cfg.Outbound); err != nil {
		return outcomeFailure, false, c.limitedHere(err)
	}
	defer func() {
		if outcome != "" { // reached nobody; else the talk has just begun, or the call is over
			c.closeTicket(held)
		}
	}()
	outcome = outcomeFailure
	for _, g := range c.deps.Gateways.Order(seat.Trunk(), cfg.Gateways) {
		a := c.ringGateway(g.Address, number, seat)
		outcome, err = connect(ctx, a, max(time.Until(until), time.Millisecond))
		c.noteGateway(seat, g.Address, a)
		if err != nil || !a.failsOver(cfg.FailoverOn) {
			return outcome, false, err
		}
		c.log.Warn("gateway fails", zap.String("to_trunk", seat.Trunk()), zap.String("gateway", g.Address), zap.Int("sip", a.end.Status),
			zap.Int("q850", a.end.Q850), zap.String("reason", a.end.Reason))
	}
	return outcome, true, nil
}

// limitedHere makes a trunk's limit the end of a station's call; a flow's transfer only fails by it.
func (c *Call) limitedHere(limit error) error {
	if c.placed != nil {
		return limit
	}
	return nil
}

// noteGateway tells how a gateway behaved, for the calls that come after.
func (c *Call) noteGateway(seat *trunk.Seat, address string, a *attempt) {
	switch {
	case a.answered:
		c.deps.Gateways.Reached(seat.Trunk(), address)
	case a.unreachable() || a.end.Status == 503 && a.end.RetryAfter > 0:
		c.deps.Gateways.Failed(seat.Trunk(), address, a.end.RetryAfter)
	}
}

// unreachable tells whether nothing of the far party was heard.
func (a *attempt) unreachable() bool {
	return a.end.Reason == sip.EndTransport || a.end.Reason == sip.EndTimeout && a.end.Q850 == 0
}

// failsOver tells whether the call shall try the next gateway: this one could not be dialled or reached, or refused in
// a way that the trunk lists.
func (a *attempt) failsOver(f gateway.Failover) bool {
	if a.outcome == "" {
		return false
	}
	return a.leg == nil || a.unreachable() || a.end.Reason == sip.EndRejected && f.On(a.end.Status, a.end.Q850)
}
