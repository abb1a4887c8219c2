package sip

import (
	"math/rand/v2"
	"time"
)

// reinvite is a re-INVITE of ours: queued, sent, waiting to be repeated after 491, or waiting for the user's answer
// to the offer in its 200.
type reinvite struct {
	sdp   []byte // nil: the peer is to offer
	tx    *clientTx
	tries int
	retry *timer
	ack   func(sdp []byte) // of an offer in the 200 that has no answer yet
	end   *timer
}

// outstanding reports whether the offer/answer exchange is open, so that the peer's offer must wait (section 14.2).
func (r *reinvite) outstanding() bool { return r != nil && (r.tx != nil || r.ack != nil) }

func (g *Leg) reinvite(sdp []byte) {
	if g.over() {
		return
	}
	g.re = &reinvite{sdp: sdp}
	g.sendQueuedReinvite()
}

// sendQueuedReinvite sends our re-INVITE as soon as nothing stands in its way.
func (g *Leg) sendQueuedReinvite() {
	re := g.re
	if re == nil || re.outstanding() || re.retry != nil || g.offer != nil || g.acks != nil || g.phase.Load() != phaseUp {
		return
	}
	re.tries++
	r := g.d.request("INVITE")
	r.headers = append(g.contactHeaders(), g.sessionHeaders()...)
	r.contentType, r.body = sdpType, re.sdp
	var acked []byte // the ACK, for retransmissions of the 200
	hop := g.d.hop
	re.tx = g.lane.start(r, g.acceptsFrom, func(m *message) {
		switch {
		case m.status < 200:
		case m.status >= 300:
			g.reinviteRefused(re, m)
		case acked != nil:
			g.ep.send(&hop, acked, nil)
		case re.ack == nil:
			g.reinviteAnswered(re, m, func(sdp []byte) {
				acked = g.ackFor(m.cseq, sdp)
				hop = g.d.hop
				g.ep.send(&hop, acked, nil)
			})
		}
	}, func(status int) { g.reinviteLost(re, status) })
	g.watchReinvite(re)
}

// watchReinvite gives up a re-INVITE that rings for ever.
func (g *Leg) watchReinvite(re *reinvite) {
	re.end = g.lane.after(2*g.ep.tm.giveUp(), func() {
		if g.re == re && re.tx != nil {
			re.tx.abandon()
			g.reinviteLost(re, 408)
		}
	})
}

// ackFor renders the ACK to a 2xx: its CSeq is the INVITE's (section 13.2.2.4).
func (g *Leg) ackFor(cseq uint32, sdp []byte) []byte {
	r := g.d.requestSeq("ACK", cseq)
	r.proofs = g.d.prover.shown
	r.contentType, r.body = sdpType, sdp
	return r.render()
}

// reinviteAnswered takes the 2xx. The 2xx of a leg that is over is acknowledged all the same.
func (g *Leg) reinviteAnswered(re *reinvite, m *message, ack func(sdp []byte)) {
	if g.re != re || g.over() {
		ack(nil)
		return
	}
	re.end.stop()
	re.tx = nil
	g.d.learn(m, false, false, g.reachable)
	g.sessionAgreed(m)
	if re.sdp != nil || m.sdp() == nil {
		g.clearReinvite()
		ack(nil)
		g.emit(Reanswered{SDP: m.sdp()})
		return
	}
	re.ack = ack
	refuse := func() { g.refuseAnswer(re) }
	re.end = g.lane.after(g.ep.tm.giveUp(), refuse)
	g.emit(Reoffer{SDP: m.sdp(),
		Accept: func(sdp []byte) { g.do(func() { g.answerOffer(re, sdp) }) },
		Refuse: func(Cause) { g.do(refuse) },
	})
}

// answerOffer sends the user's answer in the ACK.
func (g *Leg) answerOffer(re *reinvite, sdp []byte) {
	if g.re != re || re.ack == nil {
		return
	}
	g.clearReinvite() // first: who hears of the ACK may be told to begin the next one
	re.ack(sdp)
}

// refuseAnswer ends the leg: an offer in a 2xx can't be refused but by BYE (section 14.1).
func (g *Leg) refuseAnswer(re *reinvite) {
	if g.re != re || re.ack == nil {
		return
	}
	g.endSession(Cause{Q850: 65, Text: "no agreement"})
	g.finish(Ended{By: ByLocal, Status: 200, Q850: 65, Reason: EndRefused})
}

// reinviteRefused takes a final answer of 300 or above.
func (g *Leg) reinviteRefused(re *reinvite, m *message) {
	if g.re != re || g.over() {
		return
	}
	re.tx = nil
	re.end.stop()
	switch status := m.status; {
	case status == 481 || status == 408:
		g.gone(status)
	case status == 491 && re.tries < maxReinvites:
		re.retry = g.lane.after(g.glare(), func() {
			re.retry = nil
			g.sendQueuedReinvite()
		})
	case g.longer(m):
		g.sendQueuedReinvite()
	default:
		g.clearReinvite()
		g.emit(ReinviteFailed{Status: status})
	}
}

// reinviteLost ends the leg: the peer does not answer at all (section 12.2.1.2).
func (g *Leg) reinviteLost(re *reinvite, status int) {
	if g.re == re && !g.over() {
		g.gone(status)
	}
}

// glare is the wait after 491 (section 14.1): the owner of the Call-ID waits 2.1 to 4 s, the other up to 2 s.
func (g *Leg) glare() time.Duration {
	unit := g.ep.tm.glare
	if g.uac {
		return time.Duration(210+rand.IntN(191)) * unit
	}
	return time.Duration(rand.IntN(201)) * unit
}

// clearReinvite makes room for the next one.
func (g *Leg) clearReinvite() {
	if g.re == nil {
		return
	}
	g.re.end.stop()
	g.re.retry.stop()
	g.re = nil
	g.busy.Store(false)
}

// ackReinvite acknowledges a 2xx whose offer will not be answered.
func (g *Leg) ackReinvite() {
	if g.re != nil && g.re.ack != nil {
		g.re.ack(nil)
	}
}
