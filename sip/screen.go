package sip

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"syscall"

	"go.uber.org/zap"

	"assent/sockfilter"
)

// maxBeside is how many addresses beside Deps.Networks the kernel lets through before those are taken out that we ask
// nothing of any more.
const maxBeside = 1024

// screen has the kernel drop what comes from where nobody is known, before it costs us anything. It is there for what it
// saves, and not to be relied on: everything that comes through is asked about again.
type screen struct {
	// set once
	log      *notes
	networks func() []netip.Prefix // nil, or what it returns is: anybody may come

	mu      sync.Mutex
	sockets []syscall.RawConn       // that take a filter
	set     []netip.Prefix          // what the sockets let through now; nil is everything
	beside  map[netip.Addr]struct{} // of them, those that we have dialled
}

// guard adds a socket.
func (s *screen) guard(c syscall.RawConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets = append(s.sockets, c)
}

// update takes the networks of now.
func (s *screen) update() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apply()
}

// on reports whether the kernel drops anything.
func (s *screen) on() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set != nil && len(s.sockets) > 0
}

// admit lets an address through that we are about to ask something of. inUse reports whether an earlier one is still
// asked.
func (s *screen) admit(a netip.Addr, inUse func(netip.Addr) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a = a.Unmap().WithZone("")
	if s.set == nil || slices.ContainsFunc(s.set, func(n netip.Prefix) bool { return n.Contains(a) }) {
		return
	}
	s.beside[a] = struct{}{}
	if len(s.beside) > maxBeside {
		maps.DeleteFunc(s.beside, func(a netip.Addr, _ struct{}) bool { return !inUse(a) })
	}
	s.apply()
}

// apply needs mu. A socket that the kernel will not filter stays without, for good.
func (s *screen) apply() {
	s.set = nil
	if s.networks != nil {
		s.set = s.networks()
	}
	if s.set != nil {
		s.set = slices.Clip(s.set)
		for a := range s.beside {
			s.set = append(s.set, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	s.sockets = slices.DeleteFunc(s.sockets, func(c syscall.RawConn) bool {
		err := s.attach(c)
		if err != nil {
			s.log.log.Warn("strangers are dropped by the service alone, not by the kernel", zap.Error(err))
			_ = sockfilter.Detach(c) // an older one would know less; there may be none
		}
		return err != nil
	})
}

func (s *screen) attach(c syscall.RawConn) error {
	if s.set == nil {
		return sockfilter.Detach(c)
	}
	return sockfilter.Attach(c, s.set)
}

// dropped is how many packets the kernel has dropped at our sockets.
func (s *screen) dropped() (n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.sockets {
		n += uint64(sockfilter.Dropped(c))
	}
	return n
}
