package sip

import (
	"strings"
	"testing"
	"time"

	"assent/auth"
)

var carrierUser = auth.Credentials{User: "acme", Password: "s3cret", Realm: "carrier"}

// unhurried are timers without retransmissions, so that each message of a test comes once.
func unhurried() timers {
	tm := quick()
	tm.t1, tm.t2 = wait, wait
	return tm
}

func withCredentials(c auth.Credentials) func(*DialSpec) {
	return func(s *DialSpec) { s.Credentials = c }
}

// ask refuses a request with a challenge of a guard.
func (p *peer) ask(g *auth.Guard, m *message, status int, stale bool) {
	p.t.Helper()
	name := "WWW-Authenticate: "
	if status == 407 {
		name = "Proxy-Authenticate: "
	}
	var h []string
	for _, v := range g.Challenge(m.src.Addr(), stale, time.Now()) {
		h = append(h, name+v)
	}
	p.reply(m, status, "asks", "", h...)
}

// proven checks the credentials that a request shows.
func (p *peer) proven(g *auth.Guard, m *message, header string) {
	p.t.Helper()
	_, v := g.Check(auth.Request{Method: m.method, Source: m.src.Addr(), Proofs: m.values(header)},
		func(user string) (string, bool) { return carrierUser.Password, user == carrierUser.User }, time.Now())
	if v != auth.Proven {
		p.t.Fatalf("%s shows %q: verdict %d", m.method, m.values(header), v)
	}
}

func TestAChallengedCallIsPlacedWithCredentialsAndAnswered(t *testing.T) {
	t.Parallel()
	for _, status := range []int{401, 407} {
		h := startHost(t, unhurried())
		p, target := newPhone(t, h)
		g := auth.NewGuard("carrier", nil)
		leg, b := h.dial(target, withCredentials(carrierUser))
		first := p.request("INVITE")
		if first.values("authorization") != nil {
			t.Error("credentials before anybody asked")
		}
		p.reply(first, 100, "", "")
		p.ask(g, first, status, false)
		ack := p.request("ACK")
		if ack.branch() != first.branch() || ack.cseq != first.cseq {
			t.Errorf("the ACK of the challenge has branch %s and CSeq %d", ack.branch(), ack.cseq)
		}
		header := map[int]string{401: "authorization", 407: "proxy-authorization"}[status]
		second := p.request("INVITE")
		p.proven(g, second, header)
		if second.cseq != first.cseq+1 || second.callID != first.callID || second.from.tag != first.from.tag || second.branch() == first.branch() || string(second.body) != string(offer) {
			t.Errorf("the INVITE came again as %+v", second)
		}
		p.ask(g, first, status, false) // a retransmission is acknowledged, and nothing else
		if m := p.request("ACK"); m.branch() != first.branch() {
			t.Error("the challenge's repetition was acknowledged as another transaction")
		}
		p.reply(second, 200, "phone", string(answer))
		next[Answered](b)
		if ack := p.request("ACK"); ack.cseq != second.cseq || len(ack.values(header)) != 1 || ack.values(header)[0] != second.values(header)[0] {
			t.Errorf("the ACK shows %q, want what its INVITE showed (section 22.1)", ack.values(header))
		}
		leg.Hangup(Cause{})
		bye := p.request("BYE")
		p.ask(g, bye, status, false)
		bye = p.request("BYE")
		p.proven(g, bye, header)
		p.reply(bye, 200, "", "")
		next[Ended](b)
	}
}

func TestCredentialsAreShownTwiceAtMostAndTheCallThenFails(t *testing.T) {
	t.Parallel()
	h := startHost(t, unhurried())
	p, target := newPhone(t, h)
	g := auth.NewGuard("carrier", nil)
	_, b := h.dial(target, withCredentials(carrierUser))
	p.ask(g, p.request("INVITE"), 401, false)
	p.request("ACK")
	p.ask(g, p.request("INVITE"), 401, true) // its nonce was too old
	p.request("ACK")
	third := p.request("INVITE")
	p.proven(g, third, "authorization")
	if len(third.values("authorization")) != 1 {
		t.Errorf("%d proofs, want the newest alone", len(third.values("authorization")))
	}
	p.ask(g, third, 401, true)
	if e := next[Ended](b); e.Status != 401 || e.Reason != EndRejected {
		t.Errorf("ended as %+v", e)
	}
}

func TestWrongCredentialsAreNotShownAgain(t *testing.T) {
	t.Parallel()
	h := startHost(t, unhurried())
	p, target := newPhone(t, h)
	g := auth.NewGuard("carrier", nil)
	_, b := h.dial(target, withCredentials(carrierUser))
	p.ask(g, p.request("INVITE"), 401, false)
	p.request("ACK")
	p.ask(g, p.request("INVITE"), 401, false)
	if e := next[Ended](b); e.Status != 401 {
		t.Errorf("ended as %+v", e)
	}
}

func TestCredentialsAreShownToNoOtherRealmAndNotOnACallToUs(t *testing.T) {
	t.Parallel()
	h := startHost(t, unhurried())
	p, target := newPhone(t, h)
	_, b := h.dial(target, withCredentials(carrierUser))
	p.ask(auth.NewGuard("phisher", nil), p.request("INVITE"), 407, false)
	if e := next[Ended](b); e.Status != 407 {
		t.Errorf("ended as %+v", e)
	}
	p.request("ACK")

	_, in := p.establish(h)
	in.Leg.Hangup(Cause{})
	p.ask(auth.NewGuard("carrier", nil), p.request("BYE"), 401, false)
	next[Ended](in.box)
	p.none(100 * time.Millisecond)
}

// A call that is given up while its challenge is on its way is not placed again.
func TestAChallengeThatCrossesACancelPlacesNoCall(t *testing.T) {
	t.Parallel()
	h := startHost(t, unhurried())
	p, target := newPhone(t, h)
	leg, b := h.dial(target, withCredentials(carrierUser))
	invite := p.request("INVITE")
	p.reply(invite, 180, "asks", "")
	next[Ringing](b)
	leg.Hangup(Cause{})
	next[Ended](b)
	p.reply(p.request("CANCEL"), 200, "asks", "")
	p.ask(auth.NewGuard("carrier", nil), invite, 401, false)
	p.request("ACK")
	p.none(100 * time.Millisecond)
}

func TestAReInviteIsRepeatedWithCredentials(t *testing.T) {
	t.Parallel()
	h := startHost(t, unhurried())
	p, target := newPhone(t, h)
	g := auth.NewGuard("carrier", nil)
	leg, b := h.dial(target, withCredentials(carrierUser))
	p.reply(p.request("INVITE"), 200, "phone", string(answer))
	next[Answered](b)
	p.request("ACK")
	if err := leg.Reinvite(answer); err != nil {
		t.Fatal(err)
	}
	p.ask(g, p.request("INVITE"), 401, false)
	p.request("ACK")
	again := p.request("INVITE")
	p.proven(g, again, "authorization")
	p.reply(again, 200, "phone", string(offer))
	if e := next[Reanswered](b); !strings.HasPrefix(string(e.SDP), "v=0") {
		t.Errorf("answer %q", e.SDP)
	}
	if ack := p.request("ACK"); ack.cseq != again.cseq || len(ack.values("authorization")) != 1 {
		t.Errorf("acknowledged by CSeq %d with %q", ack.cseq, ack.values("authorization"))
	}
	leg.Hangup(Cause{})
	p.reply(p.request("BYE"), 200, "", "")
	next[Ended](b)
}
