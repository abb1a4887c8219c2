package resolver

import (
	"context"
	"net/netip"
	"slices"

	"github.com/miekg/dns"
)

// naptr returns the NAPTR records of a name by order and preference (RFC 3403 section 4.1).
func (r *Resolver) naptr(ctx context.Context, name string) ([]*dns.NAPTR, error) {
	list, err := records[*dns.NAPTR](ctx, r, name, dns.TypeNAPTR)
	slices.SortStableFunc(list, func(a, b *dns.NAPTR) int {
		if a.Order != b.Order {
			return int(a.Order) - int(b.Order)
		}
		return int(a.Preference) - int(b.Preference)
	})
	return list, err
}

// srv returns the SRV records of a name. The target "." says that the service is not there (RFC 2782).
func (r *Resolver) srv(ctx context.Context, name string) ([]*dns.SRV, error) {
	list, err := records[*dns.SRV](ctx, r, name, dns.TypeSRV)
	return slices.DeleteFunc(list, func(s *dns.SRV) bool { return s.Target == "." || s.Port == 0 }), err
}

// addresses returns the addresses of a name that can be sent to.
func (r *Resolver) addresses(ctx context.Context, name string) ([]netip.Addr, error) {
	four, err4 := records[*dns.A](ctx, r, name, dns.TypeA)
	six, err6 := records[*dns.AAAA](ctx, r, name, dns.TypeAAAA)
	var out []netip.Addr
	for _, a := range four {
		out = appendAddr(out, a.A)
	}
	for _, a := range six {
		out = appendAddr(out, a.AAAA)
	}
	if len(out) > 0 {
		return out, nil
	}
	if err4 != nil {
		return nil, err4
	}
	return nil, err6
}

func appendAddr(list []netip.Addr, ip []byte) []netip.Addr {
	a, ok := netip.AddrFromSlice(ip)
	if a = a.Unmap(); !ok || a.IsUnspecified() || a.IsMulticast() || len(list) >= maxAddrs || slices.Contains(list, a) {
		return list
	}
	return append(list, a)
}

// records returns what there is of one type, at most maxRecords. A name without any gives none and no error.
func records[T dns.RR](ctx context.Context, r *Resolver, name string, kind uint16) ([]T, error) {
	list, err := r.look(ctx, question{dns.CanonicalName(name), kind})
	var out []T
	for _, rr := range list {
		if record, ok := rr.(T); ok && len(out) < maxRecords {
			out = append(out, record)
		}
	}
	return out, err
}
