package sip

import (
	"strings"
	"testing"
	"time"
)

func TestAnInviteIsRepeatedUntilSomethingComesBack(t *testing.T) {
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	_, out := h.dial(target)
	first := p.request("INVITE")
	again := p.request("INVITE")
	if first.branch() != again.branch() || first.hops != 69 {
		t.Fatal("a retransmission differs, or Max-Forwards is not the spec's")
	}
	p.reply(again, 100, "", "")
	for p.recv(15*time.Millisecond) != nil {
	}
	p.none(60 * time.Millisecond)
	p.reply(first, 486, "t", "", "Reason: Q.850;cause=17")
	p.request("ACK")
	if e := next[Ended](out); e != (Ended{ByRemote, 486, 17, EndRejected, 0}) {
		t.Fatalf("%+v", e)
	}
	p.reply(first, 486, "t", "") // the ACK was lost
	if ack := p.request("ACK"); ack.branch() != first.branch() || ack.to.tag != "t" || ack.cseq != first.cseq {
		t.Fatal("the ACK of a refusal belongs to the INVITE's transaction")
	}
}

func TestProvisionalAnswersBackToBackArriveInOrder(t *testing.T) {
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	for range 50 {
		g, out := h.dial(target)
		inv := p.request("INVITE")
		p.reply(inv, 100, "", "")
		p.reply(inv, 183, "t", string(answer))
		p.reply(inv, 180, "t", "")
		p.reply(inv, 200, "t", string(answer))
		next[Progress](out)
		next[Ringing](out)
		next[Answered](out)
		ack := p.request("ACK")
		if ack.cseq != inv.cseq || ack.to.tag != "t" || ack.branch() == inv.branch() {
			t.Fatal("bad ACK")
		}
		g.Hangup(Cause{})
		p.reply(p.request("BYE"), 200, "", "")
		next[Ended](out)
	}
}

func TestAnyNumberOfProvisionalAnswersIsFine(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	_, out := h.dial(target)
	inv := p.request("INVITE")
	for range 40 {
		p.reply(inv, 180, "t", "")
	}
	p.reply(inv, 200, "t", string(answer))
	next[Ringing](out)
	next[Answered](out)
	p.request("ACK")
}

func TestALostAckIsSentAgain(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	_, out := h.dial(target)
	inv := p.request("INVITE")
	p.reply(inv, 200, "t", string(answer))
	p.request("ACK")
	next[Answered](out)
	p.reply(inv, 200, "t", string(answer))
	p.request("ACK")
	out.silent(10 * time.Millisecond)
}

func TestA200AfterCancelGetsAckAndBye(t *testing.T) {
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	g, out := h.dial(target)
	inv := p.request("INVITE")
	p.reply(inv, 180, "t", "")
	next[Ringing](out)
	g.Hangup(Cause{})
	next[Ended](out)
	cancel := p.request("CANCEL")
	if cancel.branch() != inv.branch() || cancel.cseq != inv.cseq || cancel.to.tag != "" {
		t.Fatal("CANCEL must be the INVITE's twin")
	}
	p.reply(inv, 200, "t", string(answer)) // crossed
	p.reply(cancel, 200, "t", "")
	p.request("ACK")
	p.reply(p.request("BYE"), 200, "", "")
	out.silent(20 * time.Millisecond)
}

func TestCancelWaitsForAProvisionalAnswer(t *testing.T) {
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	g, out := h.dial(target)
	inv := p.request("INVITE")
	g.Hangup(Cause{})
	next[Ended](out)
	if m := p.recv(30 * time.Millisecond); m != nil && m.method != "INVITE" {
		t.Fatalf("%s before any answer", m.method)
	}
	p.reply(inv, 100, "", "")
	cancel := p.request("CANCEL")
	p.reply(cancel, 200, "", "")
	p.reply(inv, 487, "t", "")
	p.request("ACK")
}

func TestTheAnswerOfASecondBranchIsHungUp(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	_, out := h.dial(target)
	inv := p.request("INVITE")
	p.reply(inv, 200, "one", string(answer))
	p.reply(inv, 200, "two", string(answer))
	next[Answered](out)
	if m := p.request("ACK"); m.to.tag != "one" {
		t.Fatalf("ACK for %s", m.to.tag)
	}
	if m := p.request("ACK"); m.to.tag != "two" || m.cseq != inv.cseq {
		t.Fatalf("ACK for %s", m.to.tag)
	}
	bye := p.request("BYE")
	if bye.to.tag != "two" {
		t.Fatalf("BYE for %s", bye.to.tag)
	}
	p.reply(bye, 200, "", "")
	out.silent(20 * time.Millisecond)
}

