package media

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkBridgedCalls measures bridged calls over loopback: what a packet is delayed, and what it costs. A call is 100
// packets in and 100 out each second, so that calls/core is 10 ms over the CPU time of a packet. direct has nothing
// between the parties: the generator's own delay. sockets is a goroutine for each socket and no session at all.
func BenchmarkBridgedCalls(b *testing.B) {
	for _, calls := range []int{100, 400} {
		for _, way := range []struct {
			name  string
			relay func(b *testing.B, l *loader) []netip.AddrPort
		}{
			{"direct", relayDirect}, {"bridged", relayBridged}, {"taped", relayTaped}, {"sockets", relayGoroutines},
		} {
			b.Run(fmt.Sprintf("%s/%d", way.name, calls), func(b *testing.B) { measureCalls(b, calls, way.relay) })
		}
	}
}

func measureCalls(b *testing.B, calls int, relay func(*testing.B, *loader) []netip.AddrPort) {
	for range b.N {
		l := startLoader(b, loadJob{Parties: 2 * calls, Warm: time.Second, Length: 3 * time.Second})
		targets := relay(b, l)
		var before time.Duration
		r := l.run(b, targets, func() { before = cpuTime() })
		spent := cpuTime() - before
		perPacket := float64(spent.Microseconds()) / float64(max(r.Received, 1))
		b.ReportMetric(float64(r.Median.Microseconds()), "µs-median")
		b.ReportMetric(float64(r.P99.Microseconds()), "µs-p99")
		b.ReportMetric(100*float64(r.Sent-r.Received)/float64(r.Sent), "%lost")
		b.ReportMetric(perPacket, "µs-cpu/packet")
		if perPacket > 0.5 {
			b.ReportMetric(1e4/perPacket, "calls/core")
		}
	}
	b.ReportMetric(0, "ns/op")
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func relayDirect(_ *testing.B, l *loader) []netip.AddrPort {
	targets := make([]netip.AddrPort, len(l.Parties))
	for i := range targets {
		targets[i] = l.Parties[i^1]
	}
	return targets
}

func relayBridged(b *testing.B, l *loader) []netip.AddrPort { return bridgeCalls(b, l, nil) }

func relayTaped(b *testing.B, l *loader) []netip.AddrPort {
	return bridgeCalls(b, l, func(s *Session, left, right *Stream) {
		s.Tap(s.Cut(nil).Permit(), left, right, rateHz, &loop{})
	})
}

// bridgeCalls puts an engine between the parties.
func bridgeCalls(b *testing.B, l *loader, more func(s *Session, left, right *Stream)) (targets []netip.AddrPort) {
	e := startEngine(b, "32000-38999")
	for i := 0; i < len(l.Parties); i += 2 {
		s := e.NewSession(SessionConfig{Guard: testGuard})
		left, right := openStream(b, s, "caller", l.Parties[i]), openStream(b, s, "agent", l.Parties[i+1])
		s.Bridge(left, right)
		if more != nil {
			more(s, left, right)
		}
		targets = append(targets, left.Local(), right.Local())
	}
	return targets
}

// loop is a Sink that copies as the recorder does: under a lock, two channels interleaved, a second of them.
type loop struct {
	mu  sync.Mutex
	pcm [2 * rateHz]int16
}

func (l *loop) Place(channel int, pos int64, samples []int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range samples {
		l.pcm[(pos+int64(i))%rateHz*2+int64(channel)] = s
	}
}
func (l *loop) Mark(int, int64, int64, string) {}
func (l *loop) Advance(int64)                  {}
func (l *loop) Slip(int, int64, int)           {}

// relayGoroutines is the usual way in Go: a net.UDPConn and a goroutine for each port, and here nothing else.
func relayGoroutines(b *testing.B, l *loader) (targets []netip.AddrPort) {
	conns := make([]*net.UDPConn, len(l.Parties))
	for i := range conns {
		conns[i] = must(net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}))
		targets = append(targets, conns[i].LocalAddr().(*net.UDPAddr).AddrPort())
		b.Cleanup(func() { _ = conns[i].Close() })
	}
	for i := range conns {
		go func() { // ends when its socket is closed
			buffer := make([]byte, maxPacket)
			for {
				n, _, err := conns[i].ReadFromUDPAddrPort(buffer)
				if err != nil {
					return
				}
				_, _ = conns[i^1].WriteToUDPAddrPort(buffer[:n], l.Parties[i^1])
			}
		}()
	}
	return targets
}

// BenchmarkForward measures a packet's way through a session without system calls: forwarded, and forwarded and taped.
func BenchmarkForward(b *testing.B) {
	for _, taped := range []bool{false, true} {
		b.Run(map[bool]string{false: "bridged", true: "taped"}[taped], func(b *testing.B) {
			w, caller, agent := bridged()
			w.wire.mute = true
			if taped {
				w.record(caller, agent, &loop{}, w.cut(nil).Permit())
			}
			p, frame, buffer := &peer{ssrc: 5}, frameOf(after), make([]byte, maxPacket)
			b.ReportAllocs()
			for b.Loop() {
				w.hears(caller, append(append(buffer[:0], packetHeader(p)...), frame...))
				w.clock = w.clock.Add(20 * time.Millisecond)
			}
		})
	}
}
