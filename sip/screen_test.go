package sip

import (
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
)

// startScreened makes an endpoint whose kernel drops what does not come from networks.
func startScreened(t *testing.T, networks *atomic.Pointer[[]netip.Prefix]) *host {
	t.Helper()
	h := &host{t: t, invites: make(chan inbound, 16)}
	e, err := newEndpoint(Config{Listen: []string{"udp://127.0.0.1:0", "tcp://127.0.0.1:0"}, SocketFilter: true}, Deps{Log: zap.NewNop(),
		Known: func(src netip.AddrPort) bool {
			for _, n := range *networks.Load() {
				if n.Contains(src.Addr()) {
					return true
				}
			}
			return false
		},
		Networks: func() []netip.Prefix { return *networks.Load() }, Invite: h.invite}, quick())
	if err != nil {
		t.Fatal(err)
	}
	h.Endpoint = e
	h.start()
	if len(e.screen.sockets) == 1 {
		t.Error("one of the two listeners takes no filter")
	}
	if !e.screen.on() {
		t.Skip("the kernel takes no filter here: strangers are dropped by the service alone, which other tests show")
	}
	return h
}

func only(list ...string) *[]netip.Prefix {
	out := []netip.Prefix{}
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return &out
}

func TestAFloodOfStrangersIsDroppedByTheKernelAndCounted(t *testing.T) {
	t.Parallel()
	var networks atomic.Pointer[[]netip.Prefix]
	networks.Store(only("127.0.0.1/32"))
	h := startScreened(t, &networks)
	const packets = 5000
	stranger := newPeer(t, "udp", h.addr("udp"), "127.0.0.99")
	for range packets {
		stranger.send(string(options("UDP")))
	}
	p := newPeer(t, "udp", h.addr("udp"))
	p.send(string(options("UDP")))
	p.response("OPTIONS", 200) // behind all of them, and not one too many for the buffer
	stranger.none(10 * time.Millisecond)
	if s := h.Stats(); s.Filtered != packets || s.Unknown != 0 || s.Received != 1 {
		t.Errorf("%+v", s)
	}
}

func TestAReloadChangesWhomTheKernelLetsThrough(t *testing.T) {
	t.Parallel()
	var networks atomic.Pointer[[]netip.Prefix]
	networks.Store(only("127.0.0.2/32"))
	h := startScreened(t, &networks)
	p := newPeer(t, "udp", h.addr("udp"))
	p.send(string(options("UDP")))
	p.none(20 * time.Millisecond)
	networks.Store(only("127.0.0.1/32"))
	h.NetworksChanged()
	p.send(string(options("UDP")))
	p.response("OPTIONS", 200)
	q := newPeer(t, "tcp", h.addr("tcp"))
	q.send(string(options("TCP")))
	q.response("OPTIONS", 200)
}

func TestWhomWeDialMayAnswerThroughTheFilter(t *testing.T) {
	t.Parallel()
	var networks atomic.Pointer[[]netip.Prefix]
	networks.Store(only("127.0.0.2/32"))
	h := startScreened(t, &networks)
	station, target := newPhone(t, h)
	g, b := h.dial(target)
	station.reply(station.request("INVITE"), 200, "s", string(answer))
	next[Answered](b)
	station.request("ACK")
	h.NetworksChanged() // a reload forgets nobody whom we have dialled
	g.Hangup(Cause{})
	station.reply(station.request("BYE"), 200, "", "")
	next[Ended](b)
}
