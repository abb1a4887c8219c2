package sip

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// calling is our INVITE until the transaction's end.
type calling struct {
	spec       DialSpec
	uri        sip.Uri
	transport  string // as the URI says; "" says nothing
	course     course // the targets that the URI's host leads to
	tx         *clientTx
	proceeding string // branch of the INVITE that a provisional answer has come to: CANCEL may be sent
	cancelled  *Cause // the call is no longer wanted
	answered   bool
	ack        []byte
	ring, c    *timer
	early      []*early // the branches that ring
	told       int      // status of the last provisional answer told
	toldSDP    []byte   // its SDP
	toldTag    string   // the branch whose SDP was told last
	forks      []fork
}

// fork is another branch's dialog that answered our INVITE; it was hung up at once.
type fork struct {
	tag string
	hop hop
	ack []byte
}

// Dial places a call. It returns at once; the sink gets Ringing, Progress and Answered, or Ended. The error is one of
// the spec: then there is no leg and no event. The endpoint must have been started.
func (e *Endpoint) Dial(spec DialSpec, sink Sink) (*Leg, error) {
	if e.ctx == nil || e.closing.Load() {
		return nil, errors.New("sip: the endpoint is not running")
	}
	uri, transport, err := parseTarget(spec.Target)
	if err != nil {
		return nil, fmt.Errorf("dial %w", err)
	}
	if spec.Flow.Transport != "" {
		transport = spec.Flow.Transport
	}
	if len(spec.Offer) == 0 {
		return nil, fmt.Errorf("dial %q: an offer is needed", spec.Target)
	}
	if sink == nil {
		sink = func(Event) {}
	}
	if _, err := e.socketFor(transport, netip.AddrPort{}); err != nil {
		return nil, fmt.Errorf("dial %q: %w", spec.Target, err)
	}
	return e.place(spec, uri, transport, sink)
}

// parseTarget reads a SIP URI that requests are to go to, and the transport that it names, "" for none.
func parseTarget(target string) (uri sip.Uri, transport string, err error) {
	if err := sip.ParseUri(target, &uri); err != nil {
		return uri, "", fmt.Errorf("%q: not a SIP URI: %w", target, err)
	}
	if scheme := strings.ToLower(uri.Scheme); scheme != "sip" && scheme != "sips" || uri.Host == "" || clean(target) != target {
		return uri, "", fmt.Errorf("%q: want sip:user@host[:port][;transport=udp|tcp|tls], or sips:", target)
	}
	transport = uriTransport(uri)
	if transport != "" && transport != "udp" && transport != "tcp" && transport != "tls" {
		return uri, "", fmt.Errorf("%q: there is no transport %s; want udp, tcp or tls", target, transport)
	}
	return uri, transport, nil
}

// place makes the leg and sends the INVITE from its lane.
func (e *Endpoint) place(spec DialSpec, uri sip.Uri, transport string, sink Sink) (*Leg, error) {
	g := &Leg{ep: e, id: newTag(), callID: newTag(), uac: true, terms: spec.Terms}
	g.outlet.listen(sink, spec.Allow)
	opened := e.disp.open(e, g.callID, func(l *lane) {
		g.lane = l
		l.push(func() {
			l.adopt(g)
			g.out = &calling{spec: spec, uri: uri, transport: transport}
			if e.closing.Load() {
				g.hangup(Cause{Status: 503})
				return
			}
			g.locate()
		})
	})
	if !opened {
		return nil, fmt.Errorf("dial %q: too many calls", spec.Target)
	}
	return g, nil
}

// socketAt returns the listener of ours at local.
func (e *Endpoint) socketAt(transport string, local netip.AddrPort) (hop, bool) {
	for _, l := range e.tcp {
		if (transport == "tcp" || transport == "tls") && l.secure == (transport == "tls") && l.local == local {
			return hop{tcp: l}, true
		}
	}
	for _, s := range e.udp {
		if (transport == "udp" || transport == "") && s.local == local {
			return hop{udp: s}, true
		}
	}
	return hop{}, false
}

// socketFor picks the listener that a call to addr leaves by: of the transport and, where addr is known, of its
// address family.
func (e *Endpoint) socketFor(transport string, addr netip.AddrPort) (hop, error) {
	fits := func(local netip.AddrPort) bool {
		a := local.Addr()
		if !addr.IsValid() {
			return true
		}
		return a.Is4() == addr.Addr().Is4() || a.IsUnspecified() && a.Is6()
	}
	if transport == "tcp" || transport == "tls" {
		for _, l := range e.tcp {
			if fits(l.local) && l.secure == (transport == "tls") {
				return hop{tcp: l, addr: addr}, nil
			}
		}
		return hop{}, fmt.Errorf("no %s listener to call from", transport)
	}
	for _, s := range e.udp {
		if fits(s.local) {
			return hop{udp: s, addr: addr}, nil
		}
	}
	return hop{}, errors.New("no udp listener to call from")
}
