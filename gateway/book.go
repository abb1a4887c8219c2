package gateway

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"assent/balance"
)

// Line is what a trunk says about its gateways.
type Line struct {
	Gateways []Config
	Probe    Probe
}

// Answer is what came of asking a gateway; Status 0 is silence.
type Answer struct {
	Status     int
	RetryAfter time.Duration
	RTT        time.Duration
}

// alive reports whether the gateway takes calls, for all we know. Any answer but 503 comes from something that works.
func (a Answer) alive() bool { return a.Status != 0 && a.Status != 503 }

// Deps is what a Book works with.
type Deps struct {
	// Ask asks a gateway by OPTIONS and calls done once, from any goroutine, within the timeout or a little later.
	Ask func(address string, timeout time.Duration, done func(Answer)) error
	// Changed is told that a trunk has a gateway that answers, or has none any more. It is not called while a lock is held.
	Changed func(trunk string, up bool)
	Now     func() time.Time // nil is time.Now
}

// Book knows how the gateways of all trunks are. All its methods are safe for concurrent use.
type Book struct {
	deps Deps // set once
	wake chan struct{}
	stop context.CancelFunc
	done chan struct{} // closed when the goroutine has ended

	// shared, guarded by mu
	mu    sync.Mutex
	lines map[string]*line
}

// line is one trunk's gateways; mu guards it.
type line struct {
	Line
	health map[string]*health // by address
	told   bool               // Changed has been called
	up     bool               // with what
}

// health is how one gateway is; mu guards it.
type health struct {
	asked  time.Time // when it was asked last; zero: never
	asking bool
	known  bool // it has answered, or failed often enough
	down   bool
	failed int       // probes in a row
	rests  time.Time // no calls until then, unless there is no other
	last   Answer
}

// New makes a book. Nothing is asked before Start.
func New(deps Deps) *Book {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Changed == nil {
		deps.Changed = func(string, bool) {}
	}
	return &Book{deps: deps, wake: make(chan struct{}, 1), lines: map[string]*line{}}
}

// Update tells which trunks there are now. What is known of gateways that stay is kept.
func (b *Book) Update(lines map[string]Line) {
	b.mu.Lock()
	before := b.lines
	b.lines = map[string]*line{}
	for name, l := range lines {
		next := &line{Line: l, health: map[string]*health{}}
		was := before[name]
		if was != nil {
			next.told, next.up = was.told, was.up
		}
		for _, g := range l.Gateways {
			next.health[g.Address] = &health{}
			if was != nil && was.health[g.Address] != nil {
				next.health[g.Address] = was.health[g.Address]
			}
		}
		b.lines[name] = next
	}
	b.mu.Unlock()
	b.hurry()
}

// Order returns the trunk's gateways in the order in which a call tries them: those that are well by priority and
// weight, then those that rest or are down in the same way. gateways are those that the call's configuration has.
func (b *Book) Order(trunk string, gateways []Config) []Config {
	place := map[string]int{}
	for i, g := range slices.Backward(gateways) {
		place[g.Address] = i
	}
	var well, ill []Config
	b.mu.Lock()
	now := b.deps.Now()
	for _, g := range gateways {
		if b.well(trunk, g.Address, now) {
			well = append(well, g)
		} else {
			ill = append(ill, g)
		}
	}
	b.mu.Unlock()
	rank := func(c Config) balance.Rank { return c.rank(place[c.Address]) }
	return append(balance.Order(well, rank, rand.IntN), balance.Order(ill, rank, rand.IntN)...)
}

// well needs mu.
func (b *Book) well(trunk, address string, now time.Time) bool {
	l := b.lines[trunk]
	if l == nil || l.health[address] == nil {
		return true // nobody has anything to say against it
	}
	h := l.health[address]
	return !h.down && !now.Before(h.rests)
}

// unreached is how long a gateway rests that a call could not reach.
const unreached = 30 * time.Second

// Failed tells that a call could not reach a gateway, or was asked to stay away for a time (0: it was not).
func (b *Book) Failed(trunk, address string, retryAfter time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.lines[trunk]; l != nil && l.health[address] != nil {
		if retryAfter <= 0 {
			retryAfter = unreached
		}
		l.health[address].rest(b.deps.Now(), retryAfter)
	}
}

// Reached tells that a gateway has answered a call: it rests no longer.
func (b *Book) Reached(trunk, address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.lines[trunk]; l != nil && l.health[address] != nil {
		l.health[address].rests = time.Time{}
	}
}

func (h *health) rest(now time.Time, d time.Duration) {
	if until := now.Add(d); until.After(h.rests) {
		h.rests = until
	}
}

// State is a gateway as it is now.
type State struct {
	Address string
	Known   bool // it was asked, and answered or failed often enough
	Up      bool
	Rests   time.Time // until then it gets no calls while there are others; zero: it does not rest
	Last    Answer    // to the last probe
}

// States are the trunk's gateways in the order of the configuration.
func (b *Book) States(trunk string) []State {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.lines[trunk]
	if l == nil {
		return nil
	}
	var states []State
	for _, g := range l.Gateways {
		h := l.health[g.Address]
		s := State{Address: g.Address, Known: h.known, Up: !h.down, Last: h.last}
		if h.rests.After(b.deps.Now()) {
			s.Rests = h.rests
		}
		states = append(states, s)
	}
	return states
}

// Trunks are the names of the trunks that have gateways, sorted.
func (b *Book) Trunks() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var names []string
	for _, name := range slices.Sorted(maps.Keys(b.lines)) {
		if len(b.lines[name].Gateways) > 0 {
			names = append(names, name)
		}
	}
	return names
}
