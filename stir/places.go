package stir

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// defaultPorts are those of an entry of hosts that names none (ATIS-1000080 section 6.3).
var defaultPorts = []string{"", "443", "8443"}

// ParsePlace reads the URL of a certificate chain: https, a host, a path, and
// nothing else (ATIS-1000080 section 6.3).
func ParsePlace(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case len(text) > maxURL:
		return nil, fmt.Errorf("the URL has more than %d characters", maxURL)
	case err != nil:
		return nil, errors.New("it is no URL") // the error quotes it
	case u.Scheme != "https":
		return nil, errors.New("the URL is not https")
	case u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "", u.Opaque != "":
		return nil, errors.New("the URL has more than a host and a path")
	case u.Hostname() == "", strings.ContainsAny(u.Hostname(), "*%"):
		return nil, errors.New("the URL names no host")
	}
	return u, nil
}

// allowed reports whether an entry of the list of hosts covers the URL's host and port.
func allowed(hosts []string, u *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	return slices.ContainsFunc(hosts, func(entry string) bool {
		name, port := splitPort(strings.ToLower(entry))
		if port == "" && !slices.Contains(defaultPorts, u.Port()) || port != "" && port != u.Port() && (port != "443" || u.Port() != "") {
			return false
		}
		if name == "*" {
			return true
		}
		if domain, ok := strings.CutPrefix(name, "*."); ok {
			return strings.HasSuffix(host, "."+domain)
		}
		return host == strings.Trim(name, "[]")
	})
}

// splitPort splits an entry of the list of hosts.
func splitPort(entry string) (name, port string) {
	i := strings.LastIndexByte(entry, ':')
	if i < 0 || strings.HasSuffix(entry, "]") {
		return entry, ""
	}
	return entry[:i], entry[i+1:]
}

// private are networks that no public server is in, beside those that
// netip.Addr can tell (RFC 6890 and its registries). Those that carry an IPv4
// address within lead back into them.
var private = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("fec0::/10"),
}

// reachable reports whether a certificate may be fetched from an address: a
// public one, or one in the networks that are allowed all the same.
func reachable(a netip.Addr, networks []netip.Prefix) bool {
	a = a.Unmap().WithZone("")
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	return !slices.ContainsFunc(private, func(n netip.Prefix) bool { return n.Contains(a) })
}
