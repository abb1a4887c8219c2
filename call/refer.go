package call

import (
	"context"
	"regexp"
	"time"

	"go.uber.org/zap"

	"assent/event"
	"assent/policy"
	"assent/sip"
	"assent/terms"
	"assent/trunk"
)

// moving is a transfer that the far party asked for by REFER. The service calls
// the target itself; the caller's leg knows nothing of it.
type moving struct {
	refer  sip.Refer
	target target
	from   *attempt // who asked; may leave meanwhile
	to     *attempt // who is being rung for it
}

// target is whom a transfer or a redirection leads to: a station, or a number.
type target struct {
	station, number string
	replaces        *sip.Replaces // of an attended transfer: the dialog that ends with it
}

// kind is the transfer's word in events.
func (t target) kind() string {
	if t.replaces != nil {
		return "attended"
	}
	return "blind"
}

// movingTo tells whether a is being rung for a transfer.
func (c *Call) movingTo(a *attempt) bool {
	if c.moving == nil || c.moving.to == nil {
		return false
	}
	to := c.moving.to
	return a == to || to.fork != nil && a.fork == to.fork // one of the places where it is registered
}

// referred decides on a REFER of the far party; the transfer itself is talk's.
func (c *Call) referred(a *attempt, r sip.Refer) {
	to, allowed := c.resolve(a.refer, r.User, r.Target)
	switch {
	case c.agent != a || c.moving != nil || c.settling:
		r.Refuse(sip.Cause{Status: 491})
	case !allowed:
		c.log.Info("transfer refused", zap.String("station", a.station), zap.String("rule", a.refer))
		r.Refuse(sip.Cause{Status: 403})
	default:
		to.replaces = r.Replaces
		c.moving = &moving{refer: r, target: to, from: a}
		r.Accept()
	}
}

// resolve finds whom a far party may name: a station by its name or address, or
// a number where the rule is any.
func (c *Call) resolve(rule, user, uri string) (target, bool) {
	if rule != terms.Known && rule != terms.Any {
		return target{}, false
	}
	for name, s := range c.rules.Stations {
		if s.Address != "" && sip.SameAddress(s.Address, uri) {
			return target{station: name}, true
		}
	}
	if _, ok := c.rules.Stations[user]; ok {
		return target{station: user}, true
	}
	number := trunk.Number(user)
	return target{number: number}, rule == terms.Any && dialable.MatchString(number)
}

// dialable are numbers that somebody may have us call: digits, no service codes.
var dialable = regexp.MustCompile(`^\+?[0-9]{1,32}$`)

// move carries a transfer out. The caller waits with music; if nobody answers,
// caller and far party are joined again, unless that one has left.
func (c *Call) move(ctx context.Context) error {
	m := c.moving
	c.session.Unbridge()
	c.playMusic(c.rules.Queues[c.place.queue].Music)
	c.place.phase = policy.PhaseHold
	c.decide("transfer")
	status, err := c.ringTarget(ctx, m)
	if err != nil {
		return err
	}
	m.refer.Notify(status)
	c.moving = nil
	if status == statusOK {
		c.handOver(m)
		return nil
	}
	c.log.Info("transfer failed", zap.String("station", m.target.station), zap.Int("sip", status))
	if m.from.ended {
		c.cancel(ErrTransferFailed) // an error of the flow's action would lead to its on_error
		return ErrTransferFailed
	}
	c.place.phase = c.talkPhase()
	if !m.from.agreed.Hold {
		c.caller.stream.Stop()
		c.session.Bridge(c.caller.stream, m.from.stream)
	}
	c.decide("transfer_failed")
	return nil
}

// statusOK is how a transfer that succeeded is told.
const statusOK = 200

// ringTarget rings whom the transfer leads to, and returns the status that it
// ended with, statusOK if somebody answered.
func (c *Call) ringTarget(ctx context.Context, m *moving) (status int, err error) {
	if m.target.station != "" {
		offer, err := c.deps.Board.Seize(c.queueRules(), m.target.station)
		if err != nil {
			return 486, nil
		}
		return c.ringFor(ctx, m, c.ringStationFor(offer, m.target.replaces))
	}
	if from := m.from.station; from != "" { // what it may not call it may not have called either
		if err := c.openTicket("station "+from, m.target.number, c.rules.Stations[from].Outbound.Limits); err != nil {
			return 403, nil
		}
	}
	seat, refusal := c.rules.Trunks.Outbound(c.trunkName, c.deps.Now())
	if refusal != nil {
		return 503, nil
	}
	c.lent = append(c.lent, seat)
	status = 503
	_, _, err = c.leaveBy(ctx, seat, m.target.number, ringTimeout, func(ctx context.Context, a *attempt, _ time.Duration) (outcome string, err error) {
		status, err = c.ringFor(ctx, m, a)
		return a.outcome, err
	})
	return status, err
}

// ringFor waits for one far party that is rung for a transfer.
func (c *Call) ringFor(ctx context.Context, m *moving, a *attempt) (int, error) {
	m.to = a
	if _, err := c.wait(ctx, 0, func() bool { return c.agent != m.from || a.vain() }); err != nil {
		return 0, err
	}
	if c.agent != m.from {
		m.to = c.agent
		return statusOK, nil
	}
	if a.result() == outcomeBusy {
		return 486, nil
	}
	return max(a.end.Status, 480), nil
}

// handOver lets the caller talk to who answered, and who transferred go.
func (c *Call) handOver(m *moving) {
	from, to := m.from, m.to
	c.stopRinging(elsewhere)
	c.publish(event.Event{Type: event.CallTransferred, Station: to.station, By: byAgent, Detail: m.target.kind()})
	c.join(to, "transferred")
	c.drop(from, handedOver)
	if from.offer != nil {
		from.offer.Release()
	}
	from.stream.Close() // the recording has let go of it
}
