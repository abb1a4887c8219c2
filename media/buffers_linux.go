package media

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// receiveBuffers is how many datagrams can have been received and not been looked at: many times what one wait brings as
	// a rule. Beyond it they wait in their sockets. A power of two.
	receiveBuffers = 1024
	// bufferSize holds a datagram and what the kernel puts before it.
	bufferSize = (datagramAt + maxPacket + 1 + 15) &^ 15
	// bufferGroup is their number in their ring.
	bufferGroup = 1

	peerSize   = unix.SizeofSockaddrInet6
	peerAt     = 16 // behind struct io_uring_recvmsg_out
	datagramAt = peerAt + peerSize
)

// buffers are what a ring receives into: the kernel takes one for each datagram, and it is given back when the datagram
// was worked on. They lie outside Go's heap.
type buffers struct {
	memory []byte
	order  []byte // struct io_uring_buf_ring
	ring   []freeBuffer
	tail   uint16
}

// freeBuffer is struct io_uring_buf; the last field of the first one is the tail of them all.
type freeBuffer struct {
	addr uint64
	len  uint32
	id   uint16
	tail uint16
}

func newBuffers(r *ring) (*buffers, error) {
	b := &buffers{}
	var err error
	if b.order, err = anonymous(receiveBuffers * int(unsafe.Sizeof(freeBuffer{}))); err == nil {
		b.memory, err = anonymous(receiveBuffers * bufferSize)
	}
	if err != nil {
		b.close()
		return nil, fmt.Errorf("memory for datagrams: %w", err)
	}
	b.ring = unsafe.Slice((*freeBuffer)(unsafe.Pointer(&b.order[0])), receiveBuffers)
	argument := struct {
		addr    uint64
		entries uint32
		group   uint16
		flags   uint16
		_       [3]uint64
	}{addr: uint64(uintptr(unsafe.Pointer(&b.order[0]))), entries: receiveBuffers, group: bufferGroup}
	if err := r.register(registerBufferRing, unsafe.Pointer(&argument), 1); err != nil {
		b.close()
		return nil, err
	}
	for id := range receiveBuffers {
		b.give(id)
	}
	return b, nil
}

// anonymous returns zeroed memory, page by page as it is used.
func anonymous(size int) ([]byte, error) {
	return unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
}

func (b *buffers) at(id int) []byte {
	return b.memory[id*bufferSize : (id+1)*bufferSize : (id+1)*bufferSize]
}

// give lets the kernel have a buffer. It looks only within a call of this thread, so that no barrier is wanted.
func (b *buffers) give(id int) {
	free := &b.ring[b.tail%receiveBuffers]
	free.addr, free.len, free.id = uint64(uintptr(unsafe.Pointer(&b.memory[id*bufferSize]))), bufferSize, uint16(id)
	b.tail++
	b.ring[0].tail = b.tail
}

func (b *buffers) close() {
	for _, m := range [][]byte{b.memory, b.order} {
		if m != nil {
			_ = unix.Munmap(m) // memory of ours
		}
	}
}
