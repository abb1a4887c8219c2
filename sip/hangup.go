package sip

// hangup ends the leg for its user and tells the peer.
func (g *Leg) hangup(c Cause) {
	if g.over() {
		return
	}
	g.finish(g.tellEnd(c))
}

// tellEnd sends what ends the leg in its state, and says how it ended.
func (g *Leg) tellEnd(c Cause) Ended {
	ev := Ended{By: ByLocal, Q850: c.Q850}
	if g.offer != nil {
		g.endOffer(reply{status: 487})
	}
	switch {
	case g.in != nil:
		ev.Status, ev.Reason = g.refuseInvite(c), EndRejected
	case g.out != nil && !g.out.answered:
		g.cancelCall(c)
		ev.Status, ev.Reason = 487, EndCancelled
	default:
		ev.Status, ev.Reason = 200, EndBye
		g.endSession(c)
	}
	return ev
}

// endSession sends BYE; the callee only after the ACK, or when that is given up (section 15).
func (g *Leg) endSession(c Cause) {
	if g.acks != nil && g.acks.initial {
		g.acks.hangup = &c
		return
	}
	g.stopAck()
	g.ackReinvite()
	g.clearReinvite()
	g.sendBye(c)
}

// sendBye sends BYE in its own transaction. Whatever the answer is, the leg is over. It waits behind the NOTIFY that
// tells how a transfer ended: over UDP it could overtake it, and then the peer would never know.
func (g *Leg) sendBye(c Cause) {
	if g.telling != nil {
		g.bye, g.telling.hangup = true, &c
		return
	}
	r := g.d.request("BYE")
	if v := reasonHeader(c); v != "" {
		r.headers = append(r.headers, header{"Reason", v})
	}
	g.bye = true
	done := func() { g.bye = false }
	g.lane.start(r, g.acceptsFrom, func(m *message) {
		if m.status >= 200 {
			done()
		}
	}, func(int) { done() })
}

// acceptsFrom reports whether a response may come from there: where the dialog's requests go, or may come from.
func (g *Leg) acceptsFrom(m *message) bool {
	return m.src.Addr() == g.d.hop.addr.Addr() || g.hears(m)
}

// info sends an INFO. That the peer does not know the dialog ends the leg (section 12.2.1.2).
func (g *Leg) info(contentType string, body []byte) {
	if g.phase.Load() != phaseUp {
		g.infos.Add(-1)
		return
	}
	r := g.d.request("INFO")
	r.contentType, r.body = contentType, body
	g.lane.start(r, g.acceptsFrom, func(m *message) {
		if m.status < 200 {
			return
		}
		g.infos.Add(-1)
		if m.status == 481 {
			g.gone(481)
		}
	}, func(int) { g.infos.Add(-1) })
}

// gone ends a dialog that the peer has lost, or in which it no longer answers.
func (g *Leg) gone(status int) {
	if g.over() {
		return
	}
	g.endSession(Cause{Q850: 41, Text: "dialog lost"})
	ev := Ended{By: ByRemote, Status: status, Q850: 41, Reason: EndGone}
	if status == 408 || status == 503 {
		ev.By = ByTimeout
	}
	g.finish(ev)
}
