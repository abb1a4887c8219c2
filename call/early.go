package call

import (
	"go.uber.org/zap"
)

// progress takes the early media of a far party that rings: announcements and
// tones of the network behind it. The caller hears them where the answer is the
// agent's and nobody else rings; several at once would be a babel.
func (c *Call) progress(a *attempt, answer []byte) {
	if a.outcome != "" || a.ended || c.settling {
		return
	}
	agreed, err := accept(answer, a.local)
	if err != nil {
		c.log.Info("early media not usable", zap.String("station", a.station), zap.Error(err))
		return
	}
	a.agreed = agreed
	a.stream.Apply(agreed)
	if c.agent != nil || c.caller.answered || c.early != nil || c.ringingNow() > 1 {
		return
	}
	c.early = a
	c.caller.stream.Stop()
	c.session.Bridge(c.caller.stream, a.stream)
}

// ringingNow counts the far parties that may still answer.
func (c *Call) ringingNow() (n int) {
	for _, a := range c.ringing {
		if a.outcome == "" {
			n++
		}
	}
	return n
}

// earlyOver parts the caller from a far party that rang and will not answer; in a
// queue its music goes on.
func (c *Call) earlyOver(a *attempt) {
	if c.early != a {
		return
	}
	c.early = nil
	if c.settling || c.agent == a {
		return
	}
	c.session.Unbridge()
	c.playMusic(c.rules.Queues[c.place.queue].Music)
}
