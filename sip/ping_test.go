package sip

import (
	"testing"
	"time"
)

func ponged(t *testing.T, h *host, target string) Pong {
	t.Helper()
	got := make(chan Pong, 1)
	if err := h.Ping(target, wait, func(p Pong) { got <- p }); err != nil {
		t.Fatal(err)
	}
	select {
	case p := <-got:
		return p
	case <-time.After(wait):
		t.Fatal("no pong came")
		return Pong{}
	}
}

func TestAPingComesFromTheListenersPort(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, _ := newPhone(t, h)
	go func() { // p is connected to the listener's port: nothing else reaches it
		m := p.request("OPTIONS")
		if m.via.udp != nil || m.uriText != "sip:"+p.addr() || m.from.uri.User != product {
			t.Errorf("OPTIONS %s from %s", m.uriText, m.from.text)
		}
		p.reply(m, 200, "t", "")
	}()
	got := ponged(t, h, "sip:"+p.addr())
	if got.Status != 200 || got.From.String() != p.addr() {
		t.Errorf("%+v", got)
	}
}

func TestAnyAnswerToAPingIsTold(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p, target := newPhone(t, h)
	go func() { p.reply(p.request("OPTIONS"), 503, "t", "", "Retry-After: 30") }()
	if got := ponged(t, h, target); got.Status != 503 || got.RetryAfter != 30*time.Second {
		t.Errorf("%+v", got)
	}
}

func TestAPingAsksTheNextTargetOfAName(t *testing.T) {
	t.Parallel()
	h, peers := named(t, 2, twoGateways)
	go func() { peers[1].reply(peers[1].request("OPTIONS"), 404, "t", "") }()
	if got := ponged(t, h, "sip:gw.example"); got.Status != 404 || got.From.String() != peers[1].addr() {
		t.Errorf("%+v", got)
	}
}

func TestAPingThatNothingAnswersSaysSo(t *testing.T) {
	t.Parallel()
	h, peers := named(t, 1, "_sip._udp.gw.example. 60 IN SRV 1 0 {0} a.gw.example.\na.gw.example. 60 IN A 127.0.0.1\n")
	if got := ponged(t, h, "sip:gw.example"); got.Status != 0 || got.From.String() != peers[0].addr() {
		t.Errorf("%+v", got)
	}
	if got := ponged(t, h, "sip:nowhere.example"); got.Status != 0 {
		t.Errorf("%+v", got)
	}
	if err := h.Ping("tel:1", wait, func(Pong) {}); err == nil {
		t.Error("a tel URI was pinged")
	}
}

func TestAPingOnItsWayDoesNotHoldTheEndUp(t *testing.T) {
	t.Parallel()
	h := startHost(t, defaultTimers())
	p, target := newPhone(t, h)
	if err := h.Ping(target, time.Hour, func(Pong) {}); err != nil {
		t.Fatal(err)
	}
	p.request("OPTIONS") // Close must return though nothing answers; it fails the test after its own timeout
}
