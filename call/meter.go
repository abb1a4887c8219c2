package call

import (
	"errors"
	"time"

	"go.uber.org/zap"

	"assent/event"
	"assent/toll"
)

// Why an outbound call may not be placed, or not go on.
var (
	ErrBlocked      = errors.New("the number may not be called")
	ErrOutboundFull = errors.New("the limit of outbound calls is reached")
	ErrSpent        = errors.New("the budget is spent")
	ErrNoRoute      = errors.New("no route leads to the number")
)

// overLimits maps what the book of tolls says to the call's own errors.
var overLimits = map[string]error{toll.Blocked: ErrBlocked, toll.CallsLimit: ErrOutboundFull, toll.Spent: ErrSpent}

// overLimit tells of a limit that a call has met.
func (c *Call) overLimit(r *toll.Refusal) error {
	c.log.Warn("outbound call refused", zap.String("reason", r.Code), zap.String("owner", r.Owner), zap.String("limit", r.Limit))
	c.publish(event.Event{Type: event.CallLimited, Reason: r.Code, Detail: r.Owner + ": " + r.Limit})
	return overLimits[r.Code]
}

// minute is what budgets are counted in.
const minute = time.Minute

// meter buys the next minute of a call whose budget counts minutes, and those after it, as long as the call lasts.
func (c *Call) meter() {
	metered := false
	for _, t := range c.tickets {
		if !t.Metered() {
			continue
		}
		metered = true
		if refusal := t.Minute(c.deps.Now()); refusal != nil {
			c.cancel(c.overLimit(refusal))
			return
		}
	}
	if metered && !c.settling {
		c.metering = time.AfterFunc(c.deps.minute(), func() { c.mail.postSure(c.meter) })
	}
}

// minute is the length of a minute; tests have shorter ones.
func (d *Deps) minute() time.Duration {
	if d.Minute > 0 {
		return d.Minute
	}
	return minute
}

// closeTicket gives back what was taken beyond so many tickets.
func (c *Call) closeTicket(held int) {
	for _, t := range c.tickets[held:] {
		t.Close()
	}
	c.tickets = c.tickets[:held]
}

// closeTickets gives the places of an outbound call back.
func (c *Call) closeTickets() {
	if c.metering != nil {
		c.metering.Stop()
	}
	c.closeTicket(0)
	if c.placed != nil && c.placed.place != nil {
		c.placed.place.Release()
	}
}
