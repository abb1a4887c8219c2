package media

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring is an io_uring (io_uring_setup(2)) without a library: a queue of requests to the kernel and one of its answers,
// in memory that both see. It belongs to the thread that made it.
type ring struct {
	fd     int
	shared []byte // both queues
	slots  []byte // the requests themselves

	requests []request
	answers  []answer
	sqTail   *uint32 // ours to move
	cqHead   *uint32 // ours to move
	cqTail   *uint32 // the kernel's to move

	tail   uint32 // of requests
	queued uint32 // requests that the kernel has not been told of
	head   uint32 // of answers

	limit    unix.Timespec // of the present wait
	argument waitArgument
}

// request is struct io_uring_sqe.
type request struct {
	opcode, flags uint8
	ioprio        uint16
	fd            int32
	off           uint64 // of a send: the address of the peer's address
	addr          uint64
	len           uint32
	opFlags       uint32
	data          uint64
	bufferGroup   uint16
	personality   uint16
	addrLen       uint16 // of a send: of the peer's address
	_             [9]uint16
}

// answer is struct io_uring_cqe.
type answer struct {
	data  uint64
	res   int32 // a size, or a negative errno
	flags uint32
}

// waitArgument is struct io_uring_getevents_arg.
type waitArgument struct {
	mask     uint64
	maskSize uint32
	_        uint32
	limit    uint64
}

// setup is struct io_uring_params.
type setup struct {
	sqEntries, cqEntries, flags, sqThreadCPU, sqThreadIdle, features, wq uint32
	_                                                                    [3]uint32
	sq                                                                   struct{ head, tail, mask, entries, flags, dropped, array, _, _, _ uint32 }
	cq                                                                   struct{ head, tail, mask, entries, overflow, cqes, flags, _, _, _ uint32 }
}

// Of linux/io_uring.h.
const (
	setupCQSize       = 1 << 3
	setupSubmitAll    = 1 << 7
	setupSingleIssuer = 1 << 12
	setupDeferTaskrun = 1 << 13 // since Linux 6.1, which has all else that is used here

	featSingleMmap = 1 << 0

	offRings    = 0
	offRequests = 0x10000000

	enterGetEvents = 1 << 0
	enterExtArg    = 1 << 3

	opRecvmsg     = 10
	opAsyncCancel = 14
	opRead        = 22
	opSend        = 26

	requestBufferSelect = 1 << 5
	requestSkipsSuccess = 1 << 6
	recvMultishot       = 1 << 1
	answerHasBuffer     = 1 << 0
	answerHasMore       = 1 << 1
	answerBufferShift   = 16
	registerBufferRing  = 22
	cacheLine           = 64
	sizeofAnswer        = uint32(unsafe.Sizeof(answer{}))
	sizeofRequest       = uint32(unsafe.Sizeof(request{}))
	_                   = uint(sizeofRequest-cacheLine) + uint(cacheLine-sizeofRequest)
)

// newRing makes a ring for so many requests and answers, both powers of two.
func newRing(requests, answers uint32) (*ring, error) {
	p := setup{cqEntries: answers, flags: setupCQSize | setupSubmitAll | setupSingleIssuer | setupDeferTaskrun}
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(requests), uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return nil, fmt.Errorf("io_uring: %w", errno)
	}
	r := &ring{fd: int(fd)}
	if err := r.share(&p); err != nil {
		r.close()
		return nil, fmt.Errorf("io_uring: map its queues: %w", err)
	}
	return r, nil
}

