package sip

// reoffer is a re-INVITE or UPDATE of the peer that waits for the user's word.
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
	case !invite && m.sdp() == nil:
		g.d.learn(m, false, false, g.allowed)
		tx.respond(reply{status: 200, headers: g.contactHeaders()})
	case g.offer != nil:
		tx.respond(busyReply())
	case g.phase.Load() != phaseUp || g.acks != nil || g.re.outstanding():
		tx.respond(reply{status: 491})
	default:
		g.takeOffer(tx, m)
	}
}

func (g *Leg) contactHeaders() []header {
	return []header{{"Contact", g.d.direct.contact()}, {"Allow", allowMethods}}
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
	g.d.learn(o.msg, false, false, g.allowed)
	if !o.tx.invite {
		g.endOffer(reply{status: 200, headers: g.contactHeaders(), sdp: sdp})
		g.sendQueuedReinvite()
		return
	}
	g.releaseOffer()
	g.accept(o.tx, sdp, o.offerless, false)
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
