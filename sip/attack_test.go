package sip

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestSpoofedSourcesLeaveNothing sends from 50,000 unknown addresses. It counts what the endpoint holds, not time.
func TestSpoofedSourcesLeaveNothing(t *testing.T) {
	t.Parallel()
	const sources = 50_000
	trunk := netip.MustParseAddrPort("198.51.100.7:40000")
	h, w := startWired(t, func(src netip.AddrPort) bool { return src == trunk })
	shapes := [][]byte{
		[]byte((&peer{t: t, conn: fakeConn{}}).call().request("INVITE", 1, magicCookie+"x", string(offer))),
		options("UDP"), []byte("garbage"), torture(t, "rfc4475/intmeth.dat"),
	}
	for i := range sources {
		var a [16]byte
		binary.BigEndian.PutUint64(a[8:], uint64(i)<<20)
		copy(a[:], "\x20\x01\x0d\xb8")
		w.send(t, shapes[i%len(shapes)], netip.AddrPortFrom(netip.AddrFrom16(a), uint16(1+i)))
	}
	w.send(t, options("UDP"), trunk)
	if d := w.next(t); d.addr != trunk || reading(t, d.data).status != 200 {
		t.Errorf("the first answer went to %s, want the trunk: strangers hear nothing", d.addr)
	}
	h.names.mu.Lock()
	routed := len(h.names.routed)
	h.names.mu.Unlock()
	s := h.Stats()
	if s.Unknown != sources || s.Received != 1 || s.Lanes != 0 || s.Legs != 0 || s.Connections != 0 || routed != 0 {
		t.Errorf("%d routes kept, %+v", routed, s)
	}
}

// TestSpoofedTrunkAddressesLeaveNothingWithoutACall does the same from addresses of a trunk's network.
func TestSpoofedTrunkAddressesLeaveNothingWithoutACall(t *testing.T) {
	t.Parallel()
	h, w := startWired(t, func(netip.AddrPort) bool { return true })
	go func() { // answers to them are nobody's
		for {
			select {
			case <-w.out:
			case <-w.closed:
				return
			}
		}
	}()
	p := &peer{t: t, conn: fakeConn{}}
	for i := range 20_000 {
		src := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), 5060)
		c := p.call()
		switch i % 4 {
		case 0:
			w.send(t, options("UDP"), src)
		case 1:
			c.toTag = "guessed"
			w.send(t, []byte(c.request("BYE", 2, c.branch, "")), src)
		case 2:
			w.send(t, []byte(c.request("CANCEL", 1, c.branch, "")), src)
		case 3:
			w.send(t, []byte(c.request("INVITE", 1, c.branch, string(offer), "Require: nothing")), src)
		}
	}
	w.send(t, nil, netip.MustParseAddrPort("198.51.100.7:1")) // the reader has done all before it
	if s := h.Stats(); s.Lanes != 0 || s.Legs != 0 || s.Connections != 0 {
		t.Errorf("%+v", s)
	}
}

func TestDigitsByInfoNeedBothTags(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c, in := p.establish(h)
	for name, forge := range map[string]func(*call){
		"to tag":   func(c *call) { c.toTag = "x" + c.toTag },
		"from tag": func(c *call) { c.tag = "x" + c.tag },
		"swapped":  func(c *call) { c.tag, c.toTag = c.toTag, c.tag },
		"call-id":  func(c *call) { c.id = "x" + c.id },
	} {
		forged := *c
		forge(&forged)
		forged.do("INFO", 9, "", "Content-Type: application/dtmf-relay")
		if p.response("INFO", 481); h.Stats().Lanes > 1 {
			t.Errorf("%s: state is kept for it", name)
		}
	}
	c.do("INFO", 2, "") // its number is in order: the forged ones have not moved it
	p.response("INFO", 200)
	next[Info](in.box) // and it is the first that the leg hears of
}

// TestChallengesNeverGetCredentials holds for calls that we place and for requests in calls that came to us.
func TestChallengesNeverGetCredentials(t *testing.T) {
	t.Parallel()
	for challenge, status := range map[string]int{`WWW-Authenticate: Digest realm="x", nonce="n"`: 401,
		`Proxy-Authenticate: Digest realm="x", nonce="n"`: 407} {
		h := startHost(t, quick())
		station, target := newPhone(t, h)
		_, b := h.dial(target)
		station.reply(station.request("INVITE"), status, "s", "", challenge)
		silentAbout(t, station.request("ACK"))
		if e := next[Ended](b); e.Reason != EndRejected || e.Status != status {
			t.Errorf("%+v", e)
		}
		p := newPeer(t, "udp", h.addr("udp"))
		_, in := p.establish(h)
		in.Leg.Hangup(Cause{})
		bye := p.request("BYE")
		silentAbout(t, bye)
		p.reply(bye, status, "", "", challenge)
		next[Ended](in.box)
		p.send(string(options("UDP")))
		for { // whatever else we have to say comes before the answer, or is a repeated BYE
			m := p.recv(wait)
			if m == nil {
				t.Fatal("no answer to OPTIONS")
			}
			silentAbout(t, m)
			if m.callID == stillHere {
				break
			}
		}
		eventually(t, "the challenge has ended the request", func() bool { return h.pending.Load() == 0 })
	}
}

func silentAbout(t *testing.T, m *message) {
	t.Helper()
	for _, name := range []string{"authorization", "proxy-authorization"} {
		if v, ok := m.value(name); ok {
			t.Errorf("%s: %s in %s", name, v, m.method)
		}
	}
}

// TestStreamsWithoutEndAreClosedAndHonestOnesLive floods connections with what never becomes a message.
func TestStreamsWithoutEndAreClosedAndHonestOnesLive(t *testing.T) {
	t.Parallel()
	h := startHost(t, quick())
	honest := newPeer(t, "tcp", h.addr("tcp"))
	ask := func(what string) {
		t.Helper()
		honest.send(string(options("TCP")))
		if b := honest.raw(wait); b == nil || reading(t, b).status != 200 {
			t.Errorf("%s: an honest connection gets no answer", what)
		}
	}
	ask("before")
	for what, chunk := range map[string]string{"NUL": "\x00", "line ends": "\r\n", "one line": "x", "headers": "X: y\r\n",
		"a body": "OPTIONS sip:x SIP/2.0\r\nContent-Length: 2147483646\r\n\r\n"} {
		conn, err := net.Dial("tcp", h.addr("tcp"))
		if err != nil {
			t.Fatal(err)
		}
		go io.Copy(io.Discard, conn) // what it hears does not matter; it ends with the connection
		_ = conn.SetWriteDeadline(time.Now().Add(wait))
		block := []byte(strings.Repeat(chunk, 4096/len(chunk)+1))
		for err == nil {
			_, err = conn.Write(block)
			runtime.Gosched()
		}
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Errorf("%s without end: still taken", what)
		}
		_ = conn.Close()
		ask(what)
	}
}
