package sip

import (
	"strconv"
	"strings"
	"time"
)

// incoming is a call to us that has no final answer.
type incoming struct {
	tx        *serverTx
	offerless bool
	last      *reply // the last provisional answer above 100, repeated every minute
	refresh   *timer
	rel       reliable
}

// awaitAck is a 2xx of ours to an INVITE or re-INVITE, repeated until its ACK (section 13.3.1.4).
type awaitAck struct {
	cseq        uint32
	data        []byte
	hop         hop
	offerless   bool // the ACK brings the answer to our offer
	initial     bool
	resend, end *timer
	interval    time.Duration
	hangup      *Cause // BYE as soon as the ACK is here (section 15)
}

// onInvite opens a new dialog, or refuses it.
func (l *lane) onInvite(m *message) {
	for _, tx := range l.servers {
		if tx.invite && tx.fromTag == m.from.tag && tx.cseq == m.cseq {
			l.ep.refuse(m, reply{status: 482}) // merged: one request by two ways (section 8.2.2.2)
			return
		}
	}
	tx, ok := l.newServerTx(m)
	if !ok || len(l.legs) >= maxLegs {
		l.ep.refuse(m, reply{status: 503, headers: []header{{"Retry-After", "5"}}})
		if ok {
			tx.terminate()
		}
		return
	}
	g := &Leg{ep: l.ep, lane: l, id: newTag(), callID: l.callID, names: m.names}
	l.adopt(g)
	tx.leg = g
	src := m.src
	g.remote.Store(&src)
	if !m.known {
		g.guest = true
		l.ep.dialled.add(src.Addr())
	}
	g.in = &incoming{tx: tx, offerless: m.sdp() == nil}
	g.d = dialog{callID: m.callID, localTag: g.id, remoteTag: m.from.tag, local: stripTag(m.to.text),
		remote: stripTag(m.from.text), remoteSeq: m.cseq, remoteSeqSet: true, maxForwards: 70,
		direct: m.via}
	g.asked = asked{reliable: m.supports(tagReliable), insists: m.requires(tagReliable), session: m.sessionAsk()}
	g.peerTag.Store(&m.from.tag)
	if len(m.names) > 0 && !l.ep.deps.Known(m.src) {
		g.d.proven = m.names[0]
	}
	tx.respond(reply{status: 100})
	g.offerInvite(m)
}

// offerInvite tells the user of the package. A panic there refuses the call.
func (g *Leg) offerInvite(m *message) {
	defer g.ep.guard("invite", func() { g.fail() })
	hops := m.hops
	if hops < 0 {
		hops = 70
	}
	inv := &Invite{Leg: g, CallID: m.callID, From: m.from.party(), To: m.to.party(), Called: calledUser(m),
		Source: m.src, Account: m.account, Certified: m.names, Transport: strings.ToLower(m.via.network()), Offer: m.sdp(), MaxForwards: hops}
	if v, ok := m.value("replaces"); ok {
		inv.Replaces, _ = parseReplaces(v) // validate has refused what is none
	}
	inv.Privacy = strings.Join(m.list("privacy"), ";")
	inv.Identities = m.list("identity")
	inv.Identities = inv.Identities[:min(len(inv.Identities), maxIdentities)]
	for _, v := range m.list("p-asserted-identity") {
		if a, ok := parseAddress(v); ok {
			p := a.party()
			inv.Asserted = &p
			break
		}
	}
	g.ep.deps.Invite(inv)
	g.d.learn(m, true, false, g.reachable)
}

// calledUser is the user part of the Request-URI.
func calledUser(m *message) string {
	a := address{uri: m.uri}
	return a.party().User
}

// provisional answers the INVITE with 180 or 183, and again every minute so that no proxy's timer C fires.
func (g *Leg) provisional(status int, sdp []byte) {
	if g.in == nil || g.over() {
		return
	}
	in := g.in
	in.last = &reply{status: status, toTag: g.id, sdp: sdp,
		headers: append([]header{{"Contact", g.in.tx.hop.contact()}, {"Allow", allowMethods}}, g.supported()...)}
	if g.reliably(sdp) {
		g.sendReliable(*in.last)
		in.last = nil
	} else {
		in.tx.respond(*in.last)
	}
	in.refresh.stop()
	in.refresh = g.lane.after(g.ep.tm.refresh, g.refreshProvisional)
}

func (g *Leg) refreshProvisional() {
	if g.in == nil {
		return
	}
	switch bare := (reply{status: 183, toTag: g.id, headers: []header{{"Contact", g.in.tx.hop.contact()}}}); {
	case g.in.last != nil:
		g.in.tx.respond(*g.in.last)
	case g.in.rel.open != nil: // it is repeated as it is
	case g.asked.insists:
		g.sendReliable(bare) // a reliable one comes once: this is another
	default:
		g.in.tx.respond(bare)
	}
	g.in.refresh = g.lane.after(g.ep.tm.refresh, g.refreshProvisional)
}

