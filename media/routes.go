package media

import (
	"net"
	"net/netip"
	"sync"
)

// maxRoutes bounds the cache of local addresses; beyond it, it begins anew.
const maxRoutes = 4096

// discardPort is only named to the kernel: nothing is sent to it (RFC 863).
const discardPort = 9

// routes knows from which local address a peer is reached, for an engine that is bound to a wildcard.
type routes struct {
	mu    sync.Mutex
	local map[netip.Addr]netip.Addr // by peer
}

// to returns the local address on the way to peer, or other where the kernel knows none.
func (r *routes) to(peer, other netip.Addr) netip.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	if local, ok := r.local[peer]; ok {
		return local
	}
	local := other
	if conn, err := net.Dial("udp", netip.AddrPortFrom(peer, discardPort).String()); err == nil {
		if at, ok := conn.LocalAddr().(*net.UDPAddr); ok && !at.IP.IsUnspecified() {
			local = at.AddrPort().Addr().Unmap()
		}
		_ = conn.Close() // nothing was sent
	}
	if r.local == nil || len(r.local) >= maxRoutes {
		r.local = map[netip.Addr]netip.Addr{}
	}
	r.local[peer] = local
	return local
}
