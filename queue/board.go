package queue

import (
	"errors"
	"maps"
	"sync"
	"time"
)

// Errors that Join and Seize branch on.
var (
	// ErrUnknown says that the rules have no such queue or station.
	ErrUnknown = errors.New("not in the configuration")
	// ErrFull says that max_waiting callers wait already: the outcome full.
	ErrFull = errors.New("queue is full")
	// ErrBusy says that all calls of the station are taken.
	ErrBusy = errors.New("station is busy")
)

// Board keeps what calls share of queues and stations. All its methods, and those of
// tickets and offers, are safe for concurrent use and never block.
type Board struct {
	mu       sync.Mutex
	queues   map[string]*queue   // guarded by mu
	stations map[string]*station // guarded by mu
	waiting  []*Ticket           // guarded by mu; all queues together, the longest waiting first
}

// queue is one queue with what outlives its callers. The Board's mu guards it.
type queue struct {
	name        string
	configured  bool   // false: not in the newest configuration, kept for its callers
	waiting     int    // callers without an answer
	lastOffered string // station that round_robin goes on after
}

// unused reports whether nothing of the queue has to be kept.
func (q *queue) unused() bool { return !q.configured && q.waiting == 0 }

// station is one station with its count. The Board's mu guards it.
type station struct {
	name       string
	calls      int       // how many it takes, whatever the rules of the callers say
	configured bool      // false: not in the newest configuration, kept for its calls
	listed     int       // callers without an answer who may be offered it
	taken      int       // offers that ring, or were answered and are not released
	idleSince  time.Time // when its last call ended; zero: it had none
}

// free reports whether the station takes another call.
func (s *station) free() bool { return s.taken < max(1, s.calls) }

// unused reports whether nothing of the station has to be kept.
func (s *station) unused() bool { return !s.configured && s.listed == 0 && s.taken == 0 }

// New returns a board for the queues and stations of a configuration; see Update.
func New(queues map[string]Config, stations map[string]StationConfig) *Board {
	b := &Board{queues: map[string]*queue{}, stations: map[string]*station{}}
	b.Update(queues, stations)
	return b
}

// Update tells the board of the newest configuration: which queues and stations are
// kept also while no call uses them, and how many calls each station takes, which
// holds for all at once. All else comes with each call, as its Rules. It keeps
// neither of the maps.
func (b *Board) Update(queues map[string]Config, stations map[string]StationConfig) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.updateStations(stations)
	b.updateQueues(queues)
	b.dispatch()
}

func (b *Board) updateStations(cfg map[string]StationConfig) {
	for _, s := range b.stations {
		s.configured = false
	}
	for name, c := range cfg {
		s := b.station(name, c)
		s.calls, s.configured = c.Calls, true
	}
	maps.DeleteFunc(b.stations, func(_ string, s *station) bool { return s.unused() })
}

func (b *Board) updateQueues(cfg map[string]Config) {
	for _, q := range b.queues {
		q.configured = false
	}
	for name := range cfg {
		b.queue(name).configured = true
	}
	maps.DeleteFunc(b.queues, func(_ string, q *queue) bool { return q.unused() })
}

// queue returns the queue of that name, a new one if need be. The caller holds mu.
func (b *Board) queue(name string) *queue {
	q := b.queues[name]
	if q == nil {
		q = &queue{name: name}
		b.queues[name] = q
	}
	return q
}

// station returns the station of that name; a new one takes as many calls as cfg
// says. The caller holds mu.
func (b *Board) station(name string, cfg StationConfig) *station {
	s := b.stations[name]
	if s == nil {
		s = &station{name: name, calls: cfg.Calls}
		b.stations[name] = s
	}
	return s
}

// leave counts a caller of q down. The caller holds mu.
func (b *Board) leave(q *queue) {
	q.waiting--
	if q.unused() {
		delete(b.queues, q.name)
	}
}

// unlist says that a caller may not be offered s any more. The caller holds mu.
func (b *Board) unlist(s *station) {
	s.listed--
	b.drop(s)
}

// giveBack frees a place of s. The caller holds mu and dispatches afterwards.
func (b *Board) giveBack(s *station) {
	s.taken--
	b.drop(s)
}

// drop forgets s if nothing of it has to be kept. The caller holds mu.
func (b *Board) drop(s *station) {
	if s.unused() {
		delete(b.stations, s.name)
	}
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

// Seize takes a place of a station outside any queue, for a transfer to it by a call
// with these rules. The offer is the caller's, who says Answered and Release, or
// Failed. It gives ErrUnknown or ErrBusy.
func (b *Board) Seize(rules Rules, station string) (*Offer, error) {
	cfg, ok := rules.Stations[station]
	if !ok {
		return nil, ErrUnknown
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.station(station, cfg)
	if !s.free() {
		return nil, ErrBusy
	}
	return b.offer(s, cfg, nil), nil
}

// Occupy takes a place of a station that places a call itself: it is answered from the beginning, and taken whether or
// not the station is free, for the station has decided. It gives ErrUnknown.
func (b *Board) Occupy(rules Rules, station string) (*Offer, error) {
	cfg, ok := rules.Stations[station]
	if !ok {
		return nil, ErrUnknown
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.offer(b.station(station, cfg), cfg, nil)
	o.state = answered
	return o, nil
}
