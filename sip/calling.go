package sip

import (
	"strings"
	"time"

	"assent/resolver"
	"assent/terms"
)

// invite sends the INVITE to the target that is next.
func (g *Leg) invite(to resolver.Target) {
	o := g.out
	h, err := g.ep.socketFor(to.Transport, to.Addr)
	if local, ok := g.ep.socketAt(to.Transport, o.spec.Flow.Local); ok {
		h, err = local, nil
		h.addr = to.Addr
	}
	if err != nil {
		g.ep.log.quiet(noteSend, "call not placed", err)
		g.targetFailed(503)
		return
	}
	h.sips = strings.EqualFold(o.uri.Scheme, "sips")
	if h.tcp != nil && h.tcp.secure && !o.spec.Flow.Remote.IsValid() { // a flow is the connection that is there
		h.host = strings.Trim(o.uri.Host, "[]")
		g.names = []string{strings.ToLower(h.host)}
	}
	g.remote.Store(&to.Addr)
	o.course.began(g.ep, to.Addr.Addr())
	g.prepare(h)
	g.sendInvite()
}

// sendInvite sends the INVITE to a target, for the first time or as its answer asked for it.
func (g *Leg) sendInvite() {
	o := g.out
	r := g.d.request("INVITE")
	r.headers = g.inviteHeaders()
	r.contentType, r.body = sdpType, o.spec.Offer
	to := r.hop.addr.Addr()
	accept := func(m *message) bool { return m.src.Addr() == to || g.allowed(m.src) }
	tx := g.lane.start(r, accept, nil, nil)
	o.tx, o.early = tx, nil
	tx.onResponse = func(m *message) { g.onTargetAnswer(tx, m) }
	tx.onFail = func(status int) { g.onTargetFailed(tx, status) }
	g.d.hop.conn = r.hop.conn
	g.watchSilence(tx)
}

// prepare fills the dialog for a call by h.
func (g *Leg) prepare(h hop) {
	o := g.out
	host, _ := h.local()
	hops := o.spec.MaxForwards
	if hops <= 0 {
		hops = 70
	}
	g.d = dialog{callID: g.callID, localTag: g.id, local: partyValue(o.spec.From, host), remote: toValue(o),
		localSeq: g.d.localSeq, target: o.uri.String(), maxForwards: hops, hop: h, direct: h, routes: o.spec.Flow.Route,
		proven: h.host, prover: prover{creds: o.spec.Credentials}}
}

func (g *Leg) inviteHeaders() []header {
	spec := g.out.spec
	host, _ := g.d.hop.local()
	out := []header{{"Contact", g.d.hop.contact()}, {"Allow", allowMethods}, {"Accept", sdpType}}
	out = append(append(out, g.supported()...), g.sessionHeaders()...)
	if spec.Replaces != nil {
		out = append(out, header{"Replaces", spec.Replaces.header()}, header{"Require", tagReplaces})
	}
	if g.terms.Reliable == terms.Required {
		out = append(out, header{"Require", tagReliable})
	}
	if spec.Asserted != nil {
		out = append(out, header{"P-Asserted-Identity", partyValue(*spec.Asserted, host)})
	}
	if spec.Privacy != "" {
		out = append(out, header{"Privacy", clean(spec.Privacy)})
	}
	if spec.Identity != "" {
		out = append(out, header{"Identity", clean(spec.Identity)})
	}
	return out
}

// partyValue renders a party for From or P-Asserted-Identity; host stands in where it has none.
func partyValue(p Party, host string) string {
	v := ""
	if p.Display != "" {
		v = quote(p.Display) + " "
	}
	if p.Host != "" && hostName(p.Host) {
		host = bracket(strings.Trim(p.Host, "[]"))
	}
	if p.User == "" {
		return v + "<sip:" + host + ">"
	}
	return v + "<sip:" + escapeUser(p.User) + "@" + host + ">"
}

