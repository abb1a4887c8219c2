package sip

import (
	"errors"
	"fmt"
	"syscall"
)

var errNotListening = errors.New("the socket does not listen any more")

// Ready returns nil while every listener serves, else what is wrong with the first that does not. It may be called
// once Start has returned, concurrently.
func (e *Endpoint) Ready() error {
	if e.closing.Load() {
		return errors.New("closing")
	}
	for _, s := range e.udp {
		if err := listens(s.conn, syscall.SO_TYPE); err != nil {
			return fmt.Errorf("udp://%s: %w", s.local, err)
		}
	}
	for _, l := range e.tcp {
		if err := listens(l.ln, syscall.SO_ACCEPTCONN); err != nil {
			return fmt.Errorf("tcp://%s: %w", l.local, err)
		}
	}
	return nil
}

// listens asks the kernel for an option of a listener's socket, which must not be 0. Readers go on until their socket
// is closed, so that an open socket is a served one.
func listens(listener any, option int) error {
	conn, ok := listener.(syscall.Conn)
	if !ok {
		return errNotListening
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	value, failed := 0, error(nil)
	err = raw.Control(func(fd uintptr) { value, failed = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, option) })
	if err = errors.Join(err, failed); err == nil && value == 0 {
		err = errNotListening
	}
	return err
}
