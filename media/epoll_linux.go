package media

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// epoll is a transport of plain system calls, two and more for a packet: what every Linux has.
type epoll struct {
	fd    int
	nudge *nudge

	events  [64]unix.EpollEvent
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

// wait naps for datagrams to come together where several are wanted, for epoll knows no number.
func (p *epoll) wait(want int, within time.Duration) error {
	if p.i < p.n {
		return nil // a fault came between
	}
	full := p.n == len(p.events) // more waits already
	if want > 1 && !full {
		nap := unix.NsecToTimespec(int64(within))
		_ = unix.Nanosleep(&nap, nil) // a shorter nap is as good
		within = 0
	}
	p.i, p.n = 0, 0
	n, err := unix.EpollWait(p.fd, p.events[:], milliseconds(within))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("epoll: %w", err)
	}
	p.n = max(n, 0)
	return nil
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
