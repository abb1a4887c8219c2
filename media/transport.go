package media

import (
	"fmt"
	"net/netip"
	"time"

	"go.uber.org/zap"
)

// transport is a driver's way to the kernel. It belongs to the driver's goroutine, which opens and closes it.
type transport interface {
	// watch begins to receive on a socket; next tells what comes under its tag.
	watch(s *socket, tag int32) error
	// drop closes a socket that is watched.
	drop(s *socket, tag int32)
	// send takes a datagram, which is borrowed, and hands it to the kernel with the next wait at the latest. It is false
	// if the kernel does not take it; if that shows later, next tells it.
	send(s *socket, to netip.AddrPort, datagram []byte) bool
	// wait sends what is not sent yet and sleeps for nap, whatever happens. Then it waits until something has happened, or
	// within is over; negative is for ever. all says that nothing has come which next does not tell before it is false.
	wait(nap, within time.Duration) (all bool, err error)
	// next returns the next thing that has happened, and false if wait is to be called. Its datagram is borrowed until
	// the following call.
	next() (event, bool)
	close()
}

// event is something that happened in a transport.
type event struct {
	tag      int32 // of the socket that datagram came to, or one of those below
	from     netip.AddrPort
	datagram []byte
}

// Tags of no socket.
const (
	nudgeTag  int32 = -1 // the driver was nudged
	unsentTag int32 = -2 // a datagram was not taken by the kernel
)

// Ways to the kernel (media.io).
const (
	IOAuto  = "auto"     // io_uring where the system allows it, else epoll
	IOURing = "io_uring" // and no start where it does not
	IOEpoll = "epoll"
)

// openTransport opens the way that media.io names, for the calling goroutine.
func openTransport(io string, n *nudge, log *zap.Logger) (transport, error) {
	if io == IOEpoll {
		return openEpoll(n)
	}
	u, err := openURing(n)
	if err == nil {
		return u, nil
	}
	if io == IOURing {
		return nil, fmt.Errorf("media.io: %w", err)
	}
	log.Info("io_uring is not to be had, media uses epoll", zap.Error(err))
	return openEpoll(n)
}
