package trunk

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Origin is where a call comes from: an address, and what its sender has proved.
type Origin struct {
	Addr netip.AddrPort
	// Certified are the names in the certificate of its TLS connection, in lower case.
	Certified []string
}

// At is the origin of a caller who has proved nothing.
func At(addr netip.AddrPort) Origin { return Origin{Addr: addr} }

// source is one entry of a trunk's sources: a network and, if port is not 0, the one
// port that may send from it. Networks of IPv4-mapped IPv6 addresses (RFC 4291
// section 2.5.5.2) are held as IPv4. Or it is a name that a certificate proves.
type source struct {
	network     netip.Prefix // masked; not valid for a name
	port        uint16
	certificate string // the name, in lower case
	digest      bool   // whoever proves who it is
}

// byCertificate begins a source that is a name in certificates.
const byCertificate = "certificate:"

// ByCertificate reports whether a source is who shows a certificate.
func ByCertificate(source string) bool {
	return strings.HasPrefix(strings.TrimSpace(source), byCertificate)
}

// parseSource reads an IP address or a network, with or without a port, or the name
// in a certificate.
func parseSource(s string) (source, error) {
	text := strings.TrimSpace(s)
	if text == SourceDigest {
		return source{digest: true}, nil
	}
	if name, ok := strings.CutPrefix(text, byCertificate); ok {
		return parseCertificate(s, name)
	}
	host, port, err := splitPort(text)
	if err != nil {
		return source{}, fmt.Errorf("source %q: %w", s, err)
	}
	network, err := parseNetwork(host)
	if err != nil {
		return source{}, fmt.Errorf("source %q is not an IP address or a network, like 192.0.2.1, 192.0.2.0/24:5060 or [2001:db8::/32]:5060", s)
	}
	return source{network: network, port: port}, nil
}

func parseCertificate(s, name string) (source, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") != "" {
		return source{}, fmt.Errorf("source %q names no certificate; write certificate: and a host name that stands in it, like certificate:sbc.carrier.example", s)
	}
	return source{certificate: name}, nil
}

// splitPort separates a port from what stands before it. A host in brackets is IPv6;
// one with several colons and no brackets is IPv6 without a port.
func splitPort(s string) (host string, port uint16, err error) {
	rest := ""
	switch {
	case strings.HasPrefix(s, "["):
		inner, after, found := strings.Cut(s[1:], "]")
		if !found {
			return "", 0, fmt.Errorf("the bracket is not closed")
		}
		// [2001:db8::]/32 and [2001:db8::/32] mean the same.
		if bits, found := strings.CutPrefix(after, "/"); found {
			bits, after = cutKeep(bits, ":")
			inner += "/" + bits
		}
		host, rest = inner, after
		if rest != "" && rest[0] != ':' {
			return "", 0, fmt.Errorf("%q after the bracket is not a port", rest)
		}
	case strings.Count(s, ":") == 1:
		host, rest = cutKeep(s, ":")
	default:
		return s, 0, nil
	}
	if rest == "" {
		return host, 0, nil
	}
	n, err := strconv.ParseUint(rest[1:], 10, 16)
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("%q is not a port from 1 to 65535", rest[1:])
	}
	return host, uint16(n), nil
}

// cutKeep is strings.Cut with the separator kept at the start of after.
func cutKeep(s, sep string) (before, after string) {
	i := strings.Index(s, sep)
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i:]
}

// parseNetwork reads an address as the network of that one address, or a network.
func parseNetwork(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		addr = plain(addr)
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	network, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	if network.Addr().Is4In6() && network.Bits() >= 96 {
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
	}
	return network.Masked(), nil
}

// plain returns the address as tables hold it: IPv4-mapped IPv6 as IPv4, no zone.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

// allows reports whether a packet from src may come by this source. Who has to show
// a certificate is known by no address.
func (s source) allows(src netip.AddrPort) bool {
	return s.certificate == "" && (s.port == 0 || s.port == src.Port()) && s.network.Contains(plain(src.Addr()))
}

// takes reports whether a call from there may come by this source.
func (s source) takes(from Origin) bool {
	if s.certificate != "" {
		return slices.Contains(from.Certified, s.certificate)
	}
	return s.allows(from.Addr)
}

// compare orders sources that allow the same packet: negative if s is the better
// match. A certificate goes before an address, one with a port before one without,
// then the longer network prefix.
func (s source) compare(o source) int {
	switch {
	case (s.certificate != "") != (o.certificate != "") && s.certificate != "":
		return -1
	case (s.certificate != "") != (o.certificate != ""):
		return 1
	case (s.port != 0) != (o.port != 0) && s.port != 0:
		return -1
	case (s.port != 0) != (o.port != 0):
		return 1
	}
	return o.network.Bits() - s.network.Bits()
}

// String returns the source as the configuration would have it.
func (s source) String() string {
	if s.digest {
		return SourceDigest
	}
	if s.certificate != "" {
		return byCertificate + s.certificate
	}
	host := s.network.String()
	if s.network.IsSingleIP() {
		host = s.network.Addr().String()
	}
	switch {
	case s.port == 0:
		return host
	case s.network.Addr().Is6():
		return "[" + host + "]:" + strconv.Itoa(int(s.port))
	}
	return host + ":" + strconv.Itoa(int(s.port))
}
