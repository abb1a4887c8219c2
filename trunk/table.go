package trunk

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// Table is the set of trunks of one configuration. It does not change; a reload
// makes a new one. All methods are safe for concurrent use.
type Table struct {
	// set once
	entries map[string]*entry
	names   []string // of entries, sorted
	index   index
	former  []*entry          // of earlier tables, as far as they may have calls
	linger  []lingering       // sources of former that are not in index
	usages  map[string]*usage // of entries, and of trunks that are gone but had calls
}

// lingering is a source that calls of an earlier table may still use.
type lingering struct {
	source source
	entry  *entry
}

// entry is one trunk as one table has it.
type entry struct {
	// set once
	name    string
	cfg     Config
	sources []source
	numbers []pattern
	own     []pattern // stir.numbers
	usage   *usage

	live atomic.Int64 // seats that were taken through this entry and are not released
}

// New builds the table. prev is the table that it replaces, or nil: seats that are
// taken there count here too, and its sources stay known while calls that began
// with them are up. It keeps cfg's values. The error names every source that cannot
// be read and every pair of trunks that tie.
func New(cfg map[string]Config, prev *Table) (*Table, error) {
	t := &Table{entries: make(map[string]*entry, len(cfg)), usages: map[string]*usage{}}
	t.inherit(prev)
	t.names = slices.Sorted(maps.Keys(cfg))
	var problems []error
	for _, name := range t.names {
		e, err := t.newEntry(name, cfg[name])
		if err != nil {
			problems = append(problems, err)
			continue
		}
		t.entries[name] = e
		problems = append(problems, t.addToIndex(e)...)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	t.keepSources()
	return t, nil
}

// inherit takes over what outlives the table before: the counts, and the entries
// that may still have calls.
func (t *Table) inherit(prev *Table) {
	if prev == nil {
		return
	}
	maps.Copy(t.usages, prev.usages)
	maps.DeleteFunc(t.usages, func(name string, u *usage) bool {
		return prev.entries[name] == nil && u.up() == 0
	})
	for _, e := range prev.former {
		if e.live.Load() > 0 {
			t.former = append(t.former, e)
		}
	}
	// All of these: a call may take its seat there until the table is replaced.
	for _, name := range prev.names {
		t.former = append(t.former, prev.entries[name])
	}
}

// keepSources lists the sources that only calls of earlier tables know.
func (t *Table) keepSources() {
	for _, e := range t.former {
		for _, s := range e.sources {
			if !s.digest && !t.index.has(s) {
				t.linger = append(t.linger, lingering{s, e})
			}
		}
	}
}

func (t *Table) newEntry(name string, cfg Config) (*entry, error) {
	e := &entry{name: name, cfg: cfg, usage: t.usages[name]}
	if e.usage == nil {
		e.usage = &usage{}
		t.usages[name] = e.usage
	}
	var problems []error
	for _, text := range cfg.Sources {
		s, err := parseSource(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("trunk %s: %w", name, err))
			continue
		}
		e.sources = append(e.sources, s)
	}
	for _, text := range cfg.Numbers {
		e.numbers = append(e.numbers, parsePattern(text))
	}
	for _, text := range cfg.STIR.Numbers {
		e.own = append(e.own, parsePattern(text))
	}
	return e, errors.Join(problems...)
}

// addToIndex adds every source with every number, and returns the ties.
func (t *Table) addToIndex(e *entry) (ties []error) {
	for _, s := range e.sources {
		if s.digest {
			continue // found by its name
		}
		for _, p := range e.numbers {
			if other := t.index.add(s, p, e); other != nil {
				ties = append(ties, fmt.Errorf(
					"trunks %s and %s tie: both serve number %s from source %s; give one of them a port, a longer network or a longer number",
					other.name, e.name, p, s))
			}
		}
	}
	return ties
}

// allows reports whether any of the trunk's sources allows src.
func (e *entry) allows(src netip.AddrPort) bool {
	for _, s := range e.sources {
		if s.allows(src) {
			return true
		}
	}
	return false
}

// Known reports whether src is a source of any trunk, or was when a call began that
// is still up. It takes no lock and allocates nothing: it is asked for each datagram
// before anything else.
func (t *Table) Known(src netip.AddrPort) bool {
	if t.index.known(src) {
		return true
	}
	for _, l := range t.linger {
		if l.source.allows(src) && l.entry.live.Load() > 0 {
			return true
		}
	}
	return false
}

