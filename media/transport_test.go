package media

import (
	"bytes"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
)

// eachWay runs a test on every way to the kernel that this system has.
func eachWay(t *testing.T, test func(t *testing.T, io string)) {
	for _, io := range []string{IOURing, IOEpoll} {
		t.Run(io, func(t *testing.T) {
			n := must(newNudge())
			defer n.close()
			probe, err := openTransport(io, n, zap.NewNop())
			if err != nil {
				t.Skipf("this system refuses it: %v", err)
			}
			probe.close()
			test(t, io)
		})
	}
}

// post is a transport with a few sockets, and a peer that writes to them.
type post struct {
	transport
	nudge   *nudge
	sockets []*socket
	at      []netip.AddrPort
	peer    phone
}

func openPost(t *testing.T, io string, first uint16, sockets int) *post {
	t.Helper()
	p := &post{nudge: must(newNudge()), peer: newPhone(t)}
	p.transport = must(openTransport(io, p.nudge, zap.NewNop()))
	t.Cleanup(func() {
		for tag := range p.sockets {
			p.shut(tag)
		}
		p.settle(t) // so that the ports are free
		p.close()
		p.nudge.close()
	})
	for i := range sockets {
		p.open(t, first+uint16(i), i)
	}
	return p
}

func (p *post) open(t *testing.T, port uint16, tag int) {
	t.Helper()
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
	s := must(listenUDP(at, 0))
	if err := p.watch(s, int32(tag)); err != nil {
		t.Fatal(err)
	}
	if tag == len(p.sockets) {
		p.sockets, p.at = append(p.sockets, nil), append(p.at, at)
	}
	p.sockets[tag] = s
}

// shut drops a socket once.
func (p *post) shut(tag int) {
	if s := p.sockets[tag]; s != nil {
		p.drop(s, int32(tag))
		p.sockets[tag] = nil
	}
}

// settle lets what was begun come to its end, and looks at nothing that comes of it.
func (p *post) settle(t *testing.T) {
	for range 3 {
		if _, err := p.wait(0, 0); err != nil {
			t.Error(err)
		}
		for _, more := p.next(); more; {
			_, more = p.next()
		}
	}
}

// until waits for events and hands them to each, until that is true. It fails after five seconds.
func (p *post) until(t *testing.T, each func(event) bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		if _, err := p.wait(0, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		for {
			e, ok := p.next()
			if !ok {
				break
			}
			if each(e) {
				return
			}
		}
	}
	t.Fatal("what is awaited does not come")
}

func TestDatagramsComeUnderTheirTagAndGoFromTheirPort(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		p := openPost(t, io, 31500, 3)
		for tag := range p.at {
			p.peer.say(p.at[tag], []byte{byte(tag), 7})
			p.until(t, func(e event) bool {
				if e.tag != int32(tag) || e.from != p.peer.addr() || !bytes.Equal(e.datagram, []byte{byte(tag), 7}) {
					t.Errorf("came %+v", e)
				}
				return true
			})
			if !p.send(p.sockets[tag], p.peer.addr(), []byte{9, byte(tag)}) {
				t.Error("a datagram was refused")
			}
			if _, err := p.wait(0, 0); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 10)
			n, from, err := p.peer.ReadFromUDPAddrPort(b)
			if err != nil || from != p.at[tag] || !bytes.Equal(b[:n], []byte{9, byte(tag)}) {
				t.Errorf("the peer got %x from %s: %v", b[:n], from, err)
			}
		}
	})
}

func TestIPv6PeersAreToldByTheirAddress(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		peer, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
		if err != nil {
			t.Skip("no IPv6 here")
		}
		defer peer.Close()
		p := openPost(t, io, 31510, 0)
		at := netip.AddrPortFrom(netip.IPv6Loopback(), 31510)
		p.sockets = []*socket{must(listenUDP(at, 46))}
		if err := p.watch(p.sockets[0], 0); err != nil {
			t.Fatal(err)
		}
		if _, err := peer.WriteToUDPAddrPort([]byte("six"), at); err != nil {
			t.Fatal(err)
		}
		p.until(t, func(e event) bool {
			if e.from != peer.LocalAddr().(*net.UDPAddr).AddrPort() || string(e.datagram) != "six" {
				t.Errorf("came %+v", e)
			}
			return true
		})
	})
}

