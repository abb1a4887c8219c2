package sip

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"assent/resolver"
	"assent/resolver/dnstest"
)

// named starts a host whose names come from the zone; {0}, {1} … stand for the ports of its peers.
func named(t *testing.T, peers int, zone string) (*host, []*peer) {
	t.Helper()
	h := newHost(t, quick(), knowing, "udp://127.0.0.1:0", "tcp://127.0.0.1:0")
	server := dnstest.Start(t, "")
	var err error
	if h.dns, err = resolver.New(resolver.Config{Servers: []string{server.Addr()}, Timeout: wait}); err != nil {
		t.Fatal(err)
	}
	h.tm.dial = wait
	h.start()
	var list []*peer
	for i := range peers {
		p := newPeer(t, "udp", h.addr("udp"))
		list = append(list, p)
		port := netip.MustParseAddrPort(p.addr()).Port()
		zone = strings.ReplaceAll(zone, fmt.Sprintf("{%d}", i), fmt.Sprint(port))
	}
	server.Set(zone)
	return h, list
}

const twoGateways = `
_sip._udp.gw.example. 60 IN SRV 1 0 {0} a.gw.example.
_sip._udp.gw.example. 60 IN SRV 2 0 {1} a.gw.example.
a.gw.example. 60 IN A 127.0.0.1
`

func TestACallGoesToTheNextTargetWhereOneIsUnavailable(t *testing.T) {
	t.Parallel()
	h, peers := named(t, 2, twoGateways)
	g, out := h.dial("sip:+4930@gw.example")
	first := peers[0].request("INVITE")
	if !strings.HasPrefix(first.uriText, "sip:+4930@gw.example") {
		t.Errorf("Request-URI %s, want the name", first.uriText)
	}
	peers[0].reply(first, 100, "", "")
	peers[0].reply(first, 503, "x", "", "Retry-After: 120")
	peers[0].request("ACK")
	second := peers[1].request("INVITE")
	if second.branch() == first.branch() || second.cseq <= first.cseq || second.callID != first.callID {
		t.Error("the second attempt is no transaction of its own in the same call")
	}
	peers[1].reply(second, 200, "y", string(answer))
	next[Answered](out)
	peers[1].request("ACK")
	if g.Remote().String() != peers[1].addr() {
		t.Errorf("the leg talks to %s, want %s", g.Remote(), peers[1].addr())
	}
	g.Hangup(Cause{})
	peers[1].reply(peers[1].request("BYE"), 200, "", "")
	next[Ended](out)
}

func TestTheLastTargetsRefusalEndsTheCall(t *testing.T) {
	t.Parallel()
	h, peers := named(t, 2, twoGateways)
	_, out := h.dial("sip:+4930@gw.example")
	for i, after := range []string{"120 (maintenance)", "99999"} {
		inv := peers[i].request("INVITE")
		peers[i].reply(inv, 503, "x", "", "Retry-After: "+after)
		peers[i].request("ACK")
	}
	if e := next[Ended](out); e != (Ended{ByRemote, 503, 0, EndRejected, time.Hour}) {
		t.Errorf("%+v", e)
	}
}

func TestOtherRefusalsAreTheCallsEnd(t *testing.T) {
	t.Parallel()
	h, peers := named(t, 2, twoGateways)
	_, out := h.dial("sip:+4930@gw.example")
	peers[0].reply(peers[0].request("INVITE"), 486, "x", "")
	if e := next[Ended](out); e.Status != 486 {
		t.Errorf("%+v", e)
	}
	peers[1].none(100 * time.Millisecond)
}

func TestASilentTargetIsLeftAndRingsNobodyLater(t *testing.T) {
	t.Parallel()
	h, peers := named(t, 3, twoGateways+"_sip._udp.gw.example. 60 IN SRV 3 0 {2} a.gw.example.\n")
	g, out := h.dial("sip:+4930@gw.example", func(s *DialSpec) { s.Silence = 60 * time.Millisecond })
	slow, answering := peers[0].request("INVITE"), peers[1].request("INVITE")
	third := peers[2].request("INVITE")
	peers[2].reply(third, 180, "c", "")
	next[Ringing](out)
	peers[0].reply(slow, 180, "a", "") // too late: it gets a CANCEL
	cancel := peers[0].request("CANCEL")
	if cancel.branch() != slow.branch() || cancel.cseq != slow.cseq {
		t.Error("the CANCEL does not belong to the INVITE that was left")
	}
	peers[0].reply(cancel, 200, "a", "")
	peers[0].reply(slow, 487, "a", "")
	peers[0].request("ACK")
	peers[1].reply(answering, 200, "b", string(answer)) // too late: it is hung up
	if ack := peers[1].request("ACK"); ack.to.tag != "b" || ack.cseq != answering.cseq {
		t.Error("the ACK does not belong to the late answer")
	}
	peers[1].reply(peers[1].request("BYE"), 200, "", "")
	peers[2].reply(third, 200, "c", string(answer))
	next[Answered](out)
	peers[2].request("ACK")
	g.Hangup(Cause{})
	peers[2].reply(peers[2].request("BYE"), 200, "", "")
	next[Ended](out)
}

func TestACancelledCallTriesNoFurtherTarget(t *testing.T) {
	t.Parallel()
	h, peers := named(t, 2, twoGateways)
	g, out := h.dial("sip:+4930@gw.example")
	inv := peers[0].request("INVITE")
	peers[0].reply(inv, 180, "a", "")
	next[Ringing](out)
	g.Hangup(Cause{})
	next[Ended](out)
	peers[0].reply(peers[0].request("CANCEL"), 200, "a", "")
	peers[0].reply(inv, 503, "a", "")
	peers[0].request("ACK")
	peers[1].none(100 * time.Millisecond)
}

func TestANameThatLeadsNowhereEndsTheCall(t *testing.T) {
	t.Parallel()
	h, _ := named(t, 0, "")
	_, out := h.dial("sip:+4930@nowhere.example")
	if e := next[Ended](out); e.Reason != EndTransport || e.Status != 503 {
		t.Errorf("%+v", e)
	}
}
