// Package terms names what a trunk or a station allows and wants of SIP beyond the plain call: it is configuration that
// both share and that signalling follows. It holds words, defaults and no behaviour.
//
// RFC 3262 (PRACK), RFC 3515 (REFER), RFC 4028 (session timers).
package terms

import "time"

// Values of the key prack: whether provisional answers are acknowledged (RFC 3262).
const (
	Off       = "off"       // never: who insists on it is refused
	Supported = "supported" // where the peer can, and what carries SDP
	Required  = "required"  // or there is no call
)

// Values of the keys redirect (a 3xx to our call, RFC 3261 section 8.1.3.4) and refer (a transfer that the far party
// asks for, RFC 3515), beside Off: whom we call then.
const (
	Known = "known" // who stands in the configuration: stations; for a trunk's 3xx, addresses of that trunk
	Any   = "any"   // also numbers, by the trunk of the call; for a trunk's 3xx, any address
)

// SessionTimer says how long a dialog may go without a sign of life of both sides (RFC 4028).
type SessionTimer struct {
	// Expires is the session interval that we ask for; 0 is no session timer.
	Expires time.Duration `yaml:"expires"`
	// Min is the shortest interval that we take (Min-SE).
	Min time.Duration `yaml:"min"`
}

// LeastMin is the shortest Min-SE that there may be (RFC 4028 section 5).
const LeastMin = 90 * time.Second

// DefaultSessionTimer returns half an hour, and no less than 90 s.
func DefaultSessionTimer() SessionTimer {
	return SessionTimer{Expires: 30 * time.Minute, Min: LeastMin}
}
