package call

import (
	"context"

	"assent/consent"
	"assent/media"
)

// What can speak against a caller having heard a question, as the ledger says it.
const (
	unheardHold    = "hold"     // the caller's side took no audio while it played
	unheardNotSent = "not_sent" // no packet of it left
	unheardOneWay  = "one_way"  // the caller's side reports that it hears nothing of us
	unheardLoss    = "loss"     // the caller's side reports more loss than consent.notice_loss
)

// hearing follows a consent question on its way to the caller: what was sent from
// the first packet of its last play to the last, and what the caller's side said
// of it by RTCP.
type hearing struct {
	plays int
	from  media.Mark
	to    media.Mark
	over  bool // it has been played, to
	hold  bool // at any time while it played
}

// began notes that the question is about to play.
func (c *Call) questionBegan() {
	if c.asked == nil {
		return
	}
	c.asked.plays++
	c.asked.from, c.asked.over, c.asked.hold = c.caller.stream.Mark(), false, c.caller.agreed.Hold
}

// questionOver notes that its last sample has left.
func (c *Call) questionOver() {
	if c.asked == nil || c.asked.plays == 0 || c.asked.over {
		return
	}
	c.asked.to, c.asked.over = c.caller.stream.Mark(), true
	c.asked.hold = c.asked.hold || c.caller.agreed.Hold
}

// notice judges the question's last play by what is known by now; nil where none
// was played. A report on its end may come after the key: what nobody has spoken
// against counts as heard.
func (c *Call) notice() *consent.Notice {
	if c.asked == nil || c.asked.plays == 0 {
		return nil
	}
	if !c.asked.over { // the caller hung up, or it failed
		c.asked.to = c.caller.stream.Mark()
	}
	n := weigh(c.caller.stream.Delivery(c.asked.from, c.asked.to), c.asked.hold, c.rules.NoticeLoss)
	n.Plays, n.Interrupted = c.asked.plays, !c.asked.over
	return &n
}

// weigh says whether anything speaks against a question having been heard. loss is
// the percentage of lost packets from which on it can't have been.
func weigh(d media.Delivery, hold bool, loss int) consent.Notice {
	n := consent.Notice{Packets: d.Sent, Reported: d.Reported, Lost: d.Lost}
	percent, known := d.LossPercent()
	n.LossPercent = percent
	switch {
	case hold:
		n.Why = unheardHold
	case d.Sent == 0:
		n.Why = unheardNotSent
	case d.Unheard > 0 && d.Reported == 0:
		n.Why = unheardOneWay
	case known && loss > 0 && percent > float64(loss):
		n.Why = unheardLoss
	}
	n.Heard = n.Why == ""
	return n
}

// NoticeHeard tells whether nothing speaks against the caller having heard the
// question that was played last.
func (v ivr) NoticeHeard(context.Context) bool {
	v.mail.serve() // a hold that came meanwhile
	n := v.notice()
	return n == nil || n.Heard
}
