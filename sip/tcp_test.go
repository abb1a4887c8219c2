package sip

import (
	"net"
	"strings"
	"testing"
	"time"
)

func TestSlowAndIdleConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	for name, first := range map[string]string{"idle": "", "slow": "INVITE sip:x SIP/2.0\r\n", "nul": "\x00",
		"endless line": strings.Repeat("x", 70000)} {
		conn, err := net.Dial("tcp", h.addr("tcp"))
		if err != nil {
			t.Fatal(err)
		}
		stop := make(chan struct{})
		go func() {
			_, _ = conn.Write([]byte(first))
			for first != "" {
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond): // a byte now and then keeps no connection open
					_, _ = conn.Write([]byte("x"))
				}
			}
		}()
		_ = conn.SetReadDeadline(time.Now().Add(wait))
		_, err = conn.Read(make([]byte, 1))
		if ne, ok := err.(net.Error); err == nil || ok && ne.Timeout() {
			t.Errorf("%s: still open", name)
		}
		close(stop)
		_ = conn.Close()
	}
}

func TestOneAddressHasABoundedNumberOfConnections(t *testing.T) {
	h := startHost(t, quick())
	for range 2 * maxConnsPerHost {
		conn, err := net.Dial("tcp", h.addr("tcp"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	deadline := time.Now().Add(wait)
	for h.Stats().Connections > maxConnsPerHost && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if n := h.Stats().Connections; n > maxConnsPerHost {
		t.Fatalf("%d connections", n)
	}
}

func TestABadMessageDoesNotCloseTheConnection(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "tcp", h.addr("tcp"))
	c := p.call()
	p.send("\r\n\r\n")
	p.send(strings.Replace(c.request("OPTIONS", 1, c.branch, ""), "CSeq: 1 OPTIONS", "CSeq: 1 BYE", 1))
	if m := p.recv(wait); m == nil || m.status != 400 {
		t.Fatal("no 400")
	}
	all := c.request("OPTIONS", 2, magicCookie+"a", "") + c.request("OPTIONS", 3, magicCookie+"b", "")
	p.send(all[:100])
	time.Sleep(time.Millisecond) // two segments
	p.send(all[100:])
	p.response("OPTIONS", 200)
	p.response("OPTIONS", 200)
}

func TestALostConnectionIsReopenedToTheContact(t *testing.T) {
	h := startHost(t, quick())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	p := newPeer(t, "tcp", h.addr("tcp"))
	c := p.call()
	p.send(strings.Replace(c.request("INVITE", 1, c.branch, string(offer)), "<sip:bob@"+p.addr(), "<sip:bob@"+ln.Addr().String(), 1))
	in := h.incoming()
	_ = in.Leg.Answer(answer)
	c.status("INVITE", 200)
	c.ack(1, "")
	next[Confirmed](in.box)
	_ = p.conn.Close()
	deadline := time.Now().Add(wait)
	for h.Stats().Connections > 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	in.Leg.Hangup(Cause{})
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	q := &peer{t: t, conn: conn}
	q.reply(q.request("BYE"), 200, "", "")
}

func TestCallsOfOneConnectionShareIt(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "tcp", h.addr("tcp"))
	var legs []inbound
	for range 5 {
		_, in := p.establish(h)
		legs = append(legs, in)
	}
	for _, in := range legs {
		in.Leg.Hangup(Cause{})
		p.reply(p.request("BYE"), 200, "", "")
	}
	if n := h.Stats().Connections; n != 1 {
		t.Fatalf("%d connections", n)
	}
}
