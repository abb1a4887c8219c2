package sip

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"assent/auth"
	"assent/ladder"
	"assent/resolver"
)

// Config says where the endpoint listens and how it names itself.
type Config struct {
	// Listen holds "udp://address:port", "tcp://address:port" and "tls://address:port". Port 0 takes a free one.
	Listen []string `yaml:"listen"`
	// PublicAddress stands in Via and Contact in place of the local address: a host, or host:port. Empty: the
	// local address from which the peer is reached. An IP address stands only where the listener is of its family,
	// the port not for TLS.
	PublicAddress string `yaml:"public_address"`
	// Realm is what peers are asked by who must prove who they are (RFC 7616 section 3.3).
	Realm string `yaml:"realm"`
	// Digest are the algorithms by which they prove it, in the order in which they are offered (RFC 8760).
	Digest []string `yaml:"digest"`
	// SocketFilter has the kernel drop what comes from where nobody is known.
	SocketFilter bool `yaml:"socket_filter"`
	// DSCP marks outgoing signalling (RFC 2474); 24 is CS3.
	DSCP int `yaml:"dscp"`
	// DNS says which name servers are asked for the names that are called.
	DNS resolver.Config `yaml:"dns"`
	// Trace says how much of what is said in calls is kept, to be looked at.
	Trace ladder.Config `yaml:"trace"`
	// TLS holds the certificates of tls:// and of calls by TLS.
	TLS TLS `yaml:"tls"`
}

// Default returns UDP and TCP on port 5060 of every address, realm assent, DSCP 24.
func Default() Config {
	return Config{Listen: []string{"udp://0.0.0.0:5060", "tcp://0.0.0.0:5060"}, SocketFilter: true, Realm: "assent", Digest: auth.Algorithms(), DSCP: 24,
		DNS: resolver.Default(), Trace: ladder.Default()}
}

// ParseListen splits one entry of Config.Listen. The error says what would be right.
func ParseListen(s string) (network string, addr netip.AddrPort, err error) {
	network, rest, ok := strings.Cut(s, "://")
	if !ok {
		return "", addr, fmt.Errorf("listen address %q has no transport; want udp://, tcp:// or tls://ADDRESS:PORT", s)
	}
	if network != "udp" && network != "tcp" && network != "tls" {
		return "", addr, fmt.Errorf("listen address %q: there is no transport %q; want udp, tcp or tls", s, network)
	}
	addr, err = netip.ParseAddrPort(rest)
	if err != nil {
		return "", addr, fmt.Errorf("listen address %q: want an IP address and a port, like udp://0.0.0.0:5060", s)
	}
	return network, addr, nil
}

// Bounds of what peers can make us keep.
const (
	maxMessage      = 65535   // bytes of one message, either transport
	maxHeaders      = 200     // header lines of one message
	maxHeaderLine   = 8192    // bytes of one unfolded header line
	maxLanes        = 100_000 // Call-IDs with state
	maxQueued       = 512     // received messages waiting in one lane
	maxTransactions = 2048    // transactions of one Call-ID
	maxLegs         = 8       // dialogs of one Call-ID
	maxForks        = 8       // answers of other branches to one INVITE of ours
	maxEventsHeld   = 64      // events kept for a leg that nobody listens to yet
	maxInfos        = 32      // INFO requests of ours without an answer, per leg
	maxConns        = 1024    // TCP connections, those of TLS included
	maxConnsPerHost = 16      // accepted TCP connections of one address
	maxUnproven     = 64      // TLS connections of unknown addresses that have not shown a trunk's certificate yet
	maxNames        = 32      // names of one certificate
	maxWrites       = 1024    // messages waiting to be written to one TCP connection
	maxIdentities   = 5       // Identity headers of one INVITE; more than anybody looks at
	maxReinvites    = 5       // attempts of one re-INVITE that meets 491
)

// timers are the intervals of RFC 3261 (table 4) and ours; tests shorten them.
type timers struct {
	t1, t2, t4 time.Duration
	refresh    time.Duration // a provisional response is repeated so often (section 13.3.1.1)
	c          time.Duration // timer C: the longest ringing without a sign of life
	glare      time.Duration // unit of the waits after 491 (section 14.1)
	message    time.Duration // TLS's handshake, the first message of a TCP connection, and the rest of any begun one
	dial       time.Duration // TCP connect and name look-up
	write      time.Duration // one write to a TCP connection
}

func defaultTimers() timers {
	return timers{
		t1: 500 * time.Millisecond, t2: 4 * time.Second, t4: 5 * time.Second,
		refresh: time.Minute, c: 3 * time.Minute, glare: 10 * time.Millisecond,
		message: 10 * time.Second, dial: 5 * time.Second, write: 5 * time.Second,
	}
}

// giveUp is 64*T1: timers B, F, H, J, L and M.
func (t timers) giveUp() time.Duration { return 64 * t.t1 }
