package sip

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"assent/terms"
)

// rseq is the RSeq of a message, which must require 100rel.
func rseq(t testing.TB, m *message) string {
	t.Helper()
	v, ok := m.value("rseq")
	if !ok || !m.requires(tagReliable) {
		t.Fatalf("%d is not reliable", m.status)
	}
	return v
}

func (c *call) prack(cseq int, rseq, body string) {
	c.do("PRACK", cseq, body, "RAck: "+rseq+" 1 INVITE")
}

// reliableCall is a call whose caller can do 100rel and whose callee sent 183 with SDP.
func reliableCall(t *testing.T, terms Terms) (*call, inbound, *message) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer), "Supported: 100rel")
	in := h.incoming()
	if err := in.Leg.Agree(terms); err != nil {
		t.Fatal(err)
	}
	in.Leg.Progress(answer)
	return c, in, c.status("INVITE", 183)
}

func TestAReliableProgressIsRepeatedUntilItsPrackAndTheAnswerWaitsForIt(t *testing.T) {
	t.Parallel()
	c, in, first := reliableCall(t, Terms{Reliable: terms.Supported})
	if err := in.Leg.Answer(answer); err != nil {
		t.Fatal(err)
	}
	seq := rseq(t, first)
	for range 2 {
		if again := c.status("INVITE", 183); rseq(t, again) != seq {
			t.Fatal("a repetition has another RSeq")
		}
	}
	c.prack(2, "1", "") // of nothing that was sent
	c.p.response("PRACK", 481)
	c.prack(3, seq, "")
	c.p.response("PRACK", 200)
	ok := c.status("INVITE", 200)
	if len(ok.body) != 0 {
		t.Fatal("the answer was given twice")
	}
	c.ack(1, "")
	next[Confirmed](in.box)
	c.prack(4, seq, "") // once more, under another branch
	c.p.response("PRACK", 481)
}

func TestReliableAnswersFollowOneAnother(t *testing.T) {
	t.Parallel()
	c, in, first := reliableCall(t, Terms{Reliable: terms.Supported})
	in.Leg.Progress(offer)
	seq := rseq(t, first)
	c.prack(2, seq, "")
	c.p.response("PRACK", 200)
	for {
		m := c.p.response("INVITE", 183)
		if next := rseq(t, m); next != seq {
			var a, b int
			_, _ = fmt.Sscan(seq, &a)
			_, _ = fmt.Sscan(next, &b)
			if b != a+1 {
				t.Fatalf("RSeq %d after %d", b, a)
			}
			return
		}
	}
}

func TestACallWithoutPrackIsRefused(t *testing.T) {
	t.Parallel()
	c, in, _ := reliableCall(t, Terms{Reliable: terms.Supported})
	c.p.response("INVITE", 504)
	if e := next[Ended](in.box); e.Status != 504 || e.Reason != EndNoAck {
		t.Fatalf("%+v", e)
	}
}

func TestAPrackMayBringAnOfferAndAnUpdateAnother(t *testing.T) {
	t.Parallel()
	c, in, first := reliableCall(t, Terms{Reliable: terms.Supported})
	c.do("UPDATE", 2, "early") // the first offer has no answer yet, as far as its sender knows
	if m := c.p.response("UPDATE", 500); len(m.list("retry-after")) == 0 {
		t.Fatal("no Retry-After")
	}
	c.prack(3, rseq(t, first), "second offer")
	r := next[Reoffer](in.box)
	if string(r.SDP) != "second offer" {
		t.Fatalf("offer %q", r.SDP)
	}
	_ = in.Leg.Answer(nil)
	r.Accept([]byte("second answer"))
	if m := c.p.response("PRACK", 200); string(m.body) != "second answer" {
		t.Fatalf("answer %q", m.body)
	}
	c.status("INVITE", 200)
	c.ack(1, "")
	next[Confirmed](in.box)
}

func TestAnUpdateInAnEarlyDialogIsAnswered(t *testing.T) {
	t.Parallel()
	c, in, first := reliableCall(t, Terms{Reliable: terms.Supported})
	c.prack(2, rseq(t, first), "")
	c.p.response("PRACK", 200)
	c.do("UPDATE", 3, "early offer")
	next[Reoffer](in.box).Accept([]byte("early answer"))
	if m := c.p.response("UPDATE", 200); string(m.body) != "early answer" {
		t.Fatalf("answer %q", m.body)
	}
	c.do("UPDATE", 4, "")
	c.p.response("UPDATE", 200)
	in.Leg.Reject(Cause{Status: 486})
	c.p.response("INVITE", 486)
}

func TestTermsDecideOn100rel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		terms       string
		header      string
		fails       error
		refused     int
		is, reliabl string
	}{
		{terms: terms.Off, header: "Supported: 100rel"},
		{terms: terms.Off, header: "Require: 100rel", fails: ErrReliableOff, refused: 420, is: "unsupported"},
		{terms: terms.Required, header: "Subject: none", fails: ErrNotReliable, refused: 421, is: "require"},
		{terms: terms.Required, header: "Supported: timer, 100REL", reliabl: "yes"},
		{terms: "", header: "Require: 100rel", reliabl: "yes"},
		{terms: "", header: "Supported: 100rel"},
	} {
		h := startHost(t, quick())
		p := newPeer(t, "udp", h.addr("udp"))
		call := p.call()
		call.invite(string(offer), c.header)
		in := h.incoming()
		if err := in.Leg.Agree(Terms{Reliable: c.terms}); err != c.fails {
			t.Fatalf("%+v: %v", c, err)
		}
		if c.fails != nil {
			in.Leg.Reject(Cause{Status: c.refused})
			if m := p.response("INVITE", c.refused); !hasToken(m.list(c.is), tagReliable) {
				t.Errorf("%d does not name 100rel in %s", c.refused, c.is)
			}
			continue
		}
		in.Leg.Progress(answer)
		m := call.status("INVITE", 183)
		if _, is := m.value("rseq"); is != (c.reliabl != "") {
			t.Errorf("%+v: reliable %t", c, is)
		}
	}
}