func TestASilentStationTimesOut(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	_, target := newPhone(t, h)
	_, out := h.dial(target)
	if e := next[Ended](out); e != (Ended{ByTimeout, 408, 0, EndTimeout, 0}) {
		t.Fatalf("%+v", e)
	}
}

func TestTimerCEndsEndlessRinging(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	_, out := h.dial(target)
	inv := p.request("INVITE")
	p.reply(inv, 180, "t", "")
	next[Ringing](out)
	if e := next[Ended](out); e.By != ByTimeout || e.Status != 408 {
		t.Fatalf("%+v", e)
	}
	p.reply(p.request("CANCEL"), 200, "t", "")
	p.reply(inv, 487, "t", "")
}

func TestAnUnreachableTCPStationIsReportedAtOnce(t *testing.T) {
	h := startHost(t, quick())
	_, out := h.dial("sip:agent@127.0.0.1:1;transport=tcp")
	if e := next[Ended](out); e != (Ended{ByTimeout, 503, 0, EndTransport, 0}) {
		t.Fatalf("%+v", e)
	}
}

func TestANameIsLookedUp(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	_, port, _ := strings.Cut(p.addr(), ":")
	_, out := h.dial("sip:agent@localhost:" + port)
	inv := p.request("INVITE")
	p.reply(inv, 603, "t", "")
	if e := next[Ended](out); e.Status != 603 {
		t.Fatalf("%+v", e)
	}
	_, out = h.dial("sip:agent@no-such-host.invalid")
	if e := next[Ended](out); e.Reason != EndTransport {
		t.Fatalf("%+v", e)
	}
}

func TestDialRefusesBadTargets(t *testing.T) {
	h := startHost(t, quick(), "udp://127.0.0.1:0")
	for _, target := range []string{"", "agent", "sips:a@127.0.0.1", "tel:123", "sip:a@127.0.0.1;transport=tls",
		"sip:a@127.0.0.1;transport=tcp", "sip:a@127.0.0.1\r\nEvil: 1"} {
		if _, err := h.Dial(DialSpec{Target: target, Offer: offer}, nil); err == nil {
			t.Errorf("%q was dialled", target)
		}
	}
}

func TestNothingThatWeAreGivenCanBreakAHeader(t *testing.T) {
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	h.dial(target, func(s *DialSpec) {
		s.From = Party{User: "a\r\nEvil: 1", Display: "x\"\r\nEvil: 2", Host: "h\r\nEvil: 3"}
		s.To, s.Privacy = "b\r\nEvil: 4", "id\r\nEvil: 5"
		s.Asserted = &Party{User: "c>\r\nEvil: 6"}
	})
	inv := p.request("INVITE")
	if _, ok := inv.value("evil"); ok {
		t.Fatal("a header was injected")
	}
	p.reply(inv, 486, "t", "")
}

func TestAnUnlistedStationMayAnswerAndSpeakInItsDialogAndNoMore(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"), "127.0.0.99")
	c := p.call()
	c.invite(string(offer))
	p.none(30 * time.Millisecond)
	_, out := h.dial("sip:agent@" + p.addr())
	inv := p.request("INVITE")
	p.reply(inv, 200, "t", string(answer))
	p.request("ACK")
	next[Answered](out)
	c.do("INVITE", 2, string(offer))
	c.do("OPTIONS", 3, "")
	p.none(30 * time.Millisecond)
	d := &call{p: p, id: inv.callID, tag: "t", toTag: inv.from.tag, target: target(inv)}
	d.do("BYE", 1, "")
	p.response("BYE", 200)
	if e := next[Ended](out); e.By != ByRemote || e.Reason != EndBye {
		t.Fatalf("%+v", e)
	}
}

// target is the Contact URI of a message.
func target(m *message) string {
	c, _ := m.contact()
	return c.uri.String()
}

func TestAnAnswerFromAStrangerIsNotHeard(t *testing.T) {
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	_, out := h.dial(target)
	inv := p.request("INVITE")
	other := newPeer(t, "udp", h.addr("udp"), "127.0.0.2")
	other.reply(inv, 200, "evil", string(answer))
	out.silent(20 * time.Millisecond)
	p.reply(inv, 486, "t", "")
	if e := next[Ended](out); e.Status != 486 {
		t.Fatalf("%+v", e)
	}
	if h.Stats().Foreign == 0 {
		t.Fatal("not counted")
	}
}
