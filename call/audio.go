package call

import (
	"assent/event"
	"assent/media"
)

// Why audio counts as lost, in events and logs.
const (
	noRTP    = "no_rtp"    // none comes from the party, which is to send
	notHeard = "not_heard" // by its reports, the party hears nothing of what it is sent
)

// onAudio tells that audio ceased to flow on a leg, or flows again.
func (c *Call) onAudio(n media.AudioNotice) {
	if c.settling {
		return
	}
	e := event.Event{Type: event.CallAudioLost, Leg: c.legOf(n.Stream), Reason: noRTP}
	if !n.Lost {
		e.Type = event.CallAudioBack
	}
	if n.Sent {
		e.Reason = notHeard
	}
	c.publish(e)
}

// legOf names the leg that a stream belongs to.
func (c *Call) legOf(s *media.Stream) string {
	if s == c.caller.stream {
		return c.caller.name
	}
	if far := c.far(); far != nil {
		return far.name
	}
	return legAgent
}
