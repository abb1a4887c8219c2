package sockfilter

import (
	"fmt"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Attach makes the kernel drop what comes to a socket from outside of networks, IPv4 or IPv6 (IPv4-mapped ones count as
// IPv4), in place of any filter that it had. Connections that a listening socket accepts inherit its filter. networks is
// borrowed.
func Attach(socket syscall.RawConn, networks []netip.Prefix) error {
	raw, err := bpf.Assemble(compile(networks, networkHeader))
	if err != nil {
		return fmt.Errorf("assemble the socket filter: %w", err)
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	return control(socket, func(fd int) error {
		return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program)
	})
}

// Detach removes a socket's filter, if it has one.
func Detach(socket syscall.RawConn) error {
	return control(socket, func(fd int) error {
		err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
		if err == unix.ENOENT {
			return nil
		}
		return err
	})
}

func control(socket syscall.RawConn, f func(fd int) error) error {
	var inner error
	if err := socket.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// The kernel's figures of a socket (linux/sock_diag.h).
const (
	meminfoDrops = 8
	meminfoWords = 9
)

// Dropped is how many packets the kernel has dropped at a socket since it was opened, by its filter or because its
// buffer was full. It wraps at 2^32, and is 0 where the kernel does not say.
func Dropped(socket syscall.RawConn) (n uint32) {
	var words [meminfoWords]uint32
	size := uint32(unsafe.Sizeof(words))
	err := control(socket, func(fd int) error {
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&words)), uintptr(unsafe.Pointer(&size)), 0)
		if errno != 0 {
			return errno
		}
		return nil
	})
	if err != nil {
		return 0
	}
	return words[meminfoDrops]
}
