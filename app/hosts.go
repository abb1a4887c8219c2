package app

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"assent/configs"
	"assent/sip"
)

// hosts are the addresses that stations and gateways stand at.
type hosts struct {
	byURI map[string][]netip.Addr
	all   map[netip.Addr]bool
}

// resolveTimeout bounds the look-up of one host name at load.
const resolveTimeout = 5 * time.Second

// resolve finds the addresses of all stations and gateways, once per load.
func resolve(cfg configs.Config) (hosts, error) {
	h := hosts{byURI: map[string][]netip.Addr{}, all: map[netip.Addr]bool{}}
	for name, s := range cfg.Stations {
		if err := h.add(s.Address); err != nil {
			return h, fmt.Errorf("stations.%s.address: %w", name, err)
		}
	}
	for name, t := range cfg.Trunks {
		for _, gateway := range t.Gateways {
			if err := h.add(gateway); err != nil {
				return h, fmt.Errorf("trunks.%s.gateways: %w", name, err)
			}
		}
	}
	return h, nil
}

// add looks up where a SIP URI points; an address literal needs no look-up.
func (h hosts) add(uri string) error {
	host, err := sip.Host(uri)
	if err != nil {
		return err
	}
	addrs := []netip.Addr{}
	if literal, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, literal.Unmap())
	} else {
		ctx, done := context.WithTimeout(context.Background(), resolveTimeout)
		defer done()
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return fmt.Errorf("look up %q: %w", host, err)
		}
		for _, a := range found {
			addrs = append(addrs, a.Unmap())
		}
	}
	h.byURI[uri] = addrs
	for _, a := range addrs {
		h.all[a] = true
	}
	return nil
}

// has tells whether any station or gateway stands at addr.
func (h hosts) has(addr netip.Addr) bool { return h.all[addr.Unmap()] }

// at tells whether uri points at addr.
func (h hosts) at(uri string, addr netip.Addr) bool {
	for _, a := range h.byURI[uri] {
		if a == addr.Unmap() {
			return true
		}
	}
	return false
}
