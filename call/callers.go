package call

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"assent/queue"
	"assent/sip"
)

// Callers recognise the stations at fixed addresses that may place calls. It is immutable.
type Callers struct {
	by map[netip.Addr][]caller
}

// caller is one station where it calls from.
type caller struct {
	station string
	user    string // user part of its address; "" is any
	port    uint16
}

// NewCallers knows the stations of a configuration that have outbound.enabled and an IP address.
func NewCallers(stations map[string]queue.StationConfig) *Callers {
	c := &Callers{by: map[netip.Addr][]caller{}}
	for _, name := range slices.Sorted(maps.Keys(stations)) {
		cfg := stations[name]
		at, user, ok := sip.Located(cfg.Address)
		if cfg.Outbound.Enabled && ok {
			c.by[at.Addr()] = append(c.by[at.Addr()], caller{name, user, at.Port()})
		}
	}
	return c
}

// Known reports whether a station may call from there. It takes no lock; nil knows nobody.
func (c *Callers) Known(src netip.AddrPort) bool {
	return c != nil && len(c.by[src.Addr().Unmap()]) > 0
}

// Find returns the station that places a call: the one at the INVITE's source whose name the From header has. By UDP
// the port counts too; by a stream it is of no meaning.
func (c *Callers) Find(inv *sip.Invite) (station string, ok bool) {
	if c == nil {
		return "", false
	}
	for _, at := range c.by[inv.Source.Addr().Unmap()] {
		if (inv.Transport != "udp" || at.port == inv.Source.Port()) && (at.user == "" || strings.EqualFold(at.user, inv.From.User)) {
			return at.station, true
		}
	}
	return "", false
}

// Networks are the addresses of those that Known knows. The caller owns the list.
func (c *Callers) Networks() []netip.Prefix {
	list := make([]netip.Prefix, 0, len(c.by))
	for addr := range c.by {
		list = append(list, netip.PrefixFrom(addr, addr.BitLen()))
	}
	return list
}
