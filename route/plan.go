package route

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"assent/balance"
	"assent/numbering"
)

// Route is an entry with its name.
type Route struct {
	Name string
	Config
}

// Leads says where a route leads, in words.
func (r Route) Leads() string {
	switch {
	case r.Trunk != "":
		return "trunk " + r.Trunk
	case r.Station != "":
		return "station " + r.Station
	}
	return "queue " + r.Queue
}

// Plan is the number plan of one configuration. It is immutable.
type Plan struct {
	routes []Route // by name
}

// New makes the plan of a configuration; it keeps the values of cfg.
func New(cfg map[string]Config) *Plan {
	p := &Plan{}
	for _, name := range slices.Sorted(maps.Keys(cfg)) {
		p.routes = append(p.routes, Route{name, cfg[name]})
	}
	return p
}

// Candidate is one route as it was looked at for a number.
type Candidate struct {
	Route  string `json:"route"`
	Leads  string `json:"leads"`
	Number string `json:"number,omitempty"` // the best of its numbers that match
	Chosen bool   `json:"chosen"`           // it is among those that are tried
	Why    string `json:"why"`
}

// Find returns the routes that a call of a station to a number may take, all of them of the best pattern, unordered;
// nil knows none. An empty station is a call that no station places.
func (p *Plan) Find(number, station string) []Route {
	if p == nil {
		return nil
	}
	var found []Route
	best := -1
	for _, r := range p.routes {
		length, _ := r.match(number)
		if length < 0 || !r.allows(station) {
			continue
		}
		if length > best {
			best, found = length, nil
		}
		if length == best {
			found = append(found, r)
		}
	}
	return found
}

// allows reports whether a station may use the route.
func (r Route) allows(station string) bool {
	return len(r.Stations) == 0 || slices.Contains(r.Stations, station)
}

// match returns how well the route's numbers match: see numbering.Match.
func (r Route) match(number string) (length int, pattern string) {
	length = -1
	for _, text := range r.Numbers {
		if n := numbering.Match(text, number); n > length {
			length, pattern = n, text
		}
	}
	return length, pattern
}

// Explain looks at every route for a call of a station to a number.
func (p *Plan) Explain(number, station string) []Candidate {
	chosen := p.Find(number, station)
	list := make([]Candidate, 0, len(p.routes))
	for _, r := range p.routes {
		length, pattern := r.match(number)
		c := Candidate{Route: r.Name, Leads: r.Leads(), Number: pattern}
		switch {
		case length < 0:
			c.Why = "its numbers are " + strings.Join(r.Numbers, ", ")
		case !r.allows(station):
			c.Why = "it is for the stations " + strings.Join(r.Stations, ", ")
		case slices.ContainsFunc(chosen, func(other Route) bool { return other.Name == r.Name }):
			c.Chosen, c.Why = true, fmt.Sprintf("number %s matches, priority %d, weight %d", pattern, r.Priority, r.Weight)
		default:
			c.Why = fmt.Sprintf("its number %s is less exact than that of %s", pattern, chosen[0].Name)
		}
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b Candidate) int { return rankOf(a) - rankOf(b) })
	return list
}

func rankOf(c Candidate) int {
	switch {
	case c.Chosen:
		return 0
	case c.Number != "":
		return 1
	}
	return 2
}

// Failures remembers how often calls by each trunk have failed lately. The zero value is ready; all its methods are
// safe for concurrent use.
type Failures struct {
	mu    sync.Mutex
	share map[string]float64 // of the trunk's calls, the newest counting most
}

// memory is how much the newest call counts: the last twenty or so decide.
const memory = 0.1

// Note tells how a call by a trunk went: failed is that no gateway took it.
func (f *Failures) Note(trunk string, failed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.share == nil {
		f.share = map[string]float64{}
	}
	now := 0.0
	if failed {
		now = 1
	}
	f.share[trunk] += memory * (now - f.share[trunk])
}

// Share is the share of the trunk's recent calls that failed.
func (f *Failures) Share(trunk string) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.share[trunk]
}

// Order returns routes in the order in which they are tried. Weights count in hundredths of what a trunk's failures
// leave of them, and never as nothing: a trunk that is well again has to be noticed.
func (f *Failures) Order(routes []Route) []Route {
	return balance.Order(routes, func(r Route) balance.Rank {
		weight := float64(100*r.Weight) * (1 - f.Share(r.Trunk))
		return balance.Rank{Priority: r.Priority, Weight: max(int(weight), min(r.Weight, 1))}
	}, rand.IntN)
}