func TestUnknownExtensionsAreRefusedByNameAndKnownOnesAreNot(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	p.call().invite(string(offer), "Require: 100rel, teleport, timer")
	if m := p.response("INVITE", 420); strings.Join(m.list("unsupported"), ",") != "teleport" {
		t.Fatalf("unsupported %q", m.list("unsupported"))
	}
}

func TestAStationsReliableAnswersGetTheirPrack(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		a, b := startHost(t, quick()), startHost(t, quick())
		reliable := func(s *DialSpec) { s.Terms = Terms{Reliable: terms.Supported} }
		_, out := a.dial(b.target(network), reliable)
		in := b.incoming()
		if err := in.Leg.Agree(Terms{Reliable: terms.Required}); err != nil {
			t.Fatal(err)
		}
		in.Leg.Ring()
		in.Leg.Progress([]byte("early"))
		_ = in.Leg.Answer([]byte("late"))
		next[Ringing](out)
		if e := next[Progress](out); string(e.SDP) != "early" {
			t.Fatalf("%q", e.SDP)
		}
		if e := next[Answered](out); e.SDP != nil {
			t.Fatalf("a second answer: %q", e.SDP)
		}
		next[Confirmed](in.box)
	}
}

func TestReliableAnswersOutOfOrderAreNeitherHeardNorAcknowledged(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	_, out := h.dial(target, func(s *DialSpec) { s.Terms = Terms{Reliable: terms.Supported} })
	inv := p.request("INVITE")
	if !inv.supports(tagReliable) || inv.requires(tagReliable) {
		t.Fatal("100rel is not offered, or insisted on")
	}
	p.reply(inv, 183, "t", "one", "Require: 100rel", "RSeq: 7")
	if m := p.request("PRACK"); rack(m) != "7 1 INVITE" || m.to.tag != "t" {
		t.Fatalf("RAck %q", rack(m))
	} else {
		p.reply(m, 200, "", "")
	}
	p.reply(inv, 180, "t", "", "Require: 100rel", "RSeq: 9") // 8 is missing
	p.reply(inv, 181, "t", "", "Require: 100rel", "RSeq: 8")
	m := p.request("PRACK")
	for rack(m) == "7 1 INVITE" { // repeated before our 200 was there
		m = p.request("PRACK")
	}
	if rack(m) != "8 1 INVITE" {
		t.Fatalf("RAck %q", rack(m))
	}
	p.reply(m, 200, "", "")
	next[Progress](out)
	if e := next[Ringing](out); e.Status != 181 {
		t.Fatalf("%+v", e)
	}
	p.reply(inv, 200, "t", "")
	next[Answered](out)
	if ack := p.request("ACK"); ack.cseq != inv.cseq {
		t.Fatal("bad ACK")
	}
}

func rack(m *message) string { v, _ := m.value("rack"); return v }

func TestEachBranchOfAForkedCallHasItsOwnEarlyDialog(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, phone := newPhone(t, h)
	_, out := h.dial(phone, func(s *DialSpec) { s.Terms = Terms{Reliable: terms.Supported} })
	inv := p.request("INVITE")
	tags := map[string]bool{}
	for _, tag := range []string{"one", "two"} {
		p.reply(inv, 183, tag, "sdp of "+tag, "Require: 100rel", "RSeq: 1")
		m := p.request("PRACK")
		for m.to.tag != tag { // the one before, repeated
			m = p.request("PRACK")
		}
		tags[m.to.tag] = true
		p.reply(m, 200, "", "")
		next[Progress](out)
	}
	if len(tags) != 2 {
		t.Fatalf("PRACKs for %v", tags)
	}
	d := &call{p: p, id: inv.callID, tag: "one", toTag: inv.from.tag, target: target(inv)}
	d.do("UPDATE", 50, "no") // not the branch that is heard
	p.response("UPDATE", 491)
	d = &call{p: p, id: inv.callID, tag: "two", toTag: inv.from.tag, target: target(inv)}
	d.do("UPDATE", 5, "yes")
	next[Reoffer](out).Accept(answer)
	p.response("UPDATE", 200)
	p.reply(inv, 200, "one", "")
	if e := next[Answered](out); string(e.SDP) != "sdp of one" {
		t.Fatalf("the answer of the branch is %q", e.SDP)
	}
	p.request("ACK")
	d = &call{p: p, id: inv.callID, tag: "one", toTag: inv.from.tag, target: target(inv)}
	d.do("BYE", 40, "") // lower than its UPDATE
	p.response("BYE", 500)
	d.do("BYE", 51, "")
	p.response("BYE", 200)
	next[Ended](out)
}

func TestACancelCrossesAReliableAnswer(t *testing.T) {
	t.Parallel()
	c, in, _ := reliableCall(t, Terms{Reliable: terms.Supported})
	_ = in.Leg.Answer(answer) // waits for the PRACK
	c.toTag = ""
	c.p.send(c.request("CANCEL", 1, c.branch, ""))
	c.p.response("CANCEL", 200)
	c.p.response("INVITE", 487)
	if e := next[Ended](in.box); e.Reason != EndCancelled {
		t.Fatalf("%+v", e)
	}
	in.silent(10 * time.Millisecond)
}
