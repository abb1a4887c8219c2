package media

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// epoll is a transport of plain system calls, two and more for a packet: what every Linux has.
type epoll struct {
	fd    int
	nudge *nudge

	events  [256]unix.EpollEvent
	n, i    int                 // events, and how many were looked at
	sockets map[int32]*socket   // by tag
	buffer  [maxPacket + 1]byte // a longer datagram is cut, and refused for its length
}

func openEpoll(n *nudge) (*epoll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	p := &epoll{fd: fd, nudge: n, sockets: map[int32]*socket{}}
	if err := p.add(n.fd, nudgeTag); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *epoll) add(fd int, tag int32) error {
	e := unix.EpollEvent{Events: unix.EPOLLIN, Fd: tag}
	if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &e); err != nil {
		return fmt.Errorf("watch media port: %w", err)
	}
	return nil
}

func (p *epoll) watch(s *socket, tag int32) error {
	if err := p.add(s.fd, tag); err != nil {
		return err
	}
	p.sockets[tag] = s
	return nil
}

func (p *epoll) drop(s *socket, tag int32) {
	delete(p.sockets, tag)
	s.close()
}

func (p *epoll) send(s *socket, to netip.AddrPort, datagram []byte) bool { return s.send(to, datagram) }

// wait says all if there was room for more events: a socket at which several datagrams wait is told again.
func (p *epoll) wait(nap, within time.Duration) (all bool, err error) {
	if p.i < p.n {
		return false, nil // a fault came between
	}
	sleep(nap)
	p.i, p.n = 0, 0
	n, err := unix.EpollWait(p.fd, p.events[:], milliseconds(within))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return false, fmt.Errorf("epoll: %w", err)
	}
	p.n = max(n, 0)
	return p.n < len(p.events), nil
}

// sleep sleeps in the kernel, for a timer of the runtime is late by more than the naps that are wanted, and keeps the
// goroutine's processor: the runtime's monitor would take it away in most naps, and work more for that than the driver
// does for a packet. Others have processors of their own (processors.go).
func sleep(d time.Duration) {
	if d > 0 {
		nap := unix.NsecToTimespec(int64(d))
		_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&nap)), 0, 0) // a shorter nap is as good
	}
}

// milliseconds rounds a wait up; negative is for ever.
func milliseconds(d time.Duration) int {
	return int((d + time.Millisecond - 1) / time.Millisecond)
}

// next reads one datagram from each socket in turn. Where there are more, epoll says so again: a flood at one port
// delays the others by one packet at a time.
func (p *epoll) next() (event, bool) {
	for p.i < p.n {
		tag := p.events[p.i].Fd
		p.i++
		if tag == nudgeTag {
			p.nudge.calm()
			return event{tag: nudgeTag}, true
		}
		s := p.sockets[tag]
		if s == nil {
			continue // dropped meanwhile
		}
		if n, from, ok := s.receive(p.buffer[:]); ok && n > 0 {
			return event{tag: tag, from: from, datagram: p.buffer[:min(n, len(p.buffer))]}, true
		}
	}
	return event{}, false
}

func (p *epoll) close() { _ = unix.Close(p.fd) } // a descriptor without data
