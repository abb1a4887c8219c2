package trunk

import (
	"math"
	"sync"
	"time"
)

// callsRetryAfter is what a call is told that finds every seat taken: nobody knows
// when one gets free, and a carrier that hears this tries another route at once.
const callsRetryAfter = 5 * time.Second

// drainRetryAfter is what a call is told on a trunk that drains: a carrier shall go elsewhere for a while.
const drainRetryAfter = time.Minute

// rounding is how far a token may fall short for the sum of its parts to count as one.
const rounding = 1e-9

// usage counts the calls of one trunk. It outlives the table that made it: a reload
// hands it to the next one.
type usage struct {
	mu       sync.Mutex
	calls    int       // up now
	draining bool      // takes no new calls
	tokens   float64   // calls that may begin at once
	filled   time.Time // when tokens was computed; zero: never, the bucket is full
}

// take takes a seat within the limits. If it may not it returns the refusal's code
// and when it is worth trying again; code is "" if the seat is taken.
func (u *usage) take(l Limits, now time.Time) (code string, retryAfter time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.draining {
		return Draining, drainRetryAfter
	}
	if l.Calls > 0 && u.calls >= l.Calls {
		return CallsLimit, callsRetryAfter
	}
	if l.PerSecond > 0 {
		u.refill(l.PerSecond, now)
		if u.tokens < 1-rounding {
			wait := (1 - u.tokens) / l.PerSecond * float64(time.Second)
			return RateLimit, time.Duration(math.Ceil(wait))
		}
		u.tokens--
	}
	u.calls++
	return "", 0
}

// refill adds what time has brought since the last call, up to one second's worth.
// A clock that went back brings nothing.
func (u *usage) refill(perSecond float64, now time.Time) {
	burst := max(1, perSecond)
	if u.filled.IsZero() {
		u.tokens, u.filled = burst, now
		return
	}
	if passed := now.Sub(u.filled); passed > 0 {
		u.tokens += passed.Seconds() * perSecond
		u.filled = now
	}
	u.tokens = min(u.tokens, burst)
}

// give returns a seat.
func (u *usage) give() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.calls--
}

// drain stops, or begins again, taking calls.
func (u *usage) drain(on bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.draining = on
}

// drains reports whether no calls are taken.
func (u *usage) drains() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.draining
}

// up returns how many calls are up.
func (u *usage) up() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.calls
}
