package resolver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"assent/balance"
)

// Query is what a SIP URI says about where it leads.
type Query struct {
	Host       string   // a name, or an IP address without brackets
	Port       int      // 0: none is given
	Transport  string   // "udp", "tcp", "tls"; "": none is given
	Secure     bool     // a sips URI: TLS only
	Transports []string // those that we can send by, in the order in which we prefer them
}

// Target is one place to send a request to.
type Target struct {
	Addr      netip.AddrPort
	Transport string // "udp", "tcp" or "tls"
}

// ErrNotFound says that a name leads nowhere.
var ErrNotFound = errors.New("the name leads nowhere")

// Resolve returns where to send a request, in the order in which the targets are to be tried, with new chances for
// weighted ones each time. The error wraps ErrNotFound where the name does not exist or has no address.
func (r *Resolver) Resolve(ctx context.Context, q Query) ([]Target, error) {
	if addr, err := netip.ParseAddr(strings.Trim(q.Host, "[]")); err == nil {
		if addr.IsUnspecified() || addr.IsMulticast() {
			return nil, fmt.Errorf("%s: %w", addr, ErrNotFound)
		}
		t := q.transport()
		return []Target{{netip.AddrPortFrom(addr.Unmap(), q.port(t)), t}}, nil
	}
	var targets []Target
	var err error
	switch {
	case q.Port != 0: // section 4.2: no SRV
		targets, err = r.at(ctx, q.Host, q.port(q.transport()), q.transport())
	case q.Transport != "" || q.Secure:
		targets, err = r.services(ctx, q, []service{{q.transport(), serviceName(q.transport(), q.Host)}})
	default:
		targets, err = r.discover(ctx, q)
	}
	if len(targets) > 0 {
		return targets[:min(len(targets), maxTargets)], nil
	}
	if err == nil {
		err = ErrNotFound
	}
	return nil, fmt.Errorf("look up %q: %w", q.Host, err)
}

// transport is the one that a URI means that says no more (RFC 3263 section 4.1).
func (q *Query) transport() string {
	switch {
	case q.Secure:
		return "tls"
	case q.Transport != "":
		return strings.ToLower(q.Transport)
	}
	return "udp"
}

func (q *Query) port(transport string) uint16 {
	switch {
	case q.Port > 0 && q.Port < 65536:
		return uint16(q.Port)
	case transport == "tls":
		return 5061
	}
	return 5060
}

// service is a transport, and the name of its SRV records.
type service struct{ transport, name string }

func serviceName(transport, host string) string {
	if transport == "tls" {
		return "_sips._tcp." + host
	}
	return "_sip._" + transport + "." + host
}

// discover chooses the transport by NAPTR, or where there is none by what SRV records exist (section 4.1).
func (r *Resolver) discover(ctx context.Context, q Query) ([]Target, error) {
	naptr, err := r.naptr(ctx, q.Host)
	if err != nil {
		return nil, err
	}
	var services []service
	for _, record := range naptr {
		transport, ok := naptrTransports[strings.ToUpper(record.Service)]
		if ok && strings.EqualFold(record.Flags, "s") && slices.Contains(q.Transports, transport) {
			services = append(services, service{transport, record.Replacement})
		}
	}
	if len(services) == 0 {
		for _, transport := range q.Transports {
			services = append(services, service{transport, serviceName(transport, q.Host)})
		}
	}
	return r.services(ctx, q, services)
}

// naptrTransports are the services that we know (section 4.1).
var naptrTransports = map[string]string{"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}

// services looks the SRV records of each service up, in order. Without any, the host's own addresses count.
func (r *Resolver) services(ctx context.Context, q Query, services []service) ([]Target, error) {
	var out []Target
	found := false
	for _, s := range services {
		records, err := r.srv(ctx, s.name)
		if err != nil {
			return out, err
		}
		found = found || len(records) > 0
		for _, record := range r.ordered(records) {
			targets, err := r.at(ctx, record.Target, record.Port, s.transport)
			if err != nil && ctx.Err() != nil {
				return out, err
			}
			out = append(out, targets...) // a target without an address is as good as down
			if len(out) >= maxTargets {
				return out, nil
			}
		}
	}
	if found {
		return out, nil
	}
	return r.at(ctx, q.Host, q.port(q.transport()), q.transport())
}

// ordered puts SRV records in the order in which they are tried.
func (r *Resolver) ordered(records []*dns.SRV) []*dns.SRV {
	return balance.Order(records, func(s *dns.SRV) balance.Rank {
		return balance.Rank{Priority: int(s.Priority), Weight: int(s.Weight)}
	}, r.pick)
}

// at makes targets of a name's addresses, those of IPv6 and IPv4 as the server gives them, IPv4 first.
func (r *Resolver) at(ctx context.Context, host string, port uint16, transport string) ([]Target, error) {
	addrs, err := r.addresses(ctx, host)
	var out []Target
	for _, a := range addrs {
		out = append(out, Target{netip.AddrPortFrom(a, port), transport})
	}
	return out, err
}
