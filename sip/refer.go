package sip

import (
	"strconv"
	"strings"
)

// tagNoRefer asks for a REFER without NOTIFY (RFC 4488).
const tagNoRefer = "norefersub"

// Refer is a REFER in the dialog (RFC 3515): the peer asks us to call somebody in its place. The first call of Accept or
// Refuse counts; without either it is refused after 64*T1. After Accept, Notify tells the peer how the new call fares,
// by the status of its INVITE; one of 200 and above ends that. None of them blocks, and after the leg's end they do
// nothing.
type Refer struct {
	Target   string    // the URI of Refer-To, without its headers
	User     string    // its user part, unescaped; the number of a tel URI
	Host     string    // "" of a tel URI
	Replaces *Replaces // the dialog whose place the new call is to take: an attended transfer; nil for a blind one
	Accept   func()
	Refuse   func(Cause)
	Notify   func(status int)
}

// referral is a REFER that we work on.
type referral struct {
	tx     *serverTx
	cseq   uint32 // of the REFER, which tells its NOTIFYs from others'
	silent bool   // the peer wants no NOTIFY
	end    *timer
}

// onRefer takes a REFER; one at a time (RFC 3515, section 2.4).
func (g *Leg) onRefer(tx *serverTx, m *message) {
	to, replaces, flt := referTo(m)
	switch {
	case g.over() || g.phase.Load() != phaseUp:
		tx.respond(reply{status: 481})
		return
	case flt != nil:
		tx.respond(flt.reply())
		return
	case g.referral != nil:
		tx.respond(busyReply())
		return
	}
	r := &referral{tx: tx, cseq: m.cseq, silent: m.requires(tagNoRefer)}
	if v, _ := m.value("refer-sub"); strings.EqualFold(strings.TrimSpace(v), "false") {
		r.silent = true
	}
	g.referral = r
	refuse := func(c Cause) { g.refuseReferral(r, c) }
	r.end = g.lane.after(g.ep.tm.giveUp(), func() { refuse(Cause{Status: 500}) })
	p := to.party()
	g.emit(Refer{Target: p.URI, User: p.User, Host: p.Host, Replaces: replaces,
		Accept: func() { g.do(func() { g.acceptReferral(r) }) },
		Refuse: func(c Cause) { g.do(func() { refuse(c) }) },
		Notify: func(status int) { g.do(func() { g.notifyReferral(r, status) }) },
	})
}

// referTo reads Refer-To: a SIP or tel URI that an INVITE can go to, whose only header may be Replaces.
func referTo(m *message) (to address, replaces *Replaces, flt *fault) {
	list := m.list("refer-to")
	if len(list) != 1 {
		return to, nil, &fault{400, "Want One Refer-To"}
	}
	to, ok := parseAddress(list[0])
	if !ok {
		return to, nil, &fault{400, "Bad Refer-To"}
	}
	scheme := strings.ToLower(to.uri.Scheme)
	if scheme != "sip" && scheme != "sips" && scheme != "tel" {
		return to, nil, &fault{416, statusText(416)}
	}
	if scheme != "tel" && to.uri.Host == "" {
		return to, nil, &fault{400, "Bad Refer-To"}
	}
	if method := viaParam(to.uri.UriParams, "method"); method != "" && !strings.EqualFold(method, "INVITE") {
		return to, nil, &fault{501, statusText(501)}
	}
	for _, h := range to.uri.Headers {
		if strings.EqualFold(h.K, "replaces") {
			r, err := parseReplaces(unescapeUser(h.V))
			if err != nil {
				return to, nil, &fault{400, "Bad Replaces In Refer-To"}
			}
			replaces = r
		}
	}
	to.uri.Headers = nil
	return to, replaces, nil
}

func (g *Leg) acceptReferral(r *referral) {
	if g.referral != r || r.tx == nil {
		return
	}
	r.end.stop()
	answer := reply{status: 202}
	if r.silent {
		answer.headers = []header{{"Refer-Sub", "false"}}
	}
	r.tx.respond(answer)
	r.tx = nil
	g.notifyReferral(r, 100) // the subscription's first state (RFC 3515, section 2.4.4)
}

func (g *Leg) refuseReferral(r *referral, c Cause) {
	if g.referral != r || r.tx == nil {
		return
	}
	r.end.stop()
	status := c.Status
	if status < 300 || status > 699 {
		status = 603
	}
	r.tx.respond(reply{status: status, headers: causeHeaders(c)})
	g.referral = nil
}

// notifyReferral tells the peer how the new call fares (RFC 3515, section 2.4.5).
func (g *Leg) notifyReferral(r *referral, status int) {
	if g.referral != r || r.tx != nil || g.over() {
		return
	}
	state := "active;expires=" + wholeSeconds(g.ep.tm.c)
	if status >= 200 {
		state = "terminated;reason=noresource"
		g.referral = nil
	}
	if r.silent {
		return
	}
	n := g.d.request("NOTIFY")
	n.headers = append(g.contactHeaders(), header{"Event", "refer;id=" + strconv.FormatUint(uint64(r.cseq), 10)},
		header{"Subscription-State", state})
	n.contentType = "message/sipfrag;version=2.0"
	n.body = []byte("SIP/2.0 " + strconv.Itoa(status) + " " + statusText(status) + "\r\n")
	told := func() {}
	if g.referral == nil {
		told = g.tell()
	}
	g.lane.start(n, g.acceptsFrom, func(m *message) {
		if m.status >= 300 && g.referral == r { // it does not want to know
			g.referral = nil
		}
		if m.status >= 200 {
			told()
		}
	}, func(int) { told() })
}

// telling is the last NOTIFY of a REFER, on its way.
type telling struct {
	hangup *Cause // we have hung up meanwhile
	end    *timer
}

// tell keeps a BYE back until the function that it returns is called, or for four T1.
func (g *Leg) tell() (told func()) {
	t := &telling{}
	told = func() {
		if g.telling != t {
			return
		}
		t.end.stop()
		g.telling = nil
		if t.hangup != nil {
			g.sendBye(*t.hangup)
		}
	}
	g.telling, t.end = t, g.lane.after(4*g.ep.tm.t1, told)
	return told
}
