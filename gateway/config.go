package gateway

import (
	"slices"
	"time"

	"assent/balance"
)

// Config is one entry of a trunk's `gateways`. A plain text is the address alone.
type Config struct {
	// Address is where calls go: "sip:host:port;transport=udp", or a name that DNS knows (RFC 3263).
	Address string `yaml:"address"`
	// Priority says who is tried first: the lowest. 0 is the entry's place in the list, from 1.
	Priority int `yaml:"priority"`
	// Weight is the share of the calls among gateways of one priority.
	Weight int `yaml:"weight"`
}

// DefaultConfig returns what holds for a gateway that says nothing.
func DefaultConfig() Config { return Config{Weight: 10} }

// UnmarshalText reads the short form.
func (c *Config) UnmarshalText(text []byte) error {
	*c = DefaultConfig()
	c.Address = string(text)
	return nil
}

// Probe is the key `probe` of a trunk: how its gateways are watched.
type Probe struct {
	// Interval is the time between two OPTIONS requests to one gateway; 0: none are sent.
	Interval time.Duration `yaml:"interval"`
	// Timeout is how long an answer may take.
	Timeout time.Duration `yaml:"timeout"`
	// Threshold is how many must fail one after the other until the gateway is down. One answer makes it up.
	Threshold int `yaml:"threshold"`
}

// DefaultProbe asks twice a minute; a gateway is down after three failures.
func DefaultProbe() Probe {
	return Probe{Interval: 30 * time.Second, Timeout: 4 * time.Second, Threshold: 3}
}

// Failover is the key `failover_on` of a trunk: which refusals of a gateway send the call to the next one. A gateway that
// can't be reached always does; a caller who hangs up, a busy or a declining party never.
type Failover struct {
	// SIP are status codes (RFC 3261 section 21).
	SIP []int `yaml:"sip"`
	// Q850 are causes of the Reason header (RFC 3326, ITU-T Q.850).
	Q850 []int `yaml:"q850"`
}

// DefaultFailover returns the statuses and causes by which a network says that it is in trouble itself: no circuit,
// out of order, temporary failure, congestion, channel not available, no resource.
func DefaultFailover() Failover {
	return Failover{SIP: []int{408, 500, 502, 503, 504}, Q850: []int{34, 38, 41, 42, 44, 47}}
}

// partys are the causes that the called party has given, whatever the status: normal clearing, busy, no user
// responding, no answer, rejected.
var partys = []int{16, 17, 18, 19, 21}

// On reports whether a refusal sends the call to the next gateway. q850 is 0 where there is no cause.
func (f Failover) On(status, q850 int) bool {
	if slices.Contains(f.Q850, q850) {
		return true
	}
	return slices.Contains(f.SIP, status) && !slices.Contains(partys, q850)
}

// rank is how the gateway at place i of its list, from 0, stands among the others.
func (c Config) rank(i int) balance.Rank {
	if c.Priority > 0 {
		return balance.Rank{Priority: c.Priority, Weight: c.Weight}
	}
	return balance.Rank{Priority: i + 1, Weight: c.Weight}
}
