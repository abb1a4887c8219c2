package load

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	batch       = 64
	packetBytes = 12 + frameBytes
	largest     = 512     // of a datagram that is read
	roomBytes   = 8 << 20 // of a socket's buffer
)

// mmsg is the kernel's struct mmsghdr.
type mmsg struct {
	header unix.Msghdr
	bytes  uint32
	_      [4]byte
}

// socket is a UDP socket for audio, written and read many packets at a time. It
// belongs to one goroutine.
type socket struct {
	fd   int
	addr netip.AddrPort
	out  lane
	in   lane
	data [batch][largest]byte
	note [batch][64]byte // control messages: the receive stamp
}

// lane is one direction's arguments of sendmmsg and recvmmsg.
type lane struct {
	count    int
	messages [batch]mmsg
	vectors  [batch]unix.Iovec
	peers    [batch]unix.RawSockaddrInet4
}

// newSocket binds to a free port of addr.
func newSocket(addr netip.Addr) (*socket, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("audio socket: %w", err)
	}
	s := &socket{fd: fd}
	if err := s.prepare(addr); err != nil {
		_ = unix.Close(fd) // nothing was sent
		return nil, fmt.Errorf("audio socket on %s: %w", addr, err)
	}
	for i := range batch {
		s.out.join(i)
		s.in.join(i)
		s.in.vectors[i].Base = &s.data[i][0]
		s.in.vectors[i].SetLen(largest)
		s.in.messages[i].header.Control = &s.note[i][0]
	}
	return s, nil
}

func (s *socket) prepare(addr netip.Addr) error {
	for _, option := range [][2]int{{unix.SO_RCVBUFFORCE, unix.SO_RCVBUF}, {unix.SO_SNDBUFFORCE, unix.SO_SNDBUF}} {
		if unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, option[0], roomBytes) == nil {
			continue
		}
		if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, option[1], roomBytes); err != nil {
			return err
		}
	}
	if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return err
	}
	if err := unix.Bind(s.fd, &unix.SockaddrInet4{Addr: addr.As4()}); err != nil {
		return err
	}
	bound, err := unix.Getsockname(s.fd)
	if err != nil {
		return err
	}
	s.addr = netip.AddrPortFrom(addr, uint16(bound.(*unix.SockaddrInet4).Port))
	return nil
}

func (l *lane) join(i int) {
	h := &l.messages[i].header
	h.Name, h.Namelen = (*byte)(unsafe.Pointer(&l.peers[i])), unix.SizeofSockaddrInet4
	h.Iov = &l.vectors[i]
	h.SetIovlen(1)
}

// post puts a packet into the next flush; it must stay as it is until then.
func (s *socket) post(packet []byte, to netip.AddrPort) {
	i := s.out.count
	s.out.vectors[i].Base = &packet[0]
	s.out.vectors[i].SetLen(len(packet))
	peer := &s.out.peers[i]
	peer.Family, peer.Addr = unix.AF_INET, to.Addr().As4()
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&peer.Port))[:], to.Port())
	s.out.count++
}

// flush sends what was posted and returns how many packets the kernel refused.
func (s *socket) flush() (refused int) {
	for done := 0; done < s.out.count; {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.out.messages[done])),
			uintptr(s.out.count-done), 0, 0, 0)
		switch {
		case errno == 0:
			done += int(n)
		case errno != unix.EINTR: // of the first packet: its port is closed, or the buffer is full
			done++
			refused++
		}
	}
	s.out.count = 0
	return refused
}

// drain hands over all that has arrived, with the port it came from and the
// kernel's wall clock in ns.
func (s *socket) drain(each func(packet []byte, port uint16, at int64)) {
	for {
		for i := range batch {
			s.in.messages[i].header.SetControllen(len(s.note[i]))
		}
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.in.messages[0])),
			batch, unix.MSG_DONTWAIT, 0, 0)
		if errno != 0 {
			return // nothing is there; an ICMP error of an earlier packet is told once and gone
		}
		for i := range int(n) {
			m := &s.in.messages[i]
			port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&s.in.peers[i].Port))[:])
			each(s.data[i][:m.bytes], port, stamp(s.note[i][:m.header.Controllen]))
		}
		if int(n) < batch {
			return
		}
	}
}

// stamp reads SCM_TIMESTAMPNS, the only control message that was asked for.
func stamp(control []byte) int64 {
	const at = unix.SizeofCmsghdr
	if len(control) < at+16 {
		return 0
	}
	return int64(binary.NativeEndian.Uint64(control[at:]))*1e9 + int64(binary.NativeEndian.Uint64(control[at+8:]))
}

func (s *socket) close() { _ = unix.Close(s.fd) } // a UDP socket has nothing to lose

// dropped is how many packets the kernel dropped because the socket's buffer was full.
func (s *socket) dropped() (n int) {
	table, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		return 0
	}
	local := fmt.Sprintf(":%04X", s.addr.Port())
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		ip := s.addr.Addr().As4()
		if len(fields) > 12 && fields[1] == fmt.Sprintf("%08X", binary.NativeEndian.Uint32(ip[:]))+local {
			_, _ = fmt.Sscan(fields[len(fields)-1], &n) // the column is a number
		}
	}
	return n
}
