package doctor

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"assent/configs"
	"assent/sip"
)

// portsPerCall is what a bridged call takes: RTP and RTCP of two legs.
const portsPerCall = 4

// judgePorts looks whether ports are free, enough, and safe from other programs.
func judgePorts(r *report, cfg configs.Config, f Facts) {
	n := f.Network
	mark := len(r.all)
	for i, text := range cfg.SIP.Listen {
		if transport, addr, err := sip.ParseListen(text); err == nil {
			r.bindable(fmt.Sprintf("sip.listen[%d]", i), text, overNetwork(transport), addr, f)
		}
	}
	if addr, err := netip.ParseAddrPort(cfg.API.Listen); err == nil {
		r.bindable("api.listen", cfg.API.Listen, "tcp", addr, f)
	}
	if n.Serving {
		r.sound(mark, "the service runs here, and has its ports")
	} else {
		r.sound(mark, "every port that is listened on is free")
	}
	first, last, err := cfg.Media.PortRange()
	if err != nil {
		return // configs has refused it
	}
	media := Range{int(first), int(last)}
	r.enough(cfg, media)
	r.shared(cfg, media, n)
}

// overNetwork is the network under a transport of SIP.
func overNetwork(transport string) string {
	if transport == "udp" {
		return "udp"
	}
	return "tcp"
}

// bindable complains of a port that another program has, or that needs a privilege.
func (r *report) bindable(key, text, network string, addr netip.AddrPort, f Facts) {
	n := f.Network
	if port := int(addr.Port()); port != 0 && port < n.Unprivileged && f.UID != 0 {
		r.fail(key, fmt.Sprintf("take a port from %d on, or give the service AmbientCapabilities=CAP_NET_BIND_SERVICE", n.Unprivileged),
			"%s: the port needs a privilege", text)
	}
	if n.Serving {
		return
	}
	for _, s := range n.Sockets {
		if s.Network == network && s.Addr.Port() == addr.Port() && addr.Port() != 0 && collide(s.Addr.Addr(), addr.Addr()) {
			r.fail(key, "stop the other program, or take another port", "%s: a program of user %d has %s %s", text, s.UID, s.Network, s.Addr)
			return
		}
	}
}

// collide reports whether sockets of two addresses can't have the same port.
func collide(a, b netip.Addr) bool {
	a, b = a.Unmap(), b.Unmap()
	return a == b || a.IsUnspecified() && (a.Is6() || b.Is4()) || b.IsUnspecified() && (b.Is6() || a.Is4())
}

// enough compares the ports with the calls that the trunks may have.
func (r *report) enough(cfg configs.Config, ports Range) {
	room := (ports.Last - ports.First + 1) / portsPerCall
	calls, unlimited := configuredCalls(cfg)
	switch {
	case calls > room:
		r.warn("media.ports", fmt.Sprintf("give %d ports, or lower limits.calls", calls*portsPerCall),
			"media.ports carry %d bridged calls, and the trunks may have %d", room, calls)
	case len(unlimited) > 0:
		r.ok("media.ports carry %d bridged calls; %s may have any number (limits.calls)", room, strings.Join(unlimited, ", "))
	default:
		r.ok("media.ports carry %d bridged calls; the trunks may have %d", room, calls)
	}
}

// configuredCalls adds up what the trunks may have at once, and names those that have no limit.
func configuredCalls(cfg configs.Config) (calls int, unlimited []string) {
	for _, name := range slices.Sorted(maps.Keys(cfg.Trunks)) {
		if limit := cfg.Trunks[name].Limits.Calls; limit > 0 {
			calls += limit
		} else {
			unlimited = append(unlimited, name)
		}
	}
	return calls, unlimited
}

// shared looks for other programs in the range of the media ports: those that are there, and those that the kernel may
// send there.
func (r *report) shared(cfg configs.Config, ports Range, n Network) {
	taken := map[uint16]bool{}
	for _, s := range n.Sockets {
		if port := int(s.Addr.Port()); s.Network == "udp" && port >= ports.First && port <= ports.Last {
			taken[s.Addr.Port()] = true
		}
	}
	if len(taken) > 0 && !n.Serving {
		r.warn("media.ports", "take a range that nobody else uses", "other programs have %d of media.ports, such as %d", len(taken), slices.Min(slices.Collect(maps.Keys(taken))))
	}
	reserved := slices.ContainsFunc(n.Reserved, func(kept Range) bool { return kept.contains(ports) })
	if n.Ephemeral.overlaps(ports) && !reserved {
		r.warn("media.ports", fmt.Sprintf("take ports below %d, or reserve them: sysctl net.ipv4.ip_local_reserved_ports=%s", n.Ephemeral.First, cfg.Media.Ports),
			"the kernel gives ports %d-%d to any program, and media.ports %s overlap them", n.Ephemeral.First, n.Ephemeral.Last, cfg.Media.Ports)
	} else {
		r.ok("the kernel gives none of media.ports to other programs")
	}
}
