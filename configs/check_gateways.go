package configs

import (
	"time"

	"assent/trunk"
)

// checkGateways checks where calls that leave by a trunk go, and how that is watched.
func (l *loader) checkGateways(path string, t trunk.Config) {
	addresses := make([]string, len(t.Gateways))
	for i, g := range t.Gateways {
		at := item(path+".gateways", i)
		addresses[i] = g.Address
		address := at
		if l.doc.Find(at+".address") != nil {
			address += ".address"
		}
		if l.given(address, g.Address, `write "sip:HOST:PORT"`) {
			l.checkURI(address, g.Address)
		}
		within(l, at+".priority", g.Priority, 0, maxRank)
		within(l, at+".weight", g.Weight, 0, maxRank)
	}
	l.twice(path+".gateways", addresses)
	if t.Probe.Interval != 0 {
		l.length(path+".probe.interval", t.Probe.Interval, 5*time.Second, time.Hour)
	}
	l.length(path+".probe.timeout", t.Probe.Timeout, 100*time.Millisecond, 10*time.Second)
	within(l, path+".probe.threshold", t.Probe.Threshold, 1, 100)
	for i, status := range t.FailoverOn.SIP {
		within(l, item(path+".failover_on.sip", i), status, 300, 699)
	}
	for i, cause := range t.FailoverOn.Q850 {
		within(l, item(path+".failover_on.q850", i), cause, 1, 127)
	}
}

// maxRank is the highest priority or weight: that of an SRV record (RFC 2782).
const maxRank = 65535
