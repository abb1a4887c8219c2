package media

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socket is a non-blocking UDP socket, read and written by plain system calls: neither the runtime's poller nor an
// allocation stands between a packet and its session.
type socket struct {
	fd   int
	ipv6 bool
	// to is the address of the last packet sent, and raw its form for the kernel.
	to  netip.AddrPort
	raw rawAddress
	len uint32
}

// rawAddress is room for a kernel socket address.
type rawAddress struct {
	bytes [unix.SizeofSockaddrInet6]byte
}

// listenUDP binds a socket and marks what it sends with dscp.
func listenUDP(at netip.AddrPort, dscp int) (*socket, error) {
	s := &socket{ipv6: at.Addr().Is6()}
	family := unix.AF_INET
	if s.ipv6 {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open media port %s: %w", at, err)
	}
	s.fd = fd
	if err := s.bind(at, dscp); err != nil {
		s.close()
		return nil, fmt.Errorf("open media port %s: %w", at, err)
	}
	return s, nil
}

func (s *socket) bind(at netip.AddrPort, dscp int) error {
	const tosOfDSCP = 2 // RFC 2474 section 3: the upper six bits
	if s.ipv6 {
		_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, dscp<<tosOfDSCP) // a mark, no need
		_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)               // IPv4 peers too, where the system lets us
		return unix.Bind(s.fd, &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()})
	}
	_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IP, unix.IP_TOS, dscp<<tosOfDSCP) // a mark, no need
	return unix.Bind(s.fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()})
}

func (s *socket) close() {
	_ = unix.Close(s.fd) // a UDP socket holds nothing that closing could lose
}

// receive reads a datagram into b. It is false if there is none.
func (s *socket) receive(b []byte) (n int, from netip.AddrPort, ok bool) {
	var raw rawAddress
	size := uint32(len(raw.bytes))
	got, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(s.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
		unix.MSG_TRUNC, uintptr(unsafe.Pointer(&raw)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return 0, netip.AddrPort{}, false
	}
	return int(got), raw.decode(), true
}

// send writes a datagram. It is false if the kernel does not take it.
func (s *socket) send(to netip.AddrPort, b []byte) bool {
	s.address(to)
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(s.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
		unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&s.raw)), uintptr(s.len))
	return errno == 0
}

// address puts an address into raw and len.
func (s *socket) address(to netip.AddrPort) {
	if s.to != to {
		s.to = to
		s.len = s.raw.encode(to, s.ipv6)
	}
}

// encode writes an address as the kernel wants it and returns its size.
func (r *rawAddress) encode(a netip.AddrPort, ipv6 bool) uint32 {
	binary.BigEndian.PutUint16(r.bytes[2:], a.Port())
	if ipv6 {
		binary.NativeEndian.PutUint16(r.bytes[:], unix.AF_INET6)
		address := a.Addr().As16()
		copy(r.bytes[8:], address[:])
		return unix.SizeofSockaddrInet6
	}
	binary.NativeEndian.PutUint16(r.bytes[:], unix.AF_INET)
	address := a.Addr().Unmap().As4()
	copy(r.bytes[4:], address[:])
	return unix.SizeofSockaddrInet4
}

// decode reads the address that the kernel wrote.
func (r *rawAddress) decode() netip.AddrPort {
	port := binary.BigEndian.Uint16(r.bytes[2:])
	if binary.NativeEndian.Uint16(r.bytes[:]) == unix.AF_INET6 {
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(r.bytes[8:24])).Unmap(), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(r.bytes[4:8])), port)
}
