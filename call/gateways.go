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

// tryGateways calls a number by the gateways of the trunk that the seat is in, one after the other, until one does not
// fail as the trunk's failover_on says. connect waits for one; it returns how the last one ended, as connect does.
func (c *Call) tryGateways(ctx context.Context, seat *trunk.Seat, number string, timeout time.Duration,
	connect func(context.Context, *attempt, time.Duration) (string, error)) (string, error) {
	outcome, until := outcomeFailure, time.Now().Add(timeout)
	for _, g := range c.deps.Gateways.Order(seat.Trunk(), seat.Config().Gateways) {
		a := c.ringGateway(g.Address, number, seat)
		var err error
		outcome, err = connect(ctx, a, max(time.Until(until), time.Millisecond))
		c.noteGateway(seat, g.Address, a)
		if err != nil || !a.failsOver(seat.Config().FailoverOn) {
			return outcome, err
		}
		c.log.Warn("gateway fails", zap.String("to_trunk", seat.Trunk()), zap.String("gateway", g.Address), zap.Int("sip", a.end.Status),
			zap.Int("q850", a.end.Q850), zap.String("reason", a.end.Reason))
	}
	return outcome, nil
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
