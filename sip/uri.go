package sip

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// WithUser puts a user part into a SIP URI that names a host, such as a gateway's: the address of a number there.
// The user is escaped, so that it can name no other host.
func WithUser(uri, user string) (string, error) {
	var u sip.Uri
	if err := sip.ParseUri(uri, &u); err != nil {
		return "", fmt.Errorf("%q: %w; want sip:HOST or sip:HOST:PORT;transport=tcp", uri, err)
	}
	u.User = escapeUser(user)
	return u.String(), nil
}

// Secure reports whether a SIP URI is dialled by TLS.
func Secure(uri string) bool {
	var u sip.Uri
	return sip.ParseUri(uri, &u) == nil && uriTransport(u) == "tls"
}

// HostAddr returns the IP address that a SIP URI names; the zero value where it names a host by name, or is no URI.
func HostAddr(uri string) netip.Addr {
	var u sip.Uri
	if err := sip.ParseUri(uri, &u); err != nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(strings.Trim(u.Host, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}

// TargetAddr returns the address and port that a SIP URI names; false where it names a host by name, or is no URI.
func TargetAddr(uri string) (netip.AddrPort, bool) { return uriAddr(uri) }

// Located does so too, and returns the user part, unescaped.
func Located(uri string) (at netip.AddrPort, user string, ok bool) {
	var u sip.Uri
	if err := sip.ParseUri(uri, &u); err != nil {
		return at, "", false
	}
	at, ok = uriAddr(uri)
	return at, unescapeUser(u.User), ok
}

// SameAddress reports whether two SIP URIs name the same user at the same host and port.
func SameAddress(a, b string) bool {
	var u, v sip.Uri
	if sip.ParseUri(a, &u) != nil || sip.ParseUri(b, &v) != nil {
		return false
	}
	port := func(u sip.Uri) int {
		if u.Port == 0 {
			return defaultPort
		}
		return u.Port
	}
	return unescapeUser(u.User) == unescapeUser(v.User) && strings.EqualFold(u.Host, v.Host) && port(u) == port(v)
}
