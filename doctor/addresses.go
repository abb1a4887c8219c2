package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"assent/configs"
	"assent/sip"
)

// judgeAddresses looks at what we listen on, what peers are told, and what was copied from an example.
func judgeAddresses(r *report, cfg configs.Config, f Facts) {
	if f.Network.Err != nil {
		r.warn("", "run it as the service's user on the service's machine", "not everything could be asked: %v", f.Network.Err)
	}
	mark := len(r.all)
	for i, text := range cfg.SIP.Listen {
		if _, addr, err := sip.ParseListen(text); err == nil {
			r.local(fmt.Sprintf("sip.listen[%d]", i), addr.Addr(), f.Network)
		}
	}
	if addr, err := netip.ParseAddr(cfg.Media.Address); err == nil {
		r.local("media.address", addr, f.Network)
	}
	if addr, err := netip.ParseAddrPort(cfg.API.Listen); err == nil {
		r.local("api.listen", addr.Addr(), f.Network)
	}
	r.sound(mark, "every address that is listened on belongs to this machine")
	r.examples(cfg, f.Network)
	r.told("sip.public_address", "SIP", cfg.SIP.PublicAddress, sipAddrs(cfg), cfg, f.Network)
	addr, _ := netip.ParseAddr(cfg.Media.Address) // configs has refused what is none
	r.told("media.public_address", "media", cfg.Media.PublicAddress, []netip.Addr{addr}, cfg, f.Network)
}

// local complains of an address that no interface has.
func (r *report) local(key string, addr netip.Addr, n Network) {
	addr = addr.Unmap().WithZone("")
	if addr.IsUnspecified() || addr.IsLoopback() || len(n.Addresses) == 0 || slices.Contains(n.Addresses, addr) {
		return
	}
	r.fail(key, "write an address of this machine ("+list(reachable(n.Addresses))+") or 0.0.0.0; a public one that is only forwarded here belongs in public_address",
		"no interface of this machine has %s", addr)
}

func sipAddrs(cfg configs.Config) (addrs []netip.Addr) {
	for _, text := range cfg.SIP.Listen {
		if _, addr, err := sip.ParseListen(text); err == nil {
			addrs = append(addrs, addr.Addr().Unmap())
		}
	}
	return addrs
}

// told judges the address that peers are told, in SIP or in SDP: public, where it is given, or else the local one on the
// way to them.
func (r *report) told(key, what, public string, listens []netip.Addr, cfg configs.Config, n Network) {
	local := candidates(listens, n)
	outside := peersOutside(cfg)
	switch {
	case public != "":
		r.ok("%s: peers are told %s", what, public)
	case len(local) == 0:
		r.warn(strings.Replace(key, ".public_address", map[string]string{"SIP": ".listen", "media": ".address"}[what], 1),
			"listen on 0.0.0.0, or on an address that the carrier reaches", "%s: only this machine can call: it listens on loopback", what)
	case outside != "" && !slices.ContainsFunc(local, global):
		r.warn(key, "set it to the public address that is forwarded here, unless the carrier reaches "+list(local)+" (VPN)",
			"%s: %s is outside, and is told %s, which is private: it can't send there", what, outside, list(local))
	default:
		r.ok("%s: peers are told %s, the one on the way to them", what, list(local))
	}
}

// candidates are the addresses that a listener is told by.
func candidates(listens []netip.Addr, n Network) []netip.Addr {
	var out []netip.Addr
	for _, addr := range listens {
		switch {
		case addr.IsLoopback():
		case !addr.IsUnspecified():
			out = append(out, addr)
		default:
			for _, own := range reachable(n.Addresses) {
				if addr.Is6() || own.Is4() {
					out = append(out, own)
				}
			}
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// reachable leaves out loopback and link-local addresses.
func reachable(addrs []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool { return !a.IsGlobalUnicast() })
}

// carrierNAT is the shared address space of carriers' own NAT (RFC 6598): as private as the others.
var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

// global reports whether the internet can send to an address.
func global(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !carrierNAT.Contains(a)
}

// peersOutside names a trunk with a source or gateway on the internet, "" if there is none.
func peersOutside(cfg configs.Config) string {
	for _, name := range slices.Sorted(maps.Keys(cfg.Trunks)) {
		t := cfg.Trunks[name]
		addresses := slices.Clone(t.Sources)
		for _, g := range t.Gateways {
			addresses = append(addresses, g.Address)
		}
		for _, text := range addresses {
			if addr := configs.LeadingAddr(host(text)); addr.IsValid() && global(addr) {
				return "trunk " + name
			}
		}
	}
	return ""
}

// host returns the host of a SIP URI, with what follows it, or text that is none.
func host(text string) string {
	if scheme, rest, ok := strings.Cut(text, ":"); ok && (strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips")) {
		text = rest
		if _, after, ok := strings.Cut(text, "@"); ok {
			text = after
		}
	}
	text, _, _ = strings.Cut(text, ";")
	return text
}

// examples finds what was left as a manual or an RFC has it: documentation addresses (RFC 5737, RFC 3849) and names (RFC
// 2606). They look right, and no call ever comes. A laboratory whose machines have such addresses is only told.
func (r *report) examples(cfg configs.Config, n Network) {
	mark, state := len(r.all), Fail
	if slices.ContainsFunc(n.Addresses, func(own netip.Addr) bool { return configs.Documentation(own.String()) }) {
		state = Warn
	}
	look := func(key, text string) {
		if name := host(text); configs.Documentation(name) || exampleName(name) {
			r.add(state, key, "write the real one", "%s was left from an example: nobody has it", text)
		}
	}
	look("sip.public_address", cfg.SIP.PublicAddress)
	look("media.public_address", cfg.Media.PublicAddress)
	for i, text := range cfg.SIP.Listen {
		_, rest, _ := strings.Cut(text, "://")
		look(fmt.Sprintf("sip.listen[%d]", i), rest)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Trunks)) {
		for i, text := range cfg.Trunks[name].Sources {
			look(fmt.Sprintf("trunks.%s.sources[%d]", name, i), text)
		}
		for i, g := range cfg.Trunks[name].Gateways {
			look(fmt.Sprintf("trunks.%s.gateways[%d]", name, i), g.Address)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Stations)) {
		look("stations."+name+".address", cfg.Stations[name].Address)
	}
	r.sound(mark, "no address was left from an example")
}

// exampleName reports whether a host, perhaps with a port, is a name that RFC 2606 keeps for examples.
func exampleName(text string) bool {
	name := text
	if host, _, err := net.SplitHostPort(text); err == nil {
		name = host
	}
	name = "." + strings.ToLower(strings.TrimSuffix(name, "."))
	for _, example := range []string{".example", ".example.com", ".example.net", ".example.org", ".invalid"} {
		if strings.HasSuffix(name, example) {
			return true
		}
	}
	return false
}

func list(addrs []netip.Addr) string {
	texts := make([]string, len(addrs))
	for i, a := range addrs {
		texts[i] = a.String()
	}
	return cmp.Or(strings.Join(texts, ", "), "none")
}