func TestADroppedSocketIsClosedAndItsTagHasANewOwner(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		p := openPost(t, io, 31520, 1)
		p.peer.say(p.at[0], []byte("for the first"))
		p.shut(0)
		p.settle(t)
		p.open(t, p.at[0].Port(), 0) // binds, so that the first is gone
		p.peer.say(p.at[0], []byte("for the second"))
		p.until(t, func(e event) bool {
			if string(e.datagram) != "for the second" {
				t.Errorf("came %q", e.datagram)
			}
			return true
		})
	})
}

func TestANudgeEndsAWaitAndCountsOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		p := openPost(t, io, 31530, 1)
		for range 3 {
			var wake sync.WaitGroup
			wake.Go(p.nudge.wake)
			wake.Go(p.nudge.wake)
			wake.Wait()
			p.until(t, func(e event) bool { return e.tag == nudgeTag })
		}
		p.peer.say(p.at[0], []byte("last"))
		nudges := 0
		p.until(t, func(e event) bool {
			if e.tag == nudgeTag {
				nudges++
			}
			return e.tag == 0
		})
		if nudges > 1 {
			t.Errorf("%d nudges that nobody gave", nudges)
		}
	})
}

func TestMoreDatagramsThanBuffersAllArrive(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		const sockets, each = 16, 100
		p := openPost(t, io, 31540, sockets)
		for i := range each {
			for tag := range p.at {
				p.peer.say(p.at[tag], []byte{byte(i)})
			}
		}
		var got [sockets]int
		left := sockets * each
		p.until(t, func(e event) bool {
			if int(e.datagram[0]) != got[e.tag] {
				t.Errorf("socket %d: datagram %d comes as number %d", e.tag, e.datagram[0], got[e.tag])
			}
			got[e.tag]++
			left--
			return left == 0
		})
	})
}

func TestMoreDatagramsThanFitIntoTheQueueAllGoOut(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		p := openPost(t, io, 31560, 2)
		const packets = 600
		for i := range packets {
			if !p.send(p.sockets[0], p.at[1], bytes.Repeat([]byte{byte(i)}, 1+i)) {
				t.Fatalf("datagram %d was refused", i)
			}
			if i%100 == 99 { // a socket does not hold more
				if _, err := p.wait(0, 0); err != nil {
					t.Fatal(err)
				}
				p.until(t, func(e event) bool { return len(e.datagram) == 1+i })
			}
		}
	})
}

func TestALongDatagramIsToldAsTooLong(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		p := openPost(t, io, 31570, 1)
		p.peer.say(p.at[0], nil)
		p.peer.say(p.at[0], make([]byte, 4000))
		p.until(t, func(e event) bool {
			if len(e.datagram) != maxPacket+1 {
				t.Errorf("%d bytes came", len(e.datagram))
			}
			return true
		})
	})
}

func TestADatagramThatTheKernelRefusesIsCounted(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		p := openPost(t, io, 31580, 1)
		nowhere := netip.AddrPortFrom(p.peer.addr().Addr(), 0)
		if p.send(p.sockets[0], nowhere, []byte("lost")) {
			p.until(t, func(e event) bool { return e.tag == unsentTag })
		}
	})
}

func TestADatagramCostsNoAllocation(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		p := openPost(t, io, 31590, 2)
		packet := make([]byte, 172)
		hear := func(e event) bool { return e.tag == 1 }
		if n := testing.AllocsPerRun(200, func() {
			p.send(p.sockets[0], p.at[1], packet)
			p.until(t, hear)
		}); n > 0 {
			t.Errorf("%v allocations a datagram", n)
		}
	})
}
