package call

import (
	"assent/event"
	"assent/media"
	"assent/trunk"
)

// The names of legs: the outside party's who called, the station's, the outside party's who was called.
const (
	legCaller = "caller"
	legAgent  = "agent"
	legCallee = "callee"
)

// direction is the call's, as events, policy and CDR have it.
func (c *Call) direction() string {
	switch {
	case c.placed == nil:
		return event.Inbound
	case c.placed.inside:
		return event.Internal
	}
	return event.Outbound
}

// external is the outside party: who called, or was called by a station. In a call between stations it is the one that
// was called. It is nil before there is one.
func (c *Call) external() *party {
	if c.placed == nil {
		return &c.caller
	}
	return c.far()
}

// internal is the station, nil before there is one.
func (c *Call) internal() *party {
	if c.placed != nil {
		return &c.caller
	}
	return c.far()
}

// far is the party that the caller talks to, nil while there is none.
func (c *Call) far() *party {
	if c.agent == nil {
		return nil
	}
	return &c.agent.party
}

// audio is the stream of a party that may not be there.
func (p *party) audio() *media.Stream {
	if p == nil {
		return nil
	}
	return p.stream
}

// farName names the leg of whoever is rung.
func (c *Call) farName() string {
	if c.placed != nil {
		return legCallee
	}
	return legAgent
}

// subject is the number of the outside party: whose consent is asked for.
func (c *Call) subject() string {
	if c.placed != nil {
		return c.to()
	}
	return c.from()
}

// unknownSubject tells whether nothing is known by which the outside party could be known again.
func (c *Call) unknownSubject() bool {
	return c.placed == nil && c.anonymous() || c.direction() == event.Internal
}

// callerWord and farWord say who ended a call, for the CDR.
func (c *Call) callerWord() string {
	if c.placed != nil {
		return byAgent
	}
	return byCaller
}

func (c *Call) farWord() string {
	if c.placed != nil {
		return byCallee
	}
	return byAgent
}

// normal brings a number that came by the call's trunk into the form in which numbers are kept.
func (c *Call) normal(number string) string { return c.trunk.Numbering.In.Apply(trunk.Number(number)) }
