package sip

// reoffer is a re-INVITE, UPDATE or PRACK of the peer that waits for the user's word.
type reoffer struct {
	tx        *serverTx
	msg       *message
	offerless bool
	end       *timer
}

// onOffer takes a re-INVITE or UPDATE (RFC 3261 section 14.2, RFC 3311 section 5.2).
func (g *Leg) onOffer(tx *serverTx, m *message) {
	invite := m.method == "INVITE"
	switch {
	case g.over():
		tx.respond(reply{status: 481})
	case m.sessionAsk().tooBrief(g.terms.Min):
		tx.respond(reply{status: 422, headers: g.refusalHeaders(422)})
	case !invite && m.sdp() == nil:
		g.dialogOf(m).learn(m, false, false, g.reachable)
		tx.respond(reply{status: 200, headers: append(g.contactHeaders(), g.sessionReply(m)...)})
	case g.offer != nil:
		tx.respond(busyReply())
	case g.in != nil && !g.in.rel.settled():
		tx.respond(busyReply()) // the INVITE's offer has no answer yet (RFC 3311 section 5.2)
	case g.in == nil && !g.agreedEarly(m) && g.phase.Load() != phaseUp || g.acks != nil || g.re.outstanding():
		tx.respond(reply{status: 491})
	default:
		g.takeOffer(tx, m)
	}
}

// agreedEarly reports whether offer and answer of a call of ours that rings are complete, so that its branch may offer
// anew. The user has one session: the one whose answer it was told last.
func (g *Leg) agreedEarly(m *message) bool {
	e := g.ringing(m.from.tag)
	return e != nil && e.final && g.out.toldTag == m.from.tag && m.method == "UPDATE"
}

func (g *Leg) contactHeaders() []header {
	return append([]header{{"Contact", g.d.direct.contact()}, {"Allow", allowMethods}}, g.supported()...)
}

func (g *Leg) takeOffer(tx *serverTx, m *message) {
	o := &reoffer{tx: tx, msg: m, offerless: m.sdp() == nil}
	if tx.invite {
		tx.leg = g
		tx.respond(reply{status: 100})
	}
	g.offer = o
	o.end = g.lane.after(g.ep.tm.giveUp(), func() { g.refuseOffer(o, Cause{Status: 500}) })
	g.emit(Reoffer{SDP: m.sdp(),
		Accept: func(sdp []byte) { g.do(func() { g.acceptOffer(o, sdp) }) },
		Refuse: func(c Cause) { g.do(func() { g.refuseOffer(o, c) }) },
	})
}

func (g *Leg) acceptOffer(o *reoffer, sdp []byte) {
	if g.offer != o {
		return
	}
	switch o.msg.method {
	case "PRACK":
		g.endOffer(reply{status: 200, sdp: sdp})
	case "UPDATE":
		g.dialogOf(o.msg).learn(o.msg, false, false, g.reachable)
		g.endOffer(reply{status: 200, headers: append(g.contactHeaders(), g.sessionReply(o.msg)...), sdp: sdp})
	default:
		g.d.learn(o.msg, false, false, g.reachable)
		g.releaseOffer()
		g.accept(o.tx, sdp, o.offerless, false)
	}
	g.afterOffer()
}

func (g *Leg) refuseOffer(o *reoffer, c Cause) {
	if g.offer != o {
		return
	}
	status := c.Status
	if status < 300 || status > 699 {
		status = 488
	}
	g.endOffer(reply{status: status, headers: causeHeaders(c)})
	g.afterOffer()
}

// afterOffer sends what waited for the peer's offer to be settled.
func (g *Leg) afterOffer() {
	if g.in != nil {
		g.nextReliable()
	}
	g.sendQueuedReinvite()
}

// endOffer answers the waiting offer.
func (g *Leg) endOffer(r reply) {
	tx := g.offer.tx
	g.releaseOffer()
	tx.respond(r)
}

func (g *Leg) releaseOffer() {
	g.offer.end.stop()
	g.offer.tx.leg = nil
	g.offer = nil
}
