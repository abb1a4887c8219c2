package sdp

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// ErrAddress means that the audio line's address can't be where a peer receives: a host name, a multicast, broadcast or
// link-local address, one of the other IP version, or none at all.
var ErrAddress = errors.New("unusable media address")

// connection returns the address of a medium, from its own c= line or else the session's. The unspecified address
// (0.0.0.0 or ::) is returned as it is: it is how old equipment holds (RFC 3264 section 8.4).
func (d *Description) connection(m *Media) (netip.Addr, error) {
	text, ok := value(m.Lines, 'c')
	if !ok {
		if text, ok = value(d.Lines, 'c'); !ok {
			return netip.Addr{}, fmt.Errorf("%w: no c= line", ErrAddress)
		}
	}
	return parseConnection(text)
}

// parseConnection reads "IN IP4 192.0.2.1" (RFC 8866 section 5.7). A TTL or count behind a slash belongs to multicast.
func parseConnection(text string) (netip.Addr, error) {
	fields := strings.Fields(text)
	if len(fields) != 3 || fields[0] != "IN" {
		return netip.Addr{}, fmt.Errorf("%w: %q; want \"IN IP4\" or \"IN IP6\" and an address", ErrAddress, clip(text))
	}
	host, _, _ := strings.Cut(fields[2], "/")
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%w: %q; want an IP address, not a name", ErrAddress, clip(host))
	}
	if addr.Is4() != (fields[1] == "IP4") || addr.Is6() != (fields[1] == "IP6") {
		return netip.Addr{}, fmt.Errorf("%w: %q is not of its type %s", ErrAddress, clip(host), clip(fields[1]))
	}
	return addr.Unmap(), nil
}

// broadcast is IPv4's limited broadcast address.
var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// checkPeer refuses addresses that no peer can have. Link-local ones are among them because cloud providers serve
// credentials there (169.254.169.254).
func checkPeer(addr, ours netip.Addr) error {
	switch {
	case addr.IsMulticast(), addr.IsLinkLocalUnicast(), addr == broadcast, addr.Zone() != "":
		return fmt.Errorf("%w: %s; want a peer's unicast address", ErrAddress, addr)
	case ours.IsValid() && !addr.IsUnspecified() && addr.Is4() != ours.Unmap().Is4():
		return fmt.Errorf("%w: %s; want the IP version of our address %s", ErrAddress, addr, ours)
	}
	return nil
}

// rtcp returns where the peer receives RTCP: with RTP, where a=rtcp says (RFC 3605), or one port higher; the zero
// AddrPort where that can't be. An a=rtcp that makes no sense counts as not said.
func (d *Description) rtcp(m *Media, rtp netip.AddrPort, ours netip.Addr, mux bool) netip.AddrPort {
	if mux {
		return rtp
	}
	if text, ok := m.Attribute("rtcp"); ok {
		if at, ok := parseRTCP(text, rtp.Addr(), ours); ok {
			return at
		}
	}
	if rtp.Port() == 0xFFFF {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(rtp.Addr(), rtp.Port()+1)
}

// parseRTCP reads "53020" or "53020 IN IP4 192.0.2.1".
func parseRTCP(text string, addr, ours netip.Addr) (netip.AddrPort, bool) {
	number, connection, named := strings.Cut(strings.TrimSpace(text), " ")
	port, count, err := parsePort(number)
	if err != nil || port == 0 || count != "" {
		return netip.AddrPort{}, false
	}
	if named {
		if addr, err = parseConnection(connection); err != nil || addr.IsUnspecified() || checkPeer(addr, ours) != nil {
			return netip.AddrPort{}, false
		}
	}
	return netip.AddrPortFrom(addr, port), true
}
