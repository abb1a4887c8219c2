package media

import (
	"errors"
	"net/netip"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// ringRequests is how many datagrams are sent by one call to the kernel at most.
	ringRequests = 256
	// ringAnswers is more than the kernel's answers between two looks: beyond it the kernel keeps them itself.
	ringAnswers = 2048
	// outgoingBytes holds what waits to be sent: as many packets of usual size as there are requests.
	outgoingBytes = 64 << 10
)

// uring is a transport by io_uring: one standing request a socket receives all that comes, and what is sent goes to the
// kernel together with the wait, in a single call for many packets.
type uring struct {
	// set once
	ring    *ring
	buffers *buffers
	nudge   *nudge
	shape   unix.Msghdr // of what is received

	watched  []watched // by tag
	held     int       // the buffer of the present event; -1: none
	outgoing [outgoingBytes]byte
	used     int     // of outgoing
	count    [8]byte // of nudges
	spare    request // where the kernel takes none
	broken   error
}

// submitTries is how often a kernel that is short of memory is asked in a row.
const submitTries = 100

// errStuck says that the kernel takes no requests.
var errStuck = errors.New("io_uring: the kernel takes no more requests")

// watched is a socket that is received on. Its generation tells it from one that had its tag before.
type watched struct {
	fd         int
	generation uint32
	open       bool
}

// What an answer is about: the upper byte of its data. Then follow 24 bits of generation and 32 of tag.
const (
	aboutNothing = iota
	aboutDatagram
	aboutNudge
	aboutSend
)

const (
	aboutShift      = 56
	generationShift = 32
	generationMask  = 1<<(aboutShift-generationShift) - 1
)

// openURing keeps the calling goroutine on its thread until close: a ring belongs to a thread.
func openURing(n *nudge) (_ *uring, err error) {
	runtime.LockOSThread()
	u := &uring{nudge: n, held: -1, shape: unix.Msghdr{Namelen: peerSize}}
	defer func() {
		if err != nil {
			u.close()
		}
	}()
	if u.ring, err = newRing(ringRequests, ringAnswers); err != nil {
		return nil, err
	}
	if u.buffers, err = newBuffers(u.ring); err != nil {
		return nil, err
	}
	u.awaitNudge()
	return u, u.ring.submit()
}

// awaitNudge asks for the nudge's count: reading it is taking it.
func (u *uring) awaitNudge() {
	q := u.request()
	q.opcode, q.fd, q.addr, q.len = opRead, int32(u.nudge.fd), address(&u.count[0]), uint32(len(u.count))
	q.data = aboutNudge << aboutShift
}

// request returns an empty request; where the queue is full it is sent first. A kernel that takes nothing any more breaks
// the transport, and the request leads nowhere.
func (u *uring) request() *request {
	for range submitTries {
		if q := u.ring.request(); q != nil {
			return q
		}
		u.flush()
	}
	if u.broken == nil {
		u.broken = errStuck
	}
	u.spare = request{}
	return &u.spare
}

// flush hands over what is queued.
func (u *uring) flush() {
	if err := u.ring.submit(); err != nil {
		u.broken = err
	}
	if u.ring.queued == 0 {
		u.used = 0
	}
}

func (u *uring) watch(s *socket, tag int32) error {
	for int(tag) >= len(u.watched) {
		u.watched = append(u.watched, watched{})
	}
	w := &u.watched[tag]
	*w = watched{fd: s.fd, generation: (w.generation + 1) & generationMask, open: true}
	u.receive(tag)
	return nil
}

// receive makes the standing request of a socket.
func (u *uring) receive(tag int32) {
	w, q := &u.watched[tag], u.request()
	q.opcode, q.flags, q.ioprio = opRecvmsg, requestBufferSelect, recvMultishot
	q.fd, q.addr, q.len, q.bufferGroup = int32(w.fd), address(&u.shape), 1, bufferGroup
	q.data = w.about(tag)
}

