package sip

import (
	"testing"
	"time"
)

func TestOneToTagStandsInEveryAnswerOfACall(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	in := h.incoming()
	in.Leg.Ring()
	tag := c.status("INVITE", 180).to.tag
	in.Leg.Progress(answer)
	if m := c.status("INVITE", 183); m.to.tag != tag {
		t.Fatalf("183 has tag %s, 180 %s", m.to.tag, tag)
	}
	cancel := c.request("CANCEL", 1, c.branch, "", "Reason: SIP;cause=200, Q.850;cause=26;text=\"x\"")
	p.send(cancel)
	if m := p.response("CANCEL", 200); m.to.tag != tag {
		t.Fatalf("200 to CANCEL has tag %s, want %s", m.to.tag, tag)
	}
	if m := p.response("INVITE", 487); m.to.tag != tag {
		t.Fatalf("487 has tag %s, want %s", m.to.tag, tag)
	}
	if e := next[Ended](in.box); e != (Ended{ByRemote, 487, 26, EndCancelled, 0}) {
		t.Fatalf("%+v", e)
	}
	p.send(c.request("ACK", 1, c.branch, ""))
	p.none(60 * time.Millisecond) // no retransmission after the ACK, beyond what was on its way
}

func TestARetransmittedInviteGetsTheLastAnswerAgain(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	in := h.incoming()
	in.Leg.Ring()
	c.status("INVITE", 180)
	c.toTag = ""
	c.invite(string(offer))
	p.response("INVITE", 180)
	in.Leg.Reject(Cause{Status: 486})
	p.response("INVITE", 486)
	c.invite(string(offer))
	p.response("INVITE", 486)
	p.response("INVITE", 486) // timer G
	if len(h.invites) != 0 {
		t.Fatal("a retransmission became a second call")
	}
}

func TestThe200IsRepeatedUntilItsAckAndThenNoMore(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	in := h.incoming()
	_ = in.Leg.Answer(answer)
	for range 3 {
		c.status("INVITE", 200)
	}
	in.silent(time.Millisecond)
	c.ack(1, "")
	next[Confirmed](in.box)
	for p.recv(10*time.Millisecond) != nil {
	}
	p.none(100 * time.Millisecond)
	if err := in.Leg.Answer(answer); err != ErrState {
		t.Fatalf("second answer: %v", err)
	}
}

func TestWithoutAckTheCallEndsByBye(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		h := startHost(t, quick())
		p := newPeer(t, network, h.addr(network))
		c := p.call()
		c.invite(string(offer))
		in := h.incoming()
		_ = in.Leg.Answer(answer)
		bye := p.request("BYE")
		p.reply(bye, 200, "", "")
		if e := next[Ended](in.box); e.By != ByTimeout || e.Reason != EndNoAck {
			t.Fatalf("%+v", e)
		}
	}
}

func TestAnAckIsMatchedToItsInviteThoughOtherRequestsCameBetween(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	in := h.incoming()
	_ = in.Leg.Answer(answer)
	c.status("INVITE", 200)
	c.do("INFO", 2, "")
	p.response("INFO", 200)
	next[Info](in.box)
	c.ack(2, "") // not the INVITE's
	in.silent(20 * time.Millisecond)
	c.ack(1, "")
	next[Confirmed](in.box)
}

func TestHangupBeforeTheAckWaitsForItWithTheBye(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	in := h.incoming()
	_ = in.Leg.Answer(answer)
	in.Leg.Hangup(Cause{Q850: 16, Text: `quoted "text"`})
	next[Ended](in.box)
	c.status("INVITE", 200)
	c.ack(1, "")
	bye := p.request("BYE")
	if parseQ850(bye) != 16 {
		t.Fatal("BYE without its cause")
	}
	p.reply(bye, 200, "", "")
	in.silent(20 * time.Millisecond)
}

func TestACancelThatCrossesThe200HasNoEffect(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	in := h.incoming()
	_ = in.Leg.Answer(answer)
	c.status("INVITE", 200)
	tag := c.toTag
	c.toTag = ""
	p.send(c.request("CANCEL", 1, c.branch, ""))
	p.response("CANCEL", 200)
	c.toTag = tag
	c.ack(1, "")
	next[Confirmed](in.box)
	c.do("BYE", 2, "")
	p.response("BYE", 200)
	if e := next[Ended](in.box); e.Reason != EndBye {
		t.Fatalf("%+v", e)
	}
}

func TestAByeBeforeTheAnswerEndsTheInviteToo(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	in := h.incoming()
	in.Leg.Ring()
	c.status("INVITE", 180)
	c.do("BYE", 2, "")
	p.response("BYE", 200)
	p.response("INVITE", 487)
	if e := next[Ended](in.box); e.Reason != EndBye {
		t.Fatalf("%+v", e)
	}
}

func TestAMergedInviteGets482(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	h.incoming()
	p.response("INVITE", 100)
	c.do("INVITE", 1, string(offer))
	p.response("INVITE", 482)
}

func TestOfferlessInviteGetsOurOfferAndTheAckBringsTheAnswer(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "tcp", h.addr("tcp"))
	c := p.call()
	c.invite("")
	in := h.incoming()
	if in.Offer != nil {
		t.Fatal("an offer where none was")
	}
	_ = in.Leg.Answer(offer)
	if m := c.status("INVITE", 200); string(m.sdp()) != string(offer) {
		t.Fatal("no offer in the 200")
	}
	c.ack(1, string(answer))
	if e := next[Confirmed](in.box); string(e.SDP) != string(answer) {
		t.Fatalf("answer %q", e.SDP)
	}
}

func TestRingingIsRepeatedForProxies(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	in := h.incoming()
	in.Leg.Ring()
	for range 3 {
		c.status("INVITE", 180)
	}
}

func TestRecordRouteComesBackAndIsFollowed(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	proxy := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	route := "<sip:" + proxy.addr() + ";lr>"
	c.invite(string(offer), "Record-Route: "+route+", <sip:10.0.0.1;lr>")
	in := h.incoming()
	_ = in.Leg.Answer(answer)
	if m := c.status("INVITE", 200); len(m.list("record-route")) != 2 {
		t.Fatal("Record-Route is missing in the 200")
	}
	c.ack(1, "")
	next[Confirmed](in.box)
	in.Leg.Hangup(Cause{})
	bye := proxy.request("BYE")
	if r := bye.list("route"); len(r) != 2 || r[0] != route {
		t.Fatalf("route %v", r)
	}
	proxy.reply(bye, 200, "", "")
}

func TestOldCSeqInADialogIsRefused(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c, in := p.establish(h)
	c.do("INFO", 5, "")
	p.response("INFO", 200)
	next[Info](in.box)
	c.do("BYE", 4, "")
	p.response("BYE", 500)
	in.silent(10 * time.Millisecond)
}

func TestEventsBeforeListenAreKept(t *testing.T) {
	got := make(chan *Invite, 1)
	h := startHost(t, quick())
	h.onInvite(func(i *Invite) { got <- i })
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	inv := <-got
	p.response("INVITE", 100)
	p.send(c.request("CANCEL", 1, c.branch, ""))
	p.response("INVITE", 487)
	b := newBox(t)
	inv.Leg.Listen(b.sink, nil)
	if e := next[Ended](b); e.Reason != EndCancelled {
		t.Fatalf("%+v", e)
	}
}

func TestAPanicInTheCallbackRefusesTheCallAndNothingElse(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	h.onInvite(func(*Invite) { panic("boom") })
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	p.response("INVITE", 500)
	p.send(c.request("ACK", 1, c.branch, ""))
	if h.stats.panics.Swap(0) != 1 {
		t.Fatal("panic not counted")
	}
	h.onInvite(nil)
	newPeer(t, "udp", h.addr("udp")).establish(h) // another one: p may hear the 500 again
}

func TestAPanicInASinkDoesNotEndTheCall(t *testing.T) {
	h := startHost(t, quick())
	h.onInvite(func(i *Invite) {
		i.Leg.Listen(func(ev Event) {
			if _, ok := ev.(Info); ok {
				panic("boom")
			}
		}, nil)
		_ = i.Leg.Answer(answer)
	})
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	c.status("INVITE", 200)
	c.ack(1, "")
	c.do("INFO", 2, "")
	p.response("INFO", 200)
	c.do("BYE", 3, "")
	p.response("BYE", 200)
	h.stats.panics.Store(0)
}
