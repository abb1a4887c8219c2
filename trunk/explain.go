package trunk

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Candidate is one trunk as it was looked at for a call.
type Candidate struct {
	Trunk   string `json:"trunk"`
	Flow    string `json:"flow"`
	Matched bool   `json:"matched"`          // a source and a number match
	Chosen  bool   `json:"chosen"`           // this trunk takes the call
	Source  string `json:"source,omitempty"` // the best of its sources that match
	Number  string `json:"number,omitempty"` // the best of its numbers that match
	Why     string `json:"why"`              // why it takes the call, or why not
}

// fit is how well a trunk matches a call.
type fit struct {
	entry    *entry
	source   source
	number   pattern
	bySource bool // source matches
	byNumber bool // number matches
}

// Explain looks at every trunk for a call from there to called, the user part of the
// Request-URI: first the one that takes it, then the others that match, in the order
// in which they would take it, then those whose source matches, then the rest.
func (t *Table) Explain(from Origin, called string) []Candidate {
	called = Number(called)
	fits := make([]fit, 0, len(t.names))
	for _, name := range t.names {
		fits = append(fits, t.entries[name].fit(from, called))
	}
	slices.SortStableFunc(fits, fit.compare)
	candidates := make([]Candidate, 0, len(fits))
	for i, f := range fits {
		c := f.candidate(from.Addr, called)
		if f.byNumber && i == 0 {
			c.Chosen = true
			c.Why = fmt.Sprintf("source %s and number %s match", f.source, f.number)
		} else if f.byNumber {
			c.Why = f.worseThan(fits[0])
		}
		candidates = append(candidates, c)
	}
	return candidates
}

// fit looks for the best of the trunk's sources and numbers that match.
func (e *entry) fit(from Origin, called string) fit {
	f := fit{entry: e}
	for _, s := range e.sources {
		if s.takes(from) && (!f.bySource || s.compare(f.source) < 0) {
			f.source, f.bySource = s, true
		}
	}
	for _, p := range e.numbers {
		if f.bySource && p.matches(called) && (!f.byNumber || p.compare(f.number) < 0) {
			f.number, f.byNumber = p, true
		}
	}
	return f
}

// compare orders the trunks that match a call: negative if f would take it first.
func (f fit) compare(g fit) int {
	return cmp.Or(
		-compareBool(f.byNumber, g.byNumber),
		-compareBool(f.bySource, g.bySource),
		f.source.compare(g.source),
		f.number.compare(g.number),
	)
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// candidate describes the trunk, with why it does not match if it does not.
func (f fit) candidate(src netip.AddrPort, called string) Candidate {
	c := Candidate{Trunk: f.entry.name, Flow: f.entry.cfg.Flow, Matched: f.byNumber}
	if f.bySource {
		c.Source = f.source.String()
	}
	if f.byNumber {
		c.Number = f.number.String()
		return c
	}
	if f.bySource {
		c.Why = fmt.Sprintf("source %s matches, but it does not serve %s: its numbers are %s", f.source, called, list(f.entry.numbers))
		return c
	}
	c.Why = f.entry.whyNoSource(src)
	return c
}

// whyNoSource says why none of the trunk's sources allows src.
func (e *entry) whyNoSource(src netip.AddrPort) string {
	for _, s := range e.sources {
		if s.digest {
			return "its calls prove by digest who they are, as user " + strconv.Quote(e.cfg.Digest.User)
		}
		if s.certificate == "" && s.network.Contains(plain(src.Addr())) {
			return fmt.Sprintf("%s comes from port %d, and its source %s has another", plain(src.Addr()), src.Port(), s)
		}
	}
	if len(e.sources) > 0 && !slices.ContainsFunc(e.sources, func(s source) bool { return s.certificate == "" }) {
		return "its sources are certificates, and none of them is shown: " + list(e.sources)
	}
	return fmt.Sprintf("%s is not in its sources: %s", plain(src.Addr()), list(e.sources))
}

// worseThan says what made the other trunk the better match.
func (f fit) worseThan(best fit) string {
	other := best.entry.name
	switch {
	case f.source.certificate == "" && best.source.certificate != "":
		return fmt.Sprintf("its source %s is an address, and %s has %s", f.source, other, best.source)
	case f.source.port == 0 && best.source.port != 0:
		return fmt.Sprintf("its source %s has no port, and %s has %s", f.source, other, best.source)
	case f.source.network.Bits() < best.source.network.Bits():
		return fmt.Sprintf("its source %s is a wider network than %s of %s", f.source, best.source, other)
	case f.number.prefix && !best.number.prefix:
		return fmt.Sprintf("its number %s is not exact, and %s has %s", f.number, other, best.number)
	}
	return fmt.Sprintf("its number %s is shorter than %s of %s", f.number, best.number, other)
}

// maxListed is how many sources or numbers an explanation names.
const maxListed = 5

// list names the first few of some sources or numbers.
func list[T fmt.Stringer](items []T) string {
	if len(items) == 0 {
		return "none"
	}
	var names []string
	for _, item := range items[:min(len(items), maxListed)] {
		names = append(names, item.String())
	}
	if more := len(items) - maxListed; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
