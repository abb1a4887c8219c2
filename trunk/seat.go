package trunk

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"
)

// Codes of refusals.
const (
	UnknownSource = "unknown_source"    // no trunk has this source
	UnknownNumber = "unknown_number"    // a trunk has the source, none of them the number
	UnknownTrunk  = "unknown_trunk"     // Outbound: there is no such trunk
	CallsLimit    = "trunk_calls_limit" // limits.calls is reached
	RateLimit     = "trunk_rate_limit"  // limits.per_second is reached
	Draining      = "trunk_draining"    // who runs the service takes it out of service
)

// Refusal says why a call is not admitted.
type Refusal struct {
	// Code is one of the codes above.
	Code string
	// Trunk is the trunk that refuses. For an unknown number it is the trunk whose
	// source matches best, for an unknown source it is empty.
	Trunk string
	// RetryAfter is when to try again, for a limit; else 0.
	RetryAfter time.Duration
}

// Error implements error.
func (r *Refusal) Error() string {
	if r.Trunk == "" {
		return r.Code
	}
	return fmt.Sprintf("%s: trunk %s", r.Code, r.Trunk)
}

// Seat is the place of one call on its trunk, with the configuration that the call
// began with. All methods are safe for concurrent use.
type Seat struct {
	entry    *entry // set once
	released atomic.Bool
}

// Trunk returns the trunk's name.
func (s *Seat) Trunk() string { return s.entry.name }

// Config returns the trunk's configuration as it was when the call began. The
// caller borrows its slices and does not change them.
func (s *Seat) Config() Config { return s.entry.cfg }

// Allows reports whether a later request of the call's dialog may come from src:
// from any source that the trunk had when the call began, and from nowhere else.
func (s *Seat) Allows(src netip.AddrPort) bool { return s.entry.allows(src) }

// Owns reports whether a caller's number is one of the trunk's own, which it may
// fully attest: stir.numbers.
func (s *Seat) Owns(number string) bool {
	number = Number(number)
	for _, p := range s.entry.own {
		if p.matches(number) {
			return true
		}
	}
	return false
}

// Release gives the seat back. It may be called repeatedly.
func (s *Seat) Release() {
	if s.released.CompareAndSwap(false, true) {
		s.entry.live.Add(-1)
		s.entry.usage.give()
	}
}
