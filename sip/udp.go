package sip

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// udpBuffer is asked of the kernel for bursts: 4 MiB hold about 5,000 messages.
const udpBuffer = 4 << 20

// udpSocket is one UDP listener; everything of ours leaves by it too.
type udpSocket struct {
	conn  datagrams
	local netip.AddrPort
	names *names
}

// datagrams is what a socket does for us. It is net.UDPConn's, and a test's, whose peers may have any address.
type datagrams interface {
	ReadFromUDPAddrPort(b []byte) (n int, src netip.AddrPort, err error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
	Close() error
}

func (e *Endpoint) listenUDP(addr netip.AddrPort) error {
	pc, err := e.listenConfig().ListenPacket(e.ctx, network("udp", addr), addr.String())
	if err != nil {
		return err
	}
	conn, ok := pc.(*net.UDPConn)
	if !ok {
		return errors.New("not a UDP socket")
	}
	_ = conn.SetReadBuffer(udpBuffer) // the kernel's limit may be lower; then bursts are lost earlier
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	s := &udpSocket{conn: conn, names: e.names, local: unmap(local)}
	e.udp = append(e.udp, s)
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	e.screen.guard(raw)
	return nil
}

// serveUDP reads until the socket is closed. No error, no message and no panic ends it otherwise.
func (e *Endpoint) serveUDP(s *udpSocket) {
	defer e.readers.Done()
	buf := make([]byte, maxMessage+1)
	for {
		n, src, err := s.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			e.stats.readErrors.Add(1)
			e.log.quiet(noteRead, "udp read failed", err)
			select {
			case <-e.ctx.Done():
				return
			case <-time.After(10 * time.Millisecond): // an error that repeats must not take a whole core
			}
			continue
		}
		e.datagram(s, unmap(src), buf[:n])
	}
}

// datagram takes one datagram; b is borrowed.
func (e *Endpoint) datagram(s *udpSocket, src netip.AddrPort, b []byte) {
	defer e.guard("datagram", nil)
	known := e.deps.Known(src)
	if !known && !e.dialled.has(src.Addr()) && !e.door.hears(src.Addr(), b) {
		e.stats.unknown.Add(1)
		return
	}
	if keepAlive(b) {
		return
	}
	e.receive(b, hop{udp: s, addr: src}, src, known)
}

// keepAlive reports whether b holds nothing but line ends and NULs (RFC 5626 section 3.5.1, and what phones send).
func keepAlive(b []byte) bool {
	for _, c := range b {
		if c != '\r' && c != '\n' && c != 0 {
			return false
		}
	}
	return true
}

func (s *udpSocket) write(b []byte, to netip.AddrPort) error {
	_, err := s.conn.WriteToUDPAddrPort(b, to)
	return err
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// network picks the address family, so that 0.0.0.0 is IPv4 only.
func network(proto string, a netip.AddrPort) string {
	if a.Addr().Is4() {
		return proto + "4"
	}
	return proto
}
