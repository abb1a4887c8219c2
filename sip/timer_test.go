package sip

import (
	"testing"
	"time"
)

// brief are session timers that a test can wait for.
var brief = Terms{Expires: time.Second, Min: time.Second}

// usual are session timers that no test waits for: it says itself when it is time.
var usual = Terms{Expires: 1800 * time.Second, Min: 90 * time.Second}

func TestTheRefresherRefreshesInTime(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	_, out := h.dial(target, func(s *DialSpec) { s.Terms = brief })
	p.reply(p.request("INVITE"), 200, "t", string(answer), "Allow: UPDATE", "Session-Expires: 1;refresher=uac")
	next[Answered](out)
	p.request("UPDATE")
	p.reply(p.request("BYE"), 200, "", "") // it stays without an answer
	if e := next[Ended](out); e.Reason != EndExpired {
		t.Fatalf("%+v", e)
	}
}

func TestASessionIsRefreshedByEitherSideAndLivesOn(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	for _, refresher := range []string{"uac", "uas"} {
		c := p.call()
		c.invite(string(offer), "Supported: timer", "Allow: INVITE, UPDATE", "Session-Expires: 1800;refresher="+refresher)
		in := h.incoming()
		if err := in.Leg.Agree(usual); err != nil {
			t.Fatal(err)
		}
		_ = in.Leg.Answer(answer)
		ok := c.status("INVITE", 200)
		if v, _ := ok.value("session-expires"); v != "1800;refresher="+refresher {
			t.Fatalf("Session-Expires %q", v)
		}
		if ok.requires(tagTimer) != (refresher == "uac") {
			t.Fatal("Require: timer belongs to refresher=uac")
		}
		c.ack(1, "")
		next[Confirmed](in.box)
		if refresher == "uas" {
			in.Leg.do(in.Leg.refreshSession)
			m := p.request("UPDATE")
			if v, _ := m.value("session-expires"); v != "1800;refresher=uac" || len(m.body) != 0 {
				t.Fatalf("Session-Expires %q, body %q", v, m.body)
			}
			p.reply(m, 200, "", "", "Session-Expires: 1800;refresher=uac")
		} else {
			c.do("UPDATE", 2, "", "Supported: timer", "Session-Expires: 1800;refresher=uac")
			m := p.response("UPDATE", 200)
			if v, _ := m.value("session-expires"); v != "1800;refresher=uac" {
				t.Fatalf("Session-Expires %q", v)
			}
		}
		in.Leg.Hangup(Cause{})
		next[Ended](in.box)
		p.reply(p.request("BYE"), 200, "", "")
	}
}

func TestASessionThatNobodyRefreshesEndsByBye(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	_, out := h.dial(target, func(s *DialSpec) { s.Terms = brief })
	inv := p.request("INVITE")
	if v, _ := inv.value("session-expires"); v != "1" || !inv.supports(tagTimer) {
		t.Fatalf("Session-Expires %q", v)
	}
	p.reply(inv, 200, "t", string(answer), "Require: timer", "Session-Expires: 1;refresher=uas")
	next[Answered](out)
	p.reply(p.request("BYE"), 200, "", "")
	if e := next[Ended](out); e.By != ByTimeout || e.Reason != EndExpired || e.Q850 != 102 {
		t.Fatalf("%+v", e)
	}
}

func TestWhoTakesNoUpdateIsRefreshedByReinvite(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	g, out := h.dial(target, func(s *DialSpec) { s.Terms = usual })
	inv := p.request("INVITE")
	p.reply(inv, 200, "t", string(answer), "Allow: INVITE, BYE", "Session-Expires: 1800;refresher=uac")
	next[Answered](out)
	g.do(g.refreshSession)
	next[Refresh](out)
	if err := g.Reinvite(offer); err != nil {
		t.Fatal(err)
	}
	re := p.request("INVITE")
	for re.to.tag == "" { // the first one, repeated
		re = p.request("INVITE")
	}
	if v, _ := re.value("session-expires"); v != "1800;refresher=uac" {
		t.Fatalf("Session-Expires %q", v)
	}
	p.reply(re, 200, "", string(answer), "Session-Expires: 1800;refresher=uas") // they take over
	next[Reanswered](out)
	g.do(g.expire)
	p.reply(p.request("BYE"), 200, "", "")
	if e := next[Ended](out); e.Reason != EndExpired {
		t.Fatalf("%+v", e)
	}
}

func TestAPeerThatLostTheDialogEndsItAtTheRefresh(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	g, out := h.dial(target, func(s *DialSpec) { s.Terms = usual })
	p.reply(p.request("INVITE"), 200, "t", string(answer), "Allow: UPDATE", "Session-Expires: 1800;refresher=uac")
	next[Answered](out)
	g.do(g.refreshSession)
	p.reply(p.request("UPDATE"), 481, "", "")
	p.reply(p.request("BYE"), 481, "", "")
	if e := next[Ended](out); e.Reason != EndGone {
		t.Fatalf("%+v", e)
	}
}

func TestA422IsFollowedByALongerInterval(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	_, out := h.dial(target, func(s *DialSpec) { s.Terms = brief })
	inv := p.request("INVITE")
	for _, least := range []string{"90", "1800"} {
		p.reply(inv, 422, "t", "", "Min-SE: "+least)
		p.request("ACK")
		again := p.request("INVITE")
		if v, _ := again.value("session-expires"); v != least || again.cseq != inv.cseq+1 || again.callID != inv.callID {
			t.Fatalf("Session-Expires %q, CSeq %d after %d", v, again.cseq, inv.cseq)
		}
		inv = again
	}
	p.reply(inv, 422, "t", "", "Min-SE: 100") // shorter than what was asked
	p.request("ACK")
	if e := next[Ended](out); e.Status != 422 {
		t.Fatalf("%+v", e)
	}
}

func TestAnIntervalThatIsTooBriefGets422WithTheLeast(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	terms := Terms{Expires: 1800 * time.Second, Min: 90 * time.Second}
	c := p.call()
	c.invite(string(offer), "Supported: timer", "Session-Expires: 60")
	in := h.incoming()
	if err := in.Leg.Agree(terms); err != ErrTooBrief {
		t.Fatalf("agreed: %v", err)
	}
	in.Leg.Reject(Cause{Status: 422})
	if v, _ := p.response("INVITE", 422).value("min-se"); v != "90" {
		t.Fatalf("Min-SE %q", v)
	}
	for _, headers := range [][]string{
		{"x: 3600;refresher=uac", "Supported: timer"}, // we want less
		{"x: 120", "Supported: timer", "Min-SE: 200"}, // they want more
		{"x: 60"}, // of a proxy: who called does not know the extension
	} {
		p := newPeer(t, "udp", h.addr("udp"))
		c := p.call()
		c.invite(string(offer), headers...)
		in := h.incoming()
		if err := in.Leg.Agree(terms); err != nil {
			t.Fatal(err)
		}
		_ = in.Leg.Answer(answer)
		v, _ := c.status("INVITE", 200).value("session-expires")
		want := map[string]string{"x: 3600;refresher=uac": "1800;refresher=uac", "x: 120": "200;refresher=uac", "x: 60": "60;refresher=uas"}[headers[0]]
		if v != want {
			t.Errorf("%v: Session-Expires %q, want %q", headers, v, want)
		}
		c.ack(1, "")
		next[Confirmed](in.box)
		if headers[0] == "x: 120" {
			c.do("UPDATE", 2, "", "Supported: timer", "Session-Expires: 89")
			if v, _ := p.response("UPDATE", 422).value("min-se"); v != "90" {
				t.Errorf("Min-SE %q", v)
			}
		}
	}
}

func TestWithoutTermsThereIsNoSessionTimer(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer), "Supported: timer", "Session-Expires: 1800")
	in := h.incoming()
	_ = in.Leg.Answer(answer)
	if _, ok := c.status("INVITE", 200).value("session-expires"); ok {
		t.Fatal("a session timer that nobody wants")
	}
	c.ack(1, "")
	next[Confirmed](in.box)
	for _, v := range []string{"Session-Expires: 1800, Session-Expires: 5", "Session-Expires: x;refresher=y", "Session-Expires: 99999999999999999999"} {
		p.call().invite(string(offer), "Supported: timer", v) // nonsense is no interval
		h.incoming()
	}
}
