package media

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// nudge ends a transport's wait from any goroutine.
type nudge struct{ fd int }

func newNudge() (*nudge, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	return &nudge{fd: fd}, nil
}

// wake ends a wait, the present one or the next; it may be called until close.
func (n *nudge) wake() {
	one := [8]byte{}
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(n.fd, one[:]) // it never fills: each counts one, and is taken with all others
}

// calm takes a nudge that was reported.
func (n *nudge) calm() {
	var b [8]byte
	_, _ = unix.Read(n.fd, b[:]) // its count says nothing
}

func (n *nudge) close() { _ = unix.Close(n.fd) } // a descriptor without data
