package sip

import (
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"assent/ladder"
)

// fakeConn is a connection that only has addresses.
type fakeConn struct{ net.Conn }

func (fakeConn) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 5060} }

func BenchmarkParseInvite(b *testing.B) {
	p := &peer{conn: fakeConn{}}
	c := p.call()
	raw := []byte(c.request("INVITE", 1, c.branch, string(offer)))
	b.ReportAllocs()
	for b.Loop() {
		if _, flt := parse(raw); flt != nil {
			b.Fatal(flt)
		}
	}
}

// BenchmarkStranger is the cost of a datagram that is dropped unread.
func BenchmarkStranger(b *testing.B) {
	h := startHost(b, quick())
	src := netip.MustParseAddrPort("192.0.2.1:5060")
	raw := []byte("INVITE sip:x SIP/2.0\r\n\r\n")
	b.ReportAllocs()
	for b.Loop() {
		h.datagram(h.udp[0], src, raw)
	}
}

// BenchmarkInboundCall is a whole call to us over UDP loopback: INVITE, 100, 180, 200, ACK, BYE, 200. cpu-us/call
// includes the caller's side, which sends ready-made bytes.
func BenchmarkInboundCall(b *testing.B) { inboundCalls(b, nil) }

// BenchmarkInboundCallTraced is the same with every message kept.
func BenchmarkInboundCallTraced(b *testing.B) { inboundCalls(b, ladder.New(ladder.Default())) }

func inboundCalls(b *testing.B, book *ladder.Book) {
	h := newHost(b, quick(), knowing, "udp://127.0.0.1:0")
	h.deps.Ladder = book
	h.start()
	h.onInvite(func(i *Invite) {
		i.Leg.Listen(func(Event) {}, nil)
		i.Leg.Ring()
		_ = i.Leg.Answer(answer)
	})
	p := newPeer(b, "udp", h.addr("udp"))
	_ = p.conn.SetDeadline(time.Now().Add(time.Minute))
	buf := make([]byte, 4096)
	start := cpu()
	b.ReportAllocs()
	for b.Loop() {
		c := p.call()
		c.invite(string(offer))
		for range 3 { // 100, 180, 200
			n, err := p.conn.Read(buf)
			if err != nil {
				b.Fatal(err)
			}
			if m, flt := parse(buf[:n]); flt == nil {
				c.toTag = m.to.tag
			}
		}
		c.ack(1, "")
		c.do("BYE", 2, "")
		if _, err := p.conn.Read(buf); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu()-start).Microseconds())/float64(b.N), "cpu-us/call")
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // fails for no valid argument
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
