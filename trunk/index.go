package trunk

import (
	"cmp"
	"net/netip"
	"slices"
)

// index finds the entry for a source and a number: first by certificates, then by the
// sources with a port, then by those without, from the longest network to the shortest. It is
// immutable once built and allocates nothing in a lookup.
type index struct {
	levels       []level             // longest networks first
	certificates map[string]*numbers // by name
}

// level holds the networks of one length.
type level struct {
	bits     int
	is4      bool
	networks map[netip.Addr]*network
}

// network is what stands at one network address.
type network struct {
	ports map[uint16]*numbers // by source port
	any   *numbers            // from any port; nil if no source is without a port
}

// numbers finds the best pattern for a called number.
type numbers struct {
	exact    map[string]*entry
	lengths  []int // of the prefixes, longest first
	prefixes map[string]*entry
	first    *entry // of the entries that were added, the first
}

// add puts an entry's pattern under a source. If another entry has the same pattern
// under the same source it is returned and nothing is added.
func (x *index) add(s source, p pattern, e *entry) *entry {
	if s.certificate != "" {
		if x.certificates == nil {
			x.certificates = map[string]*numbers{}
		}
		if x.certificates[s.certificate] == nil {
			x.certificates[s.certificate] = newNumbers(e)
		}
		return x.certificates[s.certificate].add(p, e)
	}
	n := x.network(s.network)
	if s.port == 0 {
		if n.any == nil {
			n.any = newNumbers(e)
		}
		return n.any.add(p, e)
	}
	if n.ports[s.port] == nil {
		n.ports[s.port] = newNumbers(e)
	}
	return n.ports[s.port].add(p, e)
}

// network returns the place of a network, making it if need be.
func (x *index) network(p netip.Prefix) *network {
	is4 := p.Addr().Is4()
	i := slices.IndexFunc(x.levels, func(l level) bool { return l.bits == p.Bits() && l.is4 == is4 })
	if i < 0 {
		x.levels = append(x.levels, level{bits: p.Bits(), is4: is4, networks: map[netip.Addr]*network{}})
		slices.SortFunc(x.levels, func(a, b level) int { return b.bits - a.bits })
		return x.network(p)
	}
	found := x.levels[i].networks[p.Addr()]
	if found == nil {
		found = &network{ports: map[uint16]*numbers{}}
		x.levels[i].networks[p.Addr()] = found
	}
	return found
}

func newNumbers(first *entry) *numbers {
	return &numbers{exact: map[string]*entry{}, prefixes: map[string]*entry{}, first: first}
}

func (n *numbers) add(p pattern, e *entry) *entry {
	known := n.exact
	if p.prefix {
		known = n.prefixes
	}
	if other := known[p.text]; other != nil && other != e {
		return other
	}
	known[p.text] = e
	if p.prefix && !slices.Contains(n.lengths, len(p.text)) {
		n.lengths = append(n.lengths, len(p.text))
		slices.SortFunc(n.lengths, func(a, b int) int { return b - a })
	}
	return nil
}

// match returns the entry with the best pattern for the number, or nil.
func (n *numbers) match(called string) *entry {
	if e := n.exact[called]; e != nil {
		return e
	}
	for _, length := range n.lengths {
		if length > len(called) {
			continue
		}
		if e := n.prefixes[called[:length]]; e != nil {
			return e
		}
	}
	return nil
}

// at returns what the level holds for an address, or nil.
func (l *level) at(addr netip.Addr) *network {
	if l.is4 != addr.Is4() {
		return nil
	}
	p, err := addr.Prefix(l.bits)
	if err != nil { // bits were checked against the family when the level was made
		return nil
	}
	return l.networks[p.Addr()]
}

// known reports whether any source allows src.
func (x *index) known(src netip.AddrPort) bool {
	addr := plain(src.Addr())
	for i := range x.levels {
		if n := x.levels[i].at(addr); n != nil && (n.any != nil || n.ports[src.Port()] != nil) {
			return true
		}
	}
	return false
}

// has reports whether exactly this source is in the index.
func (x *index) has(s source) bool {
	if s.certificate != "" {
		return x.certificates[s.certificate] != nil
	}
	for i := range x.levels {
		l := &x.levels[i]
		if l.bits != s.network.Bits() || l.is4 != s.network.Addr().Is4() {
			continue
		}
		if n := l.networks[s.network.Addr()]; n != nil {
			return s.port == 0 && n.any != nil || n.ports[s.port] != nil
		}
	}
	return false
}

// find returns the best entry for a call, or nil; nearest is then an entry whose
// source matches, nil if none does.
func (x *index) find(from Origin, called string) (found, nearest *entry) {
	for _, name := range from.Certified {
		if candidates := x.certificates[name]; candidates != nil {
			if e := candidates.match(called); e != nil {
				return e, nil
			}
			nearest = cmp.Or(nearest, candidates.first)
		}
	}
	src, addr := from.Addr, plain(from.Addr.Addr())
	for _, withPort := range [...]bool{true, false} {
		for i := range x.levels {
			n := x.levels[i].at(addr)
			if n == nil {
				continue
			}
			candidates := n.any
			if withPort {
				candidates = n.ports[src.Port()]
			}
			if candidates == nil {
				continue
			}
			if e := candidates.match(called); e != nil {
				return e, nil
			}
			if nearest == nil {
				nearest = candidates.first
			}
		}
	}
	return nil, nearest
}
