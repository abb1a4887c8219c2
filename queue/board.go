package queue

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

// Errors that Join and Seize branch on.
var (
	// ErrUnknown says that there is no such queue or station.
	ErrUnknown = errors.New("not in the configuration")
	// ErrFull says that max_waiting callers wait already: the outcome full.
	ErrFull = errors.New("queue is full")
	// ErrBusy says that all calls of the station are taken.
	ErrBusy = errors.New("station is busy")
)

// Board keeps all queues and stations. All its methods, and those of tickets and
// offers, are safe for concurrent use and never block.
type Board struct {
	mu       sync.Mutex
	queues   map[string]*queue   // guarded by mu
	stations map[string]*station // guarded by mu
	waiting  []*Ticket           // guarded by mu; all queues together, the longest waiting first
}

// queue is one queue with what outlives its callers. The Board's mu guards it.
type queue struct {
	name        string
	cfg         Config
	configured  bool   // false: gone from the configuration, kept for its callers
	waiting     int    // callers without an answer
	lastOffered string // station that round_robin goes on after
}

// station is one station with its count. The Board's mu guards it.
type station struct {
	name       string
	cfg        StationConfig
	configured bool      // false: gone from the configuration, kept for its calls
	taken      int       // offers that ring, or were answered and are not released
	idleSince  time.Time // when its last call ended; zero: it had none
}

// free reports whether the station takes another call.
func (s *station) free() bool { return s.taken < max(1, s.cfg.Calls) }

// New returns a board for the queues and stations of a configuration. It keeps the
// values of both maps. A station that a queue names but that does not exist is
// passed over.
func New(cfg map[string]Config, stations map[string]StationConfig) *Board {
	b := &Board{queues: map[string]*queue{}, stations: map[string]*station{}}
	b.Update(cfg, stations)
	return b
}

// Update replaces the configuration. Callers who wait keep the stations, the
// strategy and the time that they began with; how many calls a station takes holds
// for all at once.
func (b *Board) Update(cfg map[string]Config, stations map[string]StationConfig) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.updateStations(stations)
	b.updateQueues(cfg)
	b.dispatch()
}

func (b *Board) updateStations(cfg map[string]StationConfig) {
	for _, s := range b.stations {
		s.configured = false
	}
	for name, c := range cfg {
		s := b.stations[name]
		if s == nil {
			s = &station{name: name}
			b.stations[name] = s
		}
		s.cfg, s.configured = c, true
	}
	inUse := map[*station]bool{}
	for _, t := range b.waiting {
		for i := range t.places {
			inUse[t.places[i].station] = true
		}
	}
	maps.DeleteFunc(b.stations, func(_ string, s *station) bool {
		return !s.configured && s.taken == 0 && !inUse[s]
	})
}

func (b *Board) updateQueues(cfg map[string]Config) {
	for _, q := range b.queues {
		q.configured = false
	}
	for name, c := range cfg {
		q := b.queues[name]
		if q == nil {
			q = &queue{name: name}
			b.queues[name] = q
		}
		q.cfg, q.configured = c, true
		q.cfg.Stations = slices.Clone(c.Stations)
	}
	maps.DeleteFunc(b.queues, func(_ string, q *queue) bool { return !q.configured && q.waiting == 0 })
}

// Waiting returns how many callers of a queue have no answer yet; they may be
// hearing music or a station may be ringing for them.
func (b *Board) Waiting(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if q := b.queues[name]; q != nil {
		return q.waiting
	}
	return 0
}

// Taken returns how many calls of a station are taken, ringing ones included.
func (b *Board) Taken(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.stations[name]; s != nil {
		return s.taken
	}
	return 0
}

// Seize takes a place of a station outside any queue, for a transfer to it. The
// offer is the caller's, who says Answered and Release, or Failed. It gives ErrUnknown or ErrBusy.
func (b *Board) Seize(name string) (*Offer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.stations[name]
	if s == nil || !s.configured {
		return nil, ErrUnknown
	}
	if !s.free() {
		return nil, ErrBusy
	}
	return b.offer(s, s.cfg, nil), nil
}