// share maps the memory that the kernel made.
func (r *ring) share(p *setup) (err error) {
	if p.features&featSingleMmap == 0 {
		return unix.ENOSYS // kernels that old are refused by the flags already
	}
	size := max(p.sq.array+4*p.sqEntries, p.cq.cqes+sizeofAnswer*p.cqEntries)
	if r.shared, err = unix.Mmap(r.fd, offRings, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE); err != nil {
		return err
	}
	if r.slots, err = unix.Mmap(r.fd, offRequests, int(sizeofRequest*p.sqEntries), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE); err != nil {
		return err
	}
	word := func(at uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.shared[at])) }
	r.sqTail, r.cqHead, r.cqTail = word(p.sq.tail), word(p.cq.head), word(p.cq.tail)
	r.requests = unsafe.Slice((*request)(unsafe.Pointer(&r.slots[0])), p.sqEntries)
	r.answers = unsafe.Slice((*answer)(unsafe.Pointer(&r.shared[p.cq.cqes])), p.cqEntries)
	for i, order := uint32(0), unsafe.Slice(word(p.sq.array), p.sqEntries); i < p.sqEntries; i++ {
		order[i] = i
	}
	r.tail, r.head = atomic.LoadUint32(r.sqTail), atomic.LoadUint32(r.cqHead)
	return nil
}

// request returns an empty request to be filled in, which goes to the kernel with the next submit; nil if the queue is
// full. What it points to must stay until then.
func (r *ring) request() *request {
	if int(r.queued) == len(r.requests) {
		return nil
	}
	q := &r.requests[r.tail&uint32(len(r.requests)-1)]
	*q = request{}
	r.tail++
	r.queued++
	return q
}

// submit tells the kernel of what is queued. It works all the time and never waits, so that the runtime need not know.
func (r *ring) submit() error {
	if r.queued == 0 {
		return nil
	}
	atomic.StoreUint32(r.sqTail, r.tail)
	n, _, errno := unix.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(r.queued), 0, 0, 0, 0)
	return r.entered(n, errno)
}

// poll lets the kernel work, and does not wait either.
func (r *ring) poll() error {
	_, _, errno := unix.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), 0, 0, enterGetEvents, 0, 0)
	return r.entered(0, errno)
}

// wait lets the kernel work, and returns once an answer is there, or the time is over; a negative one is for ever.
func (r *ring) wait(within time.Duration) error {
	r.argument.limit = 0
	if within >= 0 {
		r.limit = unix.NsecToTimespec(int64(within))
		r.argument.limit = uint64(uintptr(unsafe.Pointer(&r.limit)))
	}
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), 0, 1, enterGetEvents|enterExtArg,
		uintptr(unsafe.Pointer(&r.argument)), unsafe.Sizeof(r.argument))
	return r.entered(0, errno)
}

// entered takes the result of io_uring_enter(2): how many requests the kernel has seen.
func (r *ring) entered(n uintptr, errno unix.Errno) error {
	switch {
	case errno == 0:
		r.queued -= min(uint32(n), r.queued)
	case errors.Is(errno, unix.ETIME), errors.Is(errno, unix.EINTR):
	case errors.Is(errno, unix.EAGAIN), errors.Is(errno, unix.EBUSY): // short of memory: once more with the next
	default:
		return fmt.Errorf("io_uring: %w", errno)
	}
	return nil
}

// answered returns how many answers are there.
func (r *ring) answered() int { return int(atomic.LoadUint32(r.cqTail) - r.head) }

// answer takes the next answer, and false if there is none.
func (r *ring) answer() (answer, bool) {
	if r.answered() == 0 {
		return answer{}, false
	}
	a := r.answers[r.head&uint32(len(r.answers)-1)]
	r.head++
	atomic.StoreUint32(r.cqHead, r.head)
	return a, true
}

// register calls io_uring_register(2).
func (r *ring) register(what uintptr, argument unsafe.Pointer, n uintptr) error {
	if _, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), what, uintptr(argument), n, 0, 0); errno != 0 {
		return fmt.Errorf("io_uring: register: %w", errno)
	}
	return nil
}

// close gives the ring back; the kernel ends what was asked of it.
func (r *ring) close() {
	for _, m := range [][]byte{r.shared, r.slots} {
		if m != nil {
			_ = unix.Munmap(m) // memory of ours
		}
	}
	_ = unix.Close(r.fd) // what it held is given back by the kernel
}
