package sip

import (
	"testing"
	"time"
)

// pair is a confirmed call between two endpoints.
func pair(t *testing.T, network string) (uac *Leg, out *box, in inbound) {
	a, b := startHost(t, quick()), startHost(t, quick())
	g, out := a.dial(b.target(network))
	in = b.incoming()
	if err := in.Leg.Answer(answer); err != nil {
		t.Fatal(err)
	}
	next[Answered](out)
	next[Confirmed](in.box)
	return g, out, in
}

func TestAReinviteIsOfferedAndAnsweredInBothDirections(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		g, out, in := pair(t, network)
		for _, d := range []struct {
			from     *Leg
			mine, to *box
		}{{g, out, in.box}, {in.Leg, in.box, out}} {
			if err := d.from.Reinvite([]byte("hold")); err != nil {
				t.Fatal(err)
			}
			r := next[Reoffer](d.to)
			if string(r.SDP) != "hold" {
				t.Fatalf("offer %q", r.SDP)
			}
			r.Accept([]byte("held"))
			r.Accept([]byte("twice"))
			r.Refuse(Cause{Status: 488})
			if e := next[Reanswered](d.mine); string(e.SDP) != "held" {
				t.Fatalf("answer %q", e.SDP)
			}
		}
		out.silent(20 * time.Millisecond)
		in.silent(time.Millisecond)
	}
}

func TestARefusedReinviteLeavesTheCallAsItWas(t *testing.T) {
	g, out, in := pair(t, "udp")
	_ = g.Reinvite([]byte("x"))
	if err := g.Reinvite([]byte("y")); err != ErrPending {
		t.Fatalf("second: %v", err)
	}
	next[Reoffer](in.box).Refuse(Cause{Status: 488})
	if e := next[ReinviteFailed](out); e.Status != 488 {
		t.Fatalf("%+v", e)
	}
	if err := in.Leg.Info("a/b", []byte("x")); err != nil {
		t.Fatal(err)
	}
	next[Info](out)
}

func TestAnOfferlessReinviteBringsTheAnswerInTheAck(t *testing.T) {
	g, out, in := pair(t, "udp")
	if err := g.Reinvite(nil); err != nil {
		t.Fatal(err)
	}
	r := next[Reoffer](in.box)
	if r.SDP != nil {
		t.Fatal("it was to be offerless")
	}
	r.Accept([]byte("our offer"))
	got := next[Reoffer](out)
	if string(got.SDP) != "our offer" {
		t.Fatalf("offer %q", got.SDP)
	}
	got.Accept([]byte("their answer"))
	if e := next[Confirmed](in.box); string(e.SDP) != "their answer" {
		t.Fatalf("answer %q", e.SDP)
	}
	_ = g.Reinvite([]byte("free again"))
	next[Reoffer](in.box).Accept(answer)
	next[Reanswered](out)
}

func TestAnOfferInA200CanOnlyBeRefusedByBye(t *testing.T) {
	g, out, in := pair(t, "udp")
	_ = g.Reinvite(nil)
	next[Reoffer](in.box).Accept([]byte("our offer"))
	next[Reoffer](out).Refuse(Cause{Status: 488})
	if e := next[Ended](out); e.Reason != EndRefused {
		t.Fatalf("%+v", e)
	}
	next[Confirmed](in.box)
	next[Ended](in.box)
}

func TestCrossingReinvitesBothSucceedInTheEnd(t *testing.T) {
	g, out, in := pair(t, "udp")
	_ = g.Reinvite([]byte("a"))
	_ = in.Leg.Reinvite([]byte("b"))
	reanswered := map[string]bool{}
	deadline := time.After(wait)
	for len(reanswered) < 2 {
		var ev Event
		var who string
		select {
		case ev = <-out.ch:
			who = "uac"
		case ev = <-in.ch:
			who = "uas"
		case <-deadline:
			t.Fatalf("only %v got through", reanswered)
		}
		switch e := ev.(type) {
		case Reoffer:
			e.Accept([]byte("ok"))
		case Reanswered:
			reanswered[who] = true
		default:
			t.Fatalf("unexpected %T", ev)
		}
	}
}

func TestAReinviteThatMeets491OnAndOnFailsWithIt(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	_, in := p.establish(h)
	_ = in.Leg.Reinvite(offer)
	seq := uint32(0)
	for range maxReinvites {
		inv := p.request("INVITE")
		if inv.cseq <= seq {
			t.Fatal("a new attempt needs a new CSeq")
		}
		seq = inv.cseq
		p.reply(inv, 491, "", "")
		p.request("ACK")
	}
	if e := next[ReinviteFailed](in.box); e.Status != 491 {
		t.Fatalf("%+v", e)
	}
}

func TestAReinviteWhileOursIsOutstandingGets491(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c, in := p.establish(h)
	_ = in.Leg.Reinvite(offer)
	inv := p.request("INVITE")
	p.reply(inv, 100, "", "")
	c.do("INVITE", 2, string(offer))
	p.response("INVITE", 491)
	p.reply(inv, 200, "", string(answer))
	p.request("ACK")
	next[Reanswered](in.box)
}

func TestASecondOfferBeforeTheFirstIsAnsweredGets500(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c, in := p.establish(h)
	c.do("INVITE", 2, string(offer))
	r := next[Reoffer](in.box)
	c.do("UPDATE", 3, string(offer))
	if m := p.response("UPDATE", 500); len(m.list("retry-after")) == 0 {
		t.Fatal("no Retry-After")
	}
	r.Accept(answer)
	p.response("INVITE", 200)
	c.ack(2, "")
	c.do("UPDATE", 4, string(offer))
	next[Reoffer](in.box).Accept(answer)
	p.response("UPDATE", 200)
	c.do("UPDATE", 5, "")
	p.response("UPDATE", 200)
	in.silent(10 * time.Millisecond)
}

func TestACancelledReinviteEndsWith487AndTheCallGoesOn(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c, in := p.establish(h)
	branch := magicCookie + "re"
	p.send(c.request("INVITE", 2, branch, string(offer)))
	r := next[Reoffer](in.box)
	p.send(c.request("CANCEL", 2, branch, ""))
	p.response("CANCEL", 200)
	p.response("INVITE", 487)
	p.send(c.request("ACK", 2, branch, ""))
	r.Accept(answer)
	in.silent(20 * time.Millisecond)
	c.do("BYE", 3, "")
	p.response("BYE", 200)
	next[Ended](in.box)
}

func TestAnUnansweredOfferIsRefusedInTime(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c, in := p.establish(h)
	c.do("INVITE", 2, string(offer))
	next[Reoffer](in.box)
	p.response("INVITE", 500)
}

func TestAReinviteWithoutAckEndsTheCall(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c, in := p.establish(h)
	c.do("INVITE", 2, string(offer))
	next[Reoffer](in.box).Accept(answer)
	p.response("INVITE", 200)
	p.reply(p.request("BYE"), 200, "", "")
	if e := next[Ended](in.box); e.Reason != EndNoAck {
		t.Fatalf("%+v", e)
	}
}

func TestADialogThatThePeerHasLostEnds(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	_, in := p.establish(h)
	_ = in.Leg.Reinvite(offer)
	p.reply(p.request("INVITE"), 481, "", "")
	p.reply(p.request("BYE"), 481, "", "")
	if e := next[Ended](in.box); e.Reason != EndGone || e.Status != 481 {
		t.Fatalf("%+v", e)
	}
}

func TestCrossingByesAreBothAnswered(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c, in := p.establish(h)
	in.Leg.Hangup(Cause{})
	next[Ended](in.box)
	bye := p.request("BYE")
	c.do("BYE", 2, "")
	p.response("BYE", 200)
	p.reply(bye, 200, "", "")
	in.silent(20 * time.Millisecond)
}

func TestHangupDuringAReinviteAcknowledgesItsLate200(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	_, in := p.establish(h)
	_ = in.Leg.Reinvite(offer)
	inv := p.request("INVITE")
	in.Leg.Hangup(Cause{})
	next[Ended](in.box)
	p.reply(inv, 200, "", string(answer))
	var ack, bye bool
	for !ack || !bye {
		m := p.recv(wait)
		if m == nil {
			t.Fatalf("ack %t bye %t", ack, bye)
		}
		ack = ack || m.method == "ACK"
		if m.method == "BYE" && !bye {
			bye = true
			p.reply(m, 200, "", "")
		}
	}
}
