package sip

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
)

// maxRouted bounds the cache of local addresses.
const maxRouted = 4096

// names knows by which address a peer reaches us, so that 0.0.0.0 never stands in a message.
type names struct {
	public     string // set once; a host, IPv6 in brackets
	publicPort uint16 // 0: the listener's

	mu     sync.Mutex
	routed map[netip.Addr]string // peer → our address on the way to it
}

func newNames(public string) *names {
	n := &names{public: public, routed: make(map[netip.Addr]string)}
	if host, port, err := net.SplitHostPort(public); err == nil {
		p, _ := strconv.ParseUint(port, 10, 16) // not a number: the listener's port
		n.public, n.publicPort = host, uint16(p)
	}
	n.public = bracket(strings.Trim(n.public, "[]"))
	return n
}

// name returns host and port for Via and Contact of a socket bound to local, towards peer. secure is TLS, whose port
// is never that of public_address.
func (n *names) name(local netip.AddrPort, peer netip.Addr, secure bool) (string, uint16) {
	port := local.Port()
	if n.public != "" && n.reaches(peer) {
		if n.publicPort != 0 && !secure {
			port = n.publicPort
		}
		return n.public, port
	}
	if !local.Addr().IsUnspecified() {
		return bracket(local.Addr().String()), port
	}
	return n.towards(peer), port
}

// reaches reports whether the public address is of peer's family; a name may be of any.
func (n *names) reaches(peer netip.Addr) bool {
	a, err := netip.ParseAddr(strings.Trim(n.public, "[]"))
	return err != nil || a.Unmap().Is4() == peer.Unmap().Is4()
}

// towards asks the routing table, by connecting a UDP socket that sends nothing.
func (n *names) towards(peer netip.Addr) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if host, ok := n.routed[peer]; ok {
		return host
	}
	host := "127.0.0.1" // where no route leads there, nobody will read it
	if c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(peer, defaultPort))); err == nil {
		if a, ok := c.LocalAddr().(*net.UDPAddr); ok {
			host = bracket(a.AddrPort().Addr().Unmap().WithZone("").String())
		}
		_ = c.Close() // nothing was sent
	}
	if len(n.routed) >= maxRouted {
		clear(n.routed)
	}
	n.routed[peer] = host
	return host
}

// bracket puts an IPv6 address into brackets.
func bracket(host string) string {
	if strings.IndexByte(host, ':') >= 0 {
		return "[" + host + "]"
	}
	return host
}
