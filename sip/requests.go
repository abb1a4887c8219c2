package sip

// adopt takes a new leg into its lane.
func (l *lane) adopt(g *Leg) {
	l.legs = append(l.legs, g)
	l.ep.stats.legs.Add(1)
}

// onResponse hands a response to its transaction; one that belongs to none is dropped (section 18.1.2).
func (l *lane) onResponse(m *message) {
	if tx := l.clients[clientKey(m.branch(), m.cseqMethod)]; tx != nil {
		tx.receive(m)
	}
}

// onRequest sorts a valid request: retransmission, ACK, CANCEL, in a dialog, or outside of one.
func (l *lane) onRequest(m *message) {
	switch {
	case m.method == "ACK":
		l.onAck(m)
	case m.method == "CANCEL":
		l.onCancel(m)
	case l.servers[m.txKey(m.method)] != nil:
		l.servers[m.txKey(m.method)].again()
	case m.to.tag != "":
		l.inDialog(m)
	case !l.proven(m):
	case m.method == "REGISTER" && m.account.named():
		l.onRegister(m)
	case m.method == "INVITE" && (m.known || m.account.named()) && !l.ep.closing.Load():
		l.onInvite(m)
	default:
		l.ep.outside(m)
	}
}

// leg finds the dialog of a request in it, by both tags (section 12.2.2).
func (l *lane) leg(m *message) *Leg {
	for _, g := range l.legs {
		if g.id == m.to.tag && (g.d.remoteTag == m.from.tag || g.ringing(m.from.tag) != nil) {
			return g
		}
	}
	return nil
}

func (l *lane) onAck(m *message) {
	if tx := l.servers[m.txKey("INVITE")]; tx != nil && tx.state != txAccepted {
		tx.acked()
		return
	}
	g := l.leg(m)
	if g == nil {
		return
	}
	if !g.hears(m) {
		l.ep.stats.foreign.Add(1)
		return
	}
	g.onAck(m)
}

// onCancel answers the CANCEL itself, with the tag of the INVITE's dialog, and then ends the INVITE (section 9.2).
func (l *lane) onCancel(m *message) {
	tx := l.servers[m.txKey("INVITE")]
	if tx == nil {
		l.ep.outside(m)
		return
	}
	g := tx.leg
	if g != nil && !g.hears(m) {
		l.foreign(m)
		return
	}
	r := reply{status: 200}
	h := replyHop(m)
	if g == nil {
		l.ep.stateless(m, r) // answered already: no effect
		return
	}
	r.toTag = g.id
	l.ep.send(&h, r.render(m), nil)
	g.onCancel(tx, m)
}

// foreign answers a request for a dialog from a source that the dialog does not allow: another trunk's hears that
// there is none, a stranger nothing.
func (l *lane) foreign(m *message) {
	l.ep.stats.foreign.Add(1)
	if m.known {
		l.ep.refuse(m, reply{status: 481})
	}
}

// inDialog takes a request with a To tag.
func (l *lane) inDialog(m *message) {
	g := l.leg(m)
	switch {
	case g == nil:
		l.ep.outside(m)
		return
	case !g.hears(m):
		l.foreign(m)
		return
	}
	g.reconnected(m)
	tx, ok := l.newServerTx(m)
	if !ok {
		l.ep.refuse(m, busyReply())
		return
	}
	if !g.dialogOf(m).order(m.cseq) {
		tx.respond(reply{status: 500, toTag: g.id})
		return
	}
	g.request(tx, m)
}

// ringing returns the early dialog with that tag of a call of ours that has no answer; nil if there is none.
func (g *Leg) ringing(tag string) *early {
	if g.out == nil || g.out.answered {
		return nil
	}
	return g.out.branch(tag)
}

// dialogOf is the dialog that a request belongs to: the leg's, or that of the branch which rings.
func (g *Leg) dialogOf(m *message) *dialog {
	if e := g.ringing(m.from.tag); e != nil {
		return &e.d
	}
	return &g.d
}

// reconnected takes over the connection that the peer now uses, where ours to it is gone.
func (g *Leg) reconnected(m *message) {
	if c := g.d.hop.conn; m.via.conn != nil && (c == nil || c.closed()) {
		g.d.hop.conn, g.d.direct.conn = m.via.conn, m.via.conn
	}
}

// busyReply asks to try again (section 14.2).
func busyReply() reply { return reply{status: 500, headers: []header{{"Retry-After", "1"}}} }

// request takes a request of this dialog whose CSeq is in order.
func (g *Leg) request(tx *serverTx, m *message) {
	switch m.method {
	case "BYE":
		g.onBye(tx, m)
	case "REFER":
		g.onRefer(tx, m)
	case "PRACK":
		g.onPrack(tx, m)
	case "INVITE", "UPDATE":
		g.onOffer(tx, m)
	case "INFO":
		if g.over() {
			tx.respond(reply{status: 481})
			return
		}
		tx.respond(reply{status: 200})
		ct, _ := m.value("content-type")
		g.emit(Info{ContentType: ct, Body: m.body})
	case "OPTIONS":
		tx.respond(reply{status: 200, headers: abilities()})
	default:
		tx.respond(notAllowed(m.method))
	}
}

// onBye ends the dialog; requests of the peer that we have not answered get 487 (section 15.1.2).
func (g *Leg) onBye(tx *serverTx, m *message) {
	tx.respond(reply{status: 200})
	if g.in != nil {
		invite := g.in.tx
		g.endIncoming()
		invite.respond(reply{status: 487, toTag: g.id})
	}
	if g.offer != nil {
		g.endOffer(reply{status: 487})
	}
	g.stopAck()
	g.clearReinvite()
	if g.out != nil {
		g.out.stop()
	}
	g.finish(Ended{By: ByRemote, Q850: parseQ850(m), Reason: EndBye})
}

// stopAck stops repeating a 200 that nobody waits for any more.
func (g *Leg) stopAck() {
	if g.acks != nil {
		g.acks.resend.stop()
		g.acks.end.stop()
		g.acks = nil
	}
}