// Networks are those of all sources that Known knows, with ports left out. The caller
// owns the list, which is never nil.
func (t *Table) Networks() []netip.Prefix {
	list := []netip.Prefix{}
	add := func(s source) {
		if s.network.IsValid() {
			list = append(list, s.network)
		}
	}
	for _, name := range t.names {
		for _, s := range t.entries[name].sources {
			add(s)
		}
	}
	for _, l := range t.linger {
		add(l.source)
	}
	return list
}

// Certified reports whether one of the names of a certificate is a source of any
// trunk, or was when a call began that is still up.
func (t *Table) Certified(names []string) bool {
	for _, name := range names {
		if t.index.certificates[name] != nil {
			return true
		}
	}
	for _, l := range t.linger {
		if l.source.takes(Origin{Certified: names}) && l.entry.live.Load() > 0 {
			return true
		}
	}
	return false
}

// Allows reports whether src is a source of the trunk. A call that is up asks its
// Seat instead, which knows the sources that it began with.
func (t *Table) Allows(trunk string, src netip.AddrPort) bool {
	e := t.entries[trunk]
	return e != nil && e.allows(src)
}

// Config returns the configuration of a trunk, and whether there is one. Its slices
// are borrowed and not changed.
func (t *Table) Config(trunk string) (Config, bool) {
	e := t.entries[trunk]
	if e == nil {
		return Config{}, false
	}
	return e.cfg, true
}

// Admit finds the trunk of an inbound call and takes a seat on it. called is the
// user part of the Request-URI, as it came. Exactly one of the results is not nil;
// the caller owns the seat and releases it.
func (t *Table) Admit(from Origin, called string, now time.Time) (*Seat, *Refusal) {
	e, nearest := t.index.find(from, Number(called))
	switch {
	case e != nil:
		return e.seat(now)
	case nearest != nil:
		return nil, &Refusal{Code: UnknownNumber, Trunk: nearest.name}
	}
	return nil, &Refusal{Code: UnknownSource}
}

// AdmitProven takes a seat for an inbound call whose sender has proven by digest to
// be that trunk. Exactly one of the results is not nil, as for Admit.
func (t *Table) AdmitProven(trunk, called string, now time.Time) (*Seat, *Refusal) {
	e := t.entries[trunk]
	if e == nil || !slices.ContainsFunc(e.sources, func(s source) bool { return s.digest }) {
		return nil, &Refusal{Code: UnknownSource} // the configuration has changed meanwhile
	}
	called = Number(called)
	if !slices.ContainsFunc(e.numbers, func(p pattern) bool { return p.matches(called) }) {
		return nil, &Refusal{Code: UnknownNumber, Trunk: trunk}
	}
	return e.seat(now)
}

// Outbound takes a seat for a call that leaves by the trunk. Exactly one of the
// results is not nil; the caller owns the seat and releases it.
func (t *Table) Outbound(trunk string, now time.Time) (*Seat, *Refusal) {
	e := t.entries[trunk]
	if e == nil {
		return nil, &Refusal{Code: UnknownTrunk, Trunk: trunk}
	}
	return e.seat(now)
}

// Calls returns how many calls are up on each trunk of the table. The caller owns
// the map.
func (t *Table) Calls() map[string]int {
	calls := make(map[string]int, len(t.entries))
	for name, e := range t.entries {
		calls[name] = e.usage.up()
	}
	return calls
}

// Drain makes a trunk take no new calls, in or out, until it is told otherwise;
// calls that are up go on, and a reload changes nothing about it. It is false if
// there is no such trunk.
func (t *Table) Drain(trunk string, on bool) bool {
	e := t.entries[trunk]
	if e == nil {
		return false
	}
	e.usage.drain(on)
	return true
}

// Draining reports whether a trunk takes no new calls.
func (t *Table) Draining(trunk string) bool {
	e := t.entries[trunk]
	return e != nil && e.usage.drains()
}

// seat takes a seat within the trunk's limits.
func (e *entry) seat(now time.Time) (*Seat, *Refusal) {
	if code, retryAfter := e.usage.take(e.cfg.Limits, now); code != "" {
		return nil, &Refusal{Code: code, Trunk: e.name, RetryAfter: retryAfter}
	}
	e.live.Add(1)
	return &Seat{entry: e}, nil
}
