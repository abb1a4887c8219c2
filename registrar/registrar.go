package registrar

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Store keeps bindings over a restart. Its methods are called in the order of the changes and must not block.
type Store interface {
	SaveBinding(Binding)
	DropBinding(station, contact string)
}

// Deps are what a Registrar needs of the rest of the program.
type Deps struct {
	Store Store            // nil: nothing outlives the process
	Now   func() time.Time // nil: time.Now
	// Changed is called when a station has its first binding, or has lost its last by a REGISTER; nil: nobody asks.
	// It must not block.
	Changed func(station string, reachable bool)
}

// Registrar keeps the bindings. Its methods are safe for concurrent use.
type Registrar struct {
	cfg  Config // set once
	deps Deps

	mu       sync.Mutex
	stations map[string]*station
	flows    map[netip.AddrPort]string // who is registered from there, without a proxy between
}

// station is what is known of one station.
type station struct {
	bindings []Binding // newest first
	tokens   float64   // REGISTERs that may come at once
	filled   time.Time
}

// New makes a registrar.
func New(cfg Config, deps Deps) *Registrar {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Registrar{cfg: cfg, deps: deps, stations: map[string]*station{}, flows: map[netip.AddrPort]string{}}
}

// Restore enters bindings that outlived a restart; those that are over are dropped from the store.
func (r *Registrar) Restore(bindings []Binding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.deps.Now()
	for _, b := range bindings {
		s := r.station(b.Station)
		if !b.Expires.After(now) || len(s.bindings) >= r.cfg.Contacts {
			r.drop(b)
			continue
		}
		s.bindings = append(s.bindings, b)
		r.flow(b)
	}
}

// Where returns a station's bindings, newest first; none: it can't be reached.
func (r *Registrar) Where(name string) []Binding {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stations[name]
	if s == nil {
		return nil
	}
	r.expire(s)
	return slices.Clone(s.bindings)
}

// At returns the station that is registered from an address itself, not through a proxy there; "" if there is none.
func (r *Registrar) At(src netip.AddrPort) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	name, known := r.flows[src]
	if !known {
		return ""
	}
	s := r.stations[name]
	r.expire(s)
	if !slices.ContainsFunc(s.bindings, func(b Binding) bool { return b.Source == src }) {
		return ""
	}
	return name
}

// Forget drops the bindings of stations that keep says are gone from the configuration.
func (r *Registrar) Forget(keep func(station string) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, s := range r.stations {
		if keep(name) {
			continue
		}
		gone := s.bindings
		s.bindings = nil
		for _, b := range gone {
			r.drop(b)
		}
		r.unflow(gone)
		delete(r.stations, name)
	}
}

// station returns what is known of a station; mu is held.
func (r *Registrar) station(name string) *station {
	s := r.stations[name]
	if s == nil {
		s = &station{tokens: burst, filled: r.deps.Now()}
		r.stations[name] = s
	}
	return s
}

// expire drops the bindings whose time is over; mu is held.
func (r *Registrar) expire(s *station) {
	now := r.deps.Now()
	over := func(b Binding) bool { return !b.Expires.After(now) }
	if !slices.ContainsFunc(s.bindings, over) {
		return
	}
	var gone []Binding
	s.bindings = slices.DeleteFunc(slices.Clone(s.bindings), func(b Binding) bool {
		if over(b) {
			gone = append(gone, b)
			r.drop(b)
		}
		return over(b)
	})
	r.unflow(gone)
}

// flow notes where a station speaks from; behind a proxy many do, and other calls come from there too. mu is held.
func (r *Registrar) flow(b Binding) {
	if len(b.Path) == 0 {
		r.flows[b.Source] = b.Station
	}
}

// unflow forgets the flows of bindings that are gone; mu is held.
func (r *Registrar) unflow(gone []Binding) {
	for _, b := range gone {
		s := r.stations[b.Station]
		if s == nil || !slices.ContainsFunc(s.bindings, func(o Binding) bool { return o.Source == b.Source }) {
			if r.flows[b.Source] == b.Station {
				delete(r.flows, b.Source)
			}
		}
	}
}

func (r *Registrar) save(b Binding) {
	if r.deps.Store != nil {
		r.deps.Store.SaveBinding(b)
	}
}

func (r *Registrar) drop(b Binding) {
	if r.deps.Store != nil {
		r.deps.Store.DropBinding(b.Station, b.Contact)
	}
}
