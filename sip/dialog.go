package sip

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// dialog is the state of RFC 3261 section 12, from our side.
type dialog struct {
	callID              string
	localTag, remoteTag string
	local, remote       string // From and To values of our requests, without tags
	localSeq, remoteSeq uint32
	remoteSeqSet        bool
	target              string   // the peer's Contact URI
	routes              []string // Route values, first hop first
	maxForwards         int
	takesUpdate         bool   // the peer's Allow has UPDATE
	hop                 hop    // where our requests go
	direct              hop    // where the peer's messages came from, in case hop may not be used
	proven              string // the name that the peer's certificate proved, and has to prove again
	prover              prover
}

// request begins the dialog's next request, with the next CSeq (section 12.2.1.1).
func (d *dialog) request(method string) *request {
	d.localSeq++
	r := d.requestSeq(method, d.localSeq)
	r.owner = d
	return r
}

// requestSeq begins a request with a given CSeq: an ACK has its INVITE's.
func (d *dialog) requestSeq(method string, seq uint32) *request {
	uri, routes := d.target, d.routes
	if len(routes) > 0 && !looseRoute(routes[0]) {
		uri = routeURI(routes[0])
		routes = append(append([]string{}, routes[1:]...), "<"+d.target+">")
	}
	r := &request{hop: d.hop, method: method, uri: uri, branch: magicCookie + newTag(), routes: routes,
		from: d.local + ";tag=" + d.localTag, to: d.remote, callID: d.callID, cseq: seq, maxForwards: d.maxForwards}
	if d.remoteTag != "" {
		r.to += ";tag=" + d.remoteTag
	}
	return r
}

// looseRoute reports whether a route's URI has the lr parameter (section 12.2.1.1).
func looseRoute(route string) bool {
	u, ok := parseAddress(route)
	return !ok || hasParam(u.uri.UriParams, "lr")
}

func hasParam(params sip.HeaderParams, name string) bool {
	for _, p := range params {
		if strings.EqualFold(p.K, name) {
			return true
		}
	}
	return false
}

func routeURI(route string) string {
	a, _ := parseAddress(route)
	return a.uri.String()
}

// learn takes remote target and, if routes is set, the route set from a message that establishes or refreshes the
// dialog. reversed is the UAC's order (section 12.1.2).
func (d *dialog) learn(m *message, routes, reversed bool, allowed func(netip.AddrPort) bool) {
	if c, ok := m.contact(); ok && (strings.EqualFold(c.uri.Scheme, "sip") || strings.EqualFold(c.uri.Scheme, "sips")) {
		d.target = c.uri.String()
	} else if d.target == "" {
		d.target = m.from.uri.String() // RFC 2543 section 6.13
	}
	if allow := m.list("allow"); len(allow) > 0 {
		d.takesUpdate = hasToken(allow, "UPDATE")
	}
	if routes {
		d.routes = m.list("record-route")
		if reversed {
			for i, j := 0, len(d.routes)-1; i < j; i, j = i+1, j-1 {
				d.routes[i], d.routes[j] = d.routes[j], d.routes[i]
			}
		}
	}
	d.aim(allowed)
}

// aim sets the hop from the first route or the target (section 12.2.1.1). A dialog's requests go only where its
// requests may come from: a Contact with a name, behind a NAT, or pointing at a third party gets them by the address
// that the peer speaks from.
func (d *dialog) aim(allowed func(netip.AddrPort) bool) {
	uri := d.target
	if len(d.routes) > 0 {
		uri = routeURI(d.routes[0])
	}
	addr, ok := uriAddr(uri)
	if !ok || !allowed(addr) {
		addr = d.direct.addr
	}
	d.hop = d.direct
	d.hop.addr, d.hop.host = addr, cmp.Or(d.proven, uriHost(uri))
}

// uriHost is the host that a URI names, without brackets.
func uriHost(s string) string {
	var u sip.Uri
	if err := sip.ParseUri(s, &u); err != nil {
		return ""
	}
	return strings.Trim(u.Host, "[]")
}

// uriAddr returns address and port of a URI whose host is an IP address.
func uriAddr(s string) (netip.AddrPort, bool) {
	var u sip.Uri
	if err := sip.ParseUri(s, &u); err != nil {
		return netip.AddrPort{}, false
	}
	a, err := netip.ParseAddr(strings.Trim(u.Host, "[]"))
	if err != nil || u.Port < 0 || u.Port > 65535 || a.IsUnspecified() || a.IsMulticast() {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(a.Unmap(), uriPort(u)), true
}

// uriPort is the port of a URI, or its transport's (RFC 3261 section 19.1.2).
func uriPort(u sip.Uri) uint16 {
	switch {
	case u.Port > 0 && u.Port <= 65535:
		return uint16(u.Port)
	case uriTransport(u) == "tls":
		return defaultSecurePort
	}
	return defaultPort
}

// uriTransport is the transport that a URI asks for, in lower case, "" for none. sips is TLS (section 26.2.2).
func uriTransport(u sip.Uri) string {
	if strings.EqualFold(u.Scheme, "sips") {
		return "tls"
	}
	return strings.ToLower(viaParam(u.UriParams, "transport"))
}

// order checks the CSeq of a request in the dialog; it must rise (section 12.2.2).
func (d *dialog) order(seq uint32) bool {
	if d.remoteSeqSet && seq <= d.remoteSeq {
		return false
	}
	d.remoteSeq, d.remoteSeqSet = seq, true
	return true
}

// stripTag removes the tag parameter of a From or To value.
func stripTag(v string) string {
	parts := splitOutside(v, ';')
	out := parts[0]
	for _, p := range parts[1:] {
		if name, _, _ := strings.Cut(p, "="); !strings.EqualFold(strings.TrimSpace(name), "tag") {
			out += ";" + p
		}
	}
	return out
}
