package sip

import (
	"bytes"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// wire is a UDP socket without a kernel: its peers may have any address, and answers to any port are caught.
type wire struct {
	in     chan datagram
	out    chan datagram
	closed chan struct{}
	once   sync.Once
}

type datagram struct {
	data []byte
	addr netip.AddrPort // who sent it, or whom it goes to
}

// startWired starts an endpoint behind a wire, and on TCP.
func startWired(t testing.TB, known func(netip.AddrPort) bool) (*host, *wire) {
	t.Helper()
	h := newHost(t, quick(), known, "tcp://127.0.0.1:0")
	w := &wire{in: make(chan datagram), out: make(chan datagram, 4096), closed: make(chan struct{})}
	h.udp = append(h.udp, &udpSocket{conn: w, names: h.names, local: netip.MustParseAddrPort("192.0.2.1:5060")})
	h.start()
	return h, w
}

func (w *wire) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case d := <-w.in:
		return copy(b, d.data), d.addr, nil
	case <-w.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

// WriteToUDPAddrPort loses what nobody takes from a full wire, as networks do.
func (w *wire) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	select {
	case w.out <- datagram{bytes.Clone(b), to}:
	default:
	}
	return len(b), nil
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return nil
}

// send returns once the endpoint's reader has taken the datagram.
func (w *wire) send(t testing.TB, b []byte, from netip.AddrPort) {
	t.Helper()
	select {
	case w.in <- datagram{b, from}:
	case <-time.After(wait):
		t.Fatal("nobody reads the wire")
	}
}

// next is the next datagram that leaves.
func (w *wire) next(t testing.TB) datagram {
	t.Helper()
	select {
	case d := <-w.out:
		return d
	case <-time.After(wait):
		t.Fatal("nothing came")
		return datagram{}
	}
}