// answer sends the 200. The phase is already answered.
func (g *Leg) answer(sdp []byte) {
	if g.in == nil || g.over() {
		return
	}
	in := g.in
	if in.rel.open != nil || g.offer != nil {
		in.rel.final = &sdp
		return
	}
	if in.rel.answered {
		sdp = nil // the answer is given already (RFC 3262 section 5)
	}
	g.endIncoming()
	g.accept(in.tx, sdp, in.offerless, true)
}

// endIncoming lets go of the INVITE; its transaction lives on.
func (g *Leg) endIncoming() {
	g.in.refresh.stop()
	g.in.rel.stop()
	g.in.tx.leg = nil
	g.in = nil
}

// accept answers an INVITE or re-INVITE with 200 and waits for the ACK.
func (g *Leg) accept(tx *serverTx, sdp []byte, offerless, initial bool) {
	headers := append([]header{{"Contact", tx.hop.contact()}, {"Allow", allowMethods}}, g.supported()...)
	r := reply{status: 200, toTag: g.id, sdp: sdp, headers: append(headers, g.sessionReply(tx.req)...)}
	a := &awaitAck{cseq: tx.cseq, data: tx.respond(r), hop: tx.hop, offerless: offerless, initial: initial,
		interval: g.ep.tm.t1}
	g.acks = a
	a.resend = g.lane.after(a.interval, func() { g.repeatAccept(a) })
	a.end = g.lane.after(g.ep.tm.giveUp(), func() { g.noAck(a) })
}

// repeatAccept sends the 200 again, over any transport: the loss may be beyond the next hop.
func (g *Leg) repeatAccept(a *awaitAck) {
	g.ep.stats.retransmitted.Add(1)
	g.ep.send(&a.hop, a.data, nil)
	a.interval = min(2*a.interval, g.ep.tm.t2)
	a.resend = g.lane.after(a.interval, func() { g.repeatAccept(a) })
}

// noAck gives up: the session ends by BYE (section 13.3.1.4).
func (g *Leg) noAck(a *awaitAck) {
	a.resend.stop()
	g.acks = nil
	c := Cause{Q850: 102, Text: "no ACK"}
	if a.hangup != nil {
		c = *a.hangup
	}
	g.sendBye(c)
	g.finish(Ended{By: ByTimeout, Status: 200, Q850: c.Q850, Reason: EndNoAck})
}

// onAck takes an ACK in the dialog. It belongs to the 2xx whose INVITE had its CSeq number, whatever came between.
func (g *Leg) onAck(m *message) {
	a := g.acks
	if a == nil || a.cseq != m.cseq {
		return
	}
	a.resend.stop()
	a.end.stop()
	g.acks = nil
	if a.hangup != nil {
		g.sendBye(*a.hangup)
	}
	if g.over() {
		return
	}
	if a.initial {
		g.phase.Store(phaseUp)
	}
	var sdp []byte
	if a.offerless {
		sdp = m.sdp()
	}
	if a.initial || a.offerless {
		g.emit(Confirmed{SDP: sdp})
	}
	g.sendQueuedReinvite()
}

// onCancel takes a CANCEL of the INVITE that opened the dialog (section 9.2). Once answered, it has no effect.
func (g *Leg) onCancel(tx *serverTx, m *message) {
	if g.offer != nil && g.offer.tx == tx {
		g.endOffer(reply{status: 487})
		return
	}
	if g.in == nil || g.in.tx != tx || g.over() {
		return
	}
	g.endIncoming()
	tx.respond(reply{status: 487, toTag: g.id})
	g.finish(Ended{By: ByRemote, Status: 487, Q850: parseQ850(m), Reason: EndCancelled})
}

// refuseInvite sends the final answer of a call that we do not take.
func (g *Leg) refuseInvite(c Cause) int {
	status := c.Status
	if status < 300 || status > 699 {
		status = 480
	}
	tx := g.in.tx
	g.endIncoming()
	tx.respond(reply{status: status, toTag: g.id, headers: append(causeHeaders(c), g.refusalHeaders(status)...)})
	return status
}

// causeHeaders are Reason and Retry-After of c.
func causeHeaders(c Cause) []header {
	var out []header
	if v := reasonHeader(c); v != "" {
		out = append(out, header{"Reason", v})
	}
	if c.RetryAfter > 0 {
		seconds := int((c.RetryAfter + time.Second - 1) / time.Second)
		out = append(out, header{"Retry-After", strconv.Itoa(seconds)})
	}
	return out
}
