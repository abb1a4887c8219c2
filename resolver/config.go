package resolver

import (
	"fmt"
	"net/netip"
	"time"
)

// Config says which name servers are asked.
type Config struct {
	// Servers are name servers, "10.0.0.53" or "10.0.0.53:5353", asked in turn. None: those of /etc/resolv.conf.
	Servers []string `yaml:"servers"`
	// Timeout is how long one server may take to answer one question.
	Timeout time.Duration `yaml:"timeout"`
}

// Default returns the system's servers, with one second for each.
func Default() Config { return Config{Servers: []string{}, Timeout: time.Second} }

// Bounds of what name servers can make us do and keep.
const (
	maxRecords = 16   // NAPTR or SRV records of one name
	maxAddrs   = 8    // addresses of one name
	maxTargets = 24   // targets of one look-up
	maxNames   = 4096 // names in the cache, with their type
	maxServers = 4    // of those named, how many are asked
	maxAnswer  = 1232 // bytes over UDP (DNS flag day 2020); longer answers come by TCP

	minTTL      = time.Second
	maxTTL      = time.Hour
	negativeTTL = 30 * time.Second // without an SOA that says it
	maxNegative = 5 * time.Minute
	systemTTL   = 30 * time.Second // of what the system says, which tells no TTL
	failedTTL   = 5 * time.Second  // of a question that no server answered
	staleFor    = time.Hour        // how long records outlive their TTL while no server answers
)

// ParseServer reads one entry of Config.Servers. The error says what would be right.
func ParseServer(s string) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddrPort(s); err == nil && addr.Port() != 0 {
		return addr, nil
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("name server %q: want an IP address, with a port if it is not 53, like 10.0.0.53 or [2001:db8::53]:5353", s)
	}
	return netip.AddrPortFrom(addr, dnsPort), nil
}

const dnsPort = 53
