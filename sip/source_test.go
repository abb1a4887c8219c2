package sip

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestAStrangerGetsSilenceAndLeavesNothing(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"), "127.0.0.99")
	for i := range 50 {
		c := p.call()
		c.invite(string(offer))
		c.do("OPTIONS", i+2, "")
		p.send("garbage\r\n\r\n")
	}
	p.none(50 * time.Millisecond)
	s := h.Stats()
	if s.Received != 0 || s.Lanes != 0 || s.Unknown == 0 {
		t.Fatalf("%+v", s)
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.99")}}
	conn, err := d.Dial("tcp", h.addr("tcp"))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(wait))
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Fatal("a stranger's connection stays open")
	}
	_ = conn.Close()
}

func TestADialogHearsOnlyTheSourcesItAllows(t *testing.T) {
	h := startHost(t, quick())
	h.allowOnly(func(a netip.AddrPort) bool { return a.Addr() == netip.MustParseAddr("127.0.0.1") })
	p := newPeer(t, "udp", h.addr("udp"))
	c, in := p.establish(h)
	trunk := newPeer(t, "udp", h.addr("udp"), "127.0.0.3")
	stranger := newPeer(t, "udp", h.addr("udp"), "127.0.0.99")
	for i, method := range []string{"BYE", "INFO", "INVITE", "UPDATE"} {
		forged := *c
		forged.p = stranger
		forged.do(method, 10+i, "")
		forged.p = trunk
		forged.do(method, 10+i, "")
		trunk.response(method, 481)
	}
	stranger.none(20 * time.Millisecond)
	in.silent(10 * time.Millisecond)
	if h.Stats().Foreign != 4 {
		t.Fatalf("%+v", h.Stats())
	}
	c.do("BYE", 2, "")
	p.response("BYE", 200)
	next[Ended](in.box)
}

func TestACancelFromAnotherTrunkIsRefused(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	c.invite(string(offer))
	in := h.incoming()
	trunk := newPeer(t, "udp", h.addr("udp"), "127.0.0.3")
	trunk.send(c.request("CANCEL", 1, c.branch, ""))
	in.silent(20 * time.Millisecond)
	in.Leg.Reject(Cause{Status: 404})
	p.response("INVITE", 404)
}

func TestRequestsOutsideOfDialogsAreAnsweredWithoutState(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	for method, status := range map[string]int{"OPTIONS": 200, "BYE": 481, "CANCEL": 481, "INFO": 481, "REFER": 403,
		"SUBSCRIBE": 405, "invite": 501, "PRACK": 481} {
		c := p.call()
		p.send(c.request(method, 1, c.branch, ""))
		first := p.response(method, status)
		p.send(c.request(method, 1, c.branch, ""))
		if again := p.response(method, status); again.to.tag != first.to.tag || again.to.tag == "" {
			t.Errorf("%s: tags %q and %q", method, first.to.tag, again.to.tag)
		}
		if _, ok := first.value("allow"); (status == 405 || status == 501) && !ok {
			t.Errorf("%d to %s without Allow", status, method)
		}
	}
	c := p.call()
	c.toTag = "nobody"
	c.do("BYE", 1, "")
	p.response("BYE", 481)
	c.ack(1, "")
	p.none(20 * time.Millisecond)
	if n := h.Stats().Lanes; n != 0 {
		t.Fatalf("%d lanes", n)
	}
}

func TestAnUnreadyEndpointSaysSoToOptions(t *testing.T) {
	h := startHost(t, quick())
	h.drains.Store(true)
	p := newPeer(t, "tcp", h.addr("tcp"))
	c := p.call()
	c.do("OPTIONS", 1, "")
	p.response("OPTIONS", 503)
}

func TestAFloodOfOneCallIDIsBounded(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	release := make(chan struct{})
	h.onInvite(func(i *Invite) {
		i.Leg.Listen(func(Event) {}, nil)
		<-release
	})
	c.invite(string(offer))
	sent := 0
	for h.Stats().Overflow == 0 && sent < 20*maxQueued {
		sent++
		p.send(c.request("OPTIONS", 1+sent, fmt.Sprint(magicCookie, sent), ""))
	}
	close(release)
	if h.Stats().Overflow == 0 {
		t.Fatal("the queue has no bound")
	}
}
