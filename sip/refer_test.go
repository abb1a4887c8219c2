package sip

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// refer sends a REFER in the call.
func (c *call) refer(cseq int, to string, more ...string) {
	c.do("REFER", cseq, "", append([]string{"Refer-To: " + to}, more...)...)
}

// notified takes the next NOTIFY of another number than before, answers it, and returns it.
func (c *call) notified(after uint32) *message {
	c.p.t.Helper()
	m := c.p.request("NOTIFY")
	for m.cseq <= after {
		m = c.p.request("NOTIFY")
	}
	c.p.reply(m, 200, "", "")
	return m
}

func TestAReferIsToldHowTheNewCallFares(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		h := startHost(t, quick())
		p := newPeer(t, network, h.addr(network))
		c, in := p.establish(h)
		c.refer(2, "<sip:agent-2@127.0.0.1:5070?Replaces=a%40b%3Bto-tag%3Dx%3Bfrom-tag%3Dy>")
		r := next[Refer](in.box)
		if r.User != "agent-2" || r.Host != "127.0.0.1" || r.Target != "sip:agent-2@127.0.0.1:5070" ||
			r.Replaces == nil || *r.Replaces != (Replaces{CallID: "a@b", ToTag: "x", FromTag: "y"}) {
			t.Fatalf("%+v %+v", r, r.Replaces)
		}
		r.Accept()
		r.Accept()
		r.Refuse(Cause{Status: 403})
		p.response("REFER", 202)
		seq := uint32(0)
		for _, status := range []int{100, 180, 200} {
			if status > 100 {
				r.Notify(status)
			}
			m := c.notified(seq)
			seq = m.cseq
			event, _ := m.value("event")
			state, _ := m.value("subscription-state")
			if !strings.HasPrefix(string(m.body), fmt.Sprintf("SIP/2.0 %d ", status)) ||
				event != "refer;id=2" || strings.HasPrefix(state, "terminated") != (status == 200) || !m.carries("message/sipfrag") {
				t.Fatalf("%s %s %q", event, state, m.body)
			}
		}
		r.Notify(200) // it is over
		c.refer(3, "<tel:+4930123>")
		r = next[Refer](in.box)
		if r.User != "+4930123" || r.Host != "" {
			t.Fatalf("%+v", r)
		}
		c.refer(4, "<sip:x@127.0.0.1>")
		p.response("REFER", 500) // one at a time
		r.Refuse(Cause{Status: 403})
		p.response("REFER", 403)
	}
}

// Whoever transferred hears that it worked before it is let go, and is let go even
// if it never says that it heard.
func TestAByeWaitsForTheNotifyBeforeIt(t *testing.T) {
	t.Parallel()
	for _, answers := range []bool{true, false} {
		h := startHost(t, quick())
		p := newPeer(t, "udp", h.addr("udp"))
		c, in := p.establish(h)
		c.refer(2, "<sip:agent-2@127.0.0.1:5070>")
		r := next[Refer](in.box)
		r.Accept()
		p.response("REFER", 202)
		seq := c.notified(0).cseq
		r.Notify(200)
		in.Leg.Hangup(Cause{Q850: 16})
		next[Ended](in.box)
		if answers {
			p.request("NOTIFY")
			c.notified(seq) // sent again: only then answered
		}
		sent := 0
		m := p.recv(wait)
		for ; m != nil && m.method == "NOTIFY"; m = p.recv(wait) {
			sent++
		}
		if m == nil || m.method != "BYE" || m.cseq != seq+2 || !answers && sent < 2 {
			t.Fatalf("after %d NOTIFYs: %+v, want the BYE after them", sent, m)
		}
	}
}

func TestAReferThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c, in := p.establish(h)
	for i, bad := range []struct {
		to     string
		status int
	}{{"", 400}, {"<sip:a@b>, <sip:c@d>", 400}, {"<http://a>", 416}, {"<sip:a@b;method=BYE>", 501}, {"<sip:a@b?Replaces=x>", 400},
		{"<sip:@>", 400}} {
		c.refer(i+2, bad.to)
		p.response("REFER", bad.status)
	}
	in.silent(10 * time.Millisecond)
	c.refer(20, "<sip:a@127.0.0.1>") // nobody decides
	next[Refer](in.box)
	p.response("REFER", 500)
}

func TestWhoWantsNoNotifyGetsNone(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c, in := p.establish(h)
	c.refer(2, "sip:a@127.0.0.1", "Refer-Sub: false", "Require: norefersub")
	r := next[Refer](in.box)
	r.Accept()
	if v, _ := p.response("REFER", 202).value("refer-sub"); v != "false" {
		t.Fatalf("Refer-Sub %q", v)
	}
	r.Notify(200)
	in.Leg.Hangup(Cause{})
	m := p.recv(wait)
	for m != nil && m.method != "BYE" {
		if m.method == "NOTIFY" {
			t.Fatal("NOTIFY")
		}
		m = p.recv(wait)
	}
	p.reply(m, 200, "", "")
}

func TestAnInviteThatReplacesADialogSaysWhichAndABadOneIsRefused(t *testing.T) {
	t.Parallel()
	a, b := startHost(t, quick()), startHost(t, quick())
	want := Replaces{CallID: "x@y", ToTag: "1", FromTag: "2", EarlyOnly: true}
	a.dial(b.target("udp"), func(s *DialSpec) { s.Replaces = &want })
	in := b.incoming()
	if in.Replaces == nil || *in.Replaces != want {
		t.Fatalf("%+v", in.Replaces)
	}
	in.Leg.Reject(Cause{Status: 486})
	p := newPeer(t, "udp", b.addr("udp"))
	for _, v := range []string{"", ";to-tag=a;from-tag=b", "x;to-tag=a", "x;to-tag=a;from-tag=b c", "x, y;to-tag=a"} {
		c := p.call()
		c.invite(string(offer), "Replaces: "+v)
		p.response("INVITE", 400)
	}
}

func TestA3xxTellsWhereToCallInstead(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, to := newPhone(t, h)
	_, out := h.dial(to)
	p.reply(p.request("INVITE"), 302, "t", "", `Contact: "A, B" <sip:a@127.0.0.1:5070;transport=tcp?Subject=x>;q=0.5, <tel:+4930>, <mailto:x@y>`)
	p.request("ACK")
	e := next[Redirected](out)
	e.Contacts = e.Contacts[1:] // the first is the peer's own
	if len(e.Contacts) != 2 || e.Contacts[0] != (Contact{"sip:a@127.0.0.1:5070;transport=tcp", "a", "127.0.0.1"}) || e.Contacts[1].User != "+4930" {
		t.Fatalf("%+v", e)
	}
	if e := next[Ended](out); e.Status != 302 {
		t.Fatalf("%+v", e)
	}
}