// hostName reports whether s may stand as a host in a URI.
func hostName(s string) bool {
	for i := 0; i < len(s); i++ {
		if !alnum(s[i]) && strings.IndexByte("-._:[]", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// toValue renders the To header: the spec's URI or user, else the target without parameters.
func toValue(o *calling) string {
	to := clean(o.spec.To)
	if scheme, _, ok := strings.Cut(to, ":"); ok && (strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "tel")) &&
		!strings.ContainsAny(to, "<> \"") {
		return "<" + to + ">"
	}
	user := unescapeUser(o.uri.User)
	if to != "" {
		user = to
	}
	return partyValue(Party{User: user, Host: o.uri.Host}, o.uri.Host)
}

// unreachable ends a call that got no final answer: 408 for silence, 503 where nothing could be sent.
func (g *Leg) unreachable(status int) {
	g.out.stop()
	if status == 503 {
		g.finish(Ended{By: ByTimeout, Status: status, Reason: EndTransport})
		return
	}
	g.finish(Ended{By: ByTimeout, Status: status, Reason: EndTimeout})
}

// release takes the peer of a call that we placed, or that proved who it is, off the list of those who may answer, once
// no retransmission can come any more.
func (g *Leg) release() {
	addr, ep := g.Remote().Addr(), g.ep // the timers must not keep the leg, and with it the whole call, in memory
	if g.guest {
		time.AfterFunc(2*ep.tm.giveUp(), func() { ep.dialled.remove(addr) })
	}
	if g.out == nil || len(g.out.course.tried) == 0 {
		return
	}
	tried := g.out.course.tried
	time.AfterFunc(2*ep.tm.giveUp(), func() {
		for _, addr := range tried {
			ep.dialled.remove(addr)
		}
	})
}

// ringTimeout ends a call that nobody takes.
func (g *Leg) ringTimeout() {
	if g.over() || g.out.answered {
		return
	}
	g.cancelCall(Cause{Status: 408, Q850: 19, Text: "no answer"})
	g.finish(Ended{By: ByTimeout, Status: 408, Q850: 19, Reason: EndTimeout})
}

// onCallAnswer takes every answer to our INVITE.
func (g *Leg) onCallAnswer(m *message) {
	switch {
	case m.status < 200:
		g.onProvisional(m)
	case m.status < 300:
		g.onAccepted(m)
	case g.out.cancelled == nil && g.longer(m):
		g.sendInvite()
	default:
		if m.status == 503 && g.goOn() { // RFC 3263 section 4.3
			return
		}
		g.out.stop()
		if to := contacts(m); len(to) > 0 {
			g.emit(Redirected{Contacts: to})
		}
		g.finish(Ended{By: ByRemote, Status: m.status, Q850: parseQ850(m), Reason: EndRejected, RetryAfter: retryAfter(m)})
	}
}

// onAccepted takes each 2xx: the first makes the dialog, its repetitions are acknowledged again, and those of other
// branches are acknowledged and hung up (section 13.2.2.4).
func (g *Leg) onAccepted(m *message) {
	o := g.out
	switch {
	case !o.answered:
		g.answered(m)
	case m.to.tag == g.d.remoteTag:
		h := g.d.hop
		g.ep.send(&h, o.ack, nil)
	default:
		g.forked(m)
	}
}

func (g *Leg) answered(m *message) {
	o := g.out
	o.answered = true
	o.stop()
	if e := o.branch(m.to.tag); e != nil { // the early dialog goes on
		g.d.remoteSeq, g.d.remoteSeqSet, g.d.takesUpdate = e.d.remoteSeq, e.d.remoteSeqSet, e.d.takesUpdate
	}
	g.d.direct = m.via
	g.d.remoteTag = m.to.tag
	g.peerTag.Store(&m.to.tag)
	g.d.learn(m, true, true, g.reachable)
	o.ack = g.ackFor(m.cseq, nil)
	g.ep.send(&g.d.hop, o.ack, nil)
	if g.over() {
		c := Cause{Q850: 16}
		if o.cancelled != nil {
			c = *o.cancelled
		}
		g.sendBye(c)
		return
	}
	g.phase.Store(phaseUp)
	g.sessionAgreed(m)
	g.emit(Answered{SDP: o.answerOf(m)})
}

// forked ends the dialog of another branch.
func (g *Leg) forked(m *message) {
	o := g.out
	for _, f := range o.forks {
		if f.tag == m.to.tag {
			g.ep.send(&f.hop, f.ack, nil)
			return
		}
	}
	if len(o.forks) >= maxForks {
		return
	}
	other := &Leg{ep: g.ep, lane: g.lane, id: g.id, callID: g.callID, uac: true, names: g.names}
	other.outlet.listen(nil, g.allowed)
	other.phase.Store(phaseOver)
	other.d = g.d
	other.d.localSeq = max(other.d.localSeq, m.cseq)
	other.d.remoteTag, other.d.direct = m.to.tag, m.via
	other.d.learn(m, true, true, g.reachable)
	ack := other.ackFor(m.cseq, nil)
	g.ep.send(&other.d.hop, ack, nil)
	o.forks = append(o.forks, fork{m.to.tag, other.d.hop, ack})
	other.sendBye(Cause{Q850: 26, Text: "answered elsewhere"})
}

// cancelCall gives the call up. CANCEL waits for a provisional answer (section 9.1); a 2xx that crosses it gets ACK
// and BYE.
func (g *Leg) cancelCall(c Cause) {
	o := g.out
	o.stop()
	o.cancelled = &c
	o.tx.forgo()
	if o.tx != nil && o.proceeding == o.tx.req.branch {
		g.sendCancel()
	}
}

func (g *Leg) sendCancel() {
	o := g.out
	r := o.tx.req.derive("CANCEL", o.tx.req.to)
	r.headers = causeHeaders(Cause{Q850: o.cancelled.Q850, Text: o.cancelled.Text})
	g.lane.start(r, g.acceptsFrom, func(*message) {}, func(int) {})
	g.lane.after(g.ep.tm.giveUp(), o.tx.abandon)
}

// stop ends the timers of a call that rings.
func (o *calling) stop() {
	o.ring.stop()
	o.course.silence.stop()
	o.c.stop()
}