func (w *watched) about(tag int32) uint64 {
	return aboutDatagram<<aboutShift | uint64(w.generation)<<generationShift | uint64(uint32(tag))
}

// drop ends the standing request, without which the socket would live on, and closes the socket once nothing that is
// queued means its descriptor, which may be another's soon.
func (u *uring) drop(s *socket, tag int32) {
	if int(tag) < len(u.watched) && u.watched[tag].open {
		w, q := &u.watched[tag], u.request()
		q.opcode, q.addr, q.flags = opAsyncCancel, w.about(tag), requestSkipsSuccess
		w.open = false
	}
	u.flush()
	s.close()
}

// send copies the datagram and its address to where they can wait.
func (u *uring) send(s *socket, to netip.AddrPort, datagram []byte) bool {
	size := (len(rawAddress{}.bytes) + len(datagram) + 7) &^ 7
	if size > len(u.outgoing) {
		return false
	}
	if u.used+size > len(u.outgoing) {
		u.flush()
	}
	q := u.request() // may flush too
	if u.used+size > len(u.outgoing) {
		return false // the request does nothing
	}
	b := u.outgoing[u.used : u.used+size]
	u.used += size
	s.address(to)
	n := copy(b, s.raw.bytes[:])
	copy(b[n:], datagram)
	q.opcode, q.flags, q.fd = opSend, requestSkipsSuccess, int32(s.fd)
	q.off, q.addrLen = address(&b[0]), uint16(s.len)
	q.addr, q.len = address(&b[n]), uint32(len(datagram))
	q.opFlags = unix.MSG_NOSIGNAL | unix.MSG_DONTWAIT
	q.data = aboutSend << aboutShift
	return true
}

// someAnswers are fewer than the kernel brings in one call where more are to be had: it stops after 20 sockets (since
// Linux 6.13), of which a few may have had nothing.
const someAnswers = 10

func (u *uring) wait(nap, within time.Duration) (all bool, err error) {
	u.flush()
	if u.broken != nil {
		return false, u.broken
	}
	if u.ring.answered() > 0 {
		return false, nil // only what was looked at makes room for more
	}
	sleep(nap)
	if within == 0 {
		err = u.ring.poll()
	} else {
		err = u.ring.wait(within)
	}
	return u.ring.answered() < someAnswers, err
}

func (u *uring) next() (event, bool) {
	if u.held >= 0 {
		u.buffers.give(u.held)
		u.held = -1
	}
	for {
		a, ok := u.ring.answer()
		if !ok {
			return event{}, false
		}
		switch a.data >> aboutShift {
		case aboutNudge:
			u.awaitNudge()
			return event{tag: nudgeTag}, true
		case aboutSend:
			return event{tag: unsentTag}, true
		case aboutDatagram:
			if e, ok := u.datagram(a); ok {
				return e, true
			}
		}
	}
}

// datagram takes what a standing request brought. One that ended is made again: the buffers had run out.
func (u *uring) datagram(a answer) (event, bool) {
	tag := int32(uint32(a.data))
	w := &u.watched[tag]
	ours := w.open && a.data == w.about(tag)
	if ours && a.flags&answerHasMore == 0 {
		u.receive(tag)
	}
	if a.flags&answerHasBuffer == 0 {
		return event{}, false
	}
	id := int(a.flags >> answerBufferShift)
	if !ours || a.res <= datagramAt || int(a.res) > bufferSize {
		u.buffers.give(id)
		return event{}, false
	}
	u.held = id
	b := u.buffers.at(id)[:a.res]
	var from rawAddress
	copy(from.bytes[:], b[peerAt:])
	return event{tag: tag, from: from.decode(), datagram: b[datagramAt:min(int(a.res), datagramAt+maxPacket+1)]}, true
}

func (u *uring) close() {
	if u.ring != nil {
		u.ring.close()
	}
	if u.buffers != nil {
		u.buffers.close()
	}
	runtime.UnlockOSThread()
}

// address is where something lies, for the kernel. What it points to belongs to the transport and does not move.
func address[T any](p *T) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }
