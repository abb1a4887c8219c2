package registrar

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// shelf is a Store in memory.
type shelf struct{ kept map[string]Binding }

func (s *shelf) SaveBinding(b Binding)               { s.kept[b.Station+" "+b.Contact] = b }
func (s *shelf) DropBinding(station, contact string) { delete(s.kept, station+" "+contact) }

// desk is a registrar on a clock that the test drives.
type desk struct {
	*Registrar
	t     *testing.T
	now   time.Time
	shelf *shelf
	told  []string
	cseq  uint32
}

func open(t *testing.T) *desk {
	d := &desk{t: t, now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC), shelf: &shelf{map[string]Binding{}}}
	d.Registrar = New(Default(), Deps{Store: d.shelf, Now: func() time.Time { return d.now },
		Changed: func(station string, reachable bool) { d.told = append(d.told, fmt.Sprint(station, " ", reachable)) }})
	return d
}

// from makes a REGISTER of agent-1 from a port.
func (d *desk) from(port uint16, contacts ...Contact) Request {
	d.cseq++
	return Request{Station: "agent-1", Contacts: contacts, Expires: -1, Source: netip.AddrPortFrom(netip.MustParseAddr("198.51.100.7"), port),
		Transport: "udp", CallID: fmt.Sprint("call-", port), CSeq: d.cseq}
}

func uri(name string, expires int) Contact {
	return Contact{URI: "sip:agent-1@" + name, Expires: expires}
}

func (d *desk) register(q Request, status int, contacts ...string) Answer {
	d.t.Helper()
	a := d.Register(q)
	if a.Status != status {
		d.t.Fatalf("answered with %d, want %d", a.Status, status)
	}
	if status == 200 {
		d.where(contacts...)
		if len(a.Bindings) != len(contacts) {
			d.t.Errorf("the answer has %d bindings, want %d", len(a.Bindings), len(contacts))
		}
	}
	return a
}

// where checks where agent-1 is, in memory and on the shelf.
func (d *desk) where(contacts ...string) {
	d.t.Helper()
	var got []string
	for _, b := range d.Where("agent-1") {
		got = append(got, b.Contact[len("sip:agent-1@"):])
	}
	if !slices.Equal(got, contacts) || len(d.shelf.kept) != len(contacts) {
		d.t.Errorf("registered at %v with %d kept, want %v", got, len(d.shelf.kept), contacts)
	}
}

func TestAStationIsWhereItRegisteredUntilItsTimeIsOver(t *testing.T) {
	d := open(t)
	q := d.from(5060, uri("a", 120))
	d.register(q, 200, "a")
	if d.At(q.Source) != "agent-1" || d.At(netip.AddrPortFrom(q.Source.Addr(), 5061)) != "" {
		t.Error("the flow of the binding is not told from others")
	}
	d.now = d.now.Add(119 * time.Second)
	d.where("a")
	d.now = d.now.Add(time.Second)
	d.where()
	if d.At(q.Source) != "" {
		t.Error("the flow outlived its binding")
	}
}

func TestSeveralContactsRingUpToTheBoundAndNewestFirst(t *testing.T) {
	d := open(t)
	for i, want := range [][]string{{"a"}, {"b", "a"}, {"c", "b", "a"}, {"d", "c", "b", "a"}} {
		d.register(d.from(uint16(5060+i), uri(want[0], -1)), 200, want...)
	}
	d.register(d.from(5070, uri("e", -1)), 403)
	d.where("d", "c", "b", "a")
	d.register(d.from(5061, uri("b", 0)), 200, "d", "c", "a")
	d.register(d.from(5070, uri("e", -1)), 200, "e", "d", "c", "a")
}

func TestTimesAreBoundedOnBothSides(t *testing.T) {
	d := open(t)
	if a := d.register(d.from(5060, uri("a", 59)), 423); a.MinExpires != time.Minute {
		t.Errorf("Min-Expires %v", a.MinExpires)
	}
	a := d.register(d.from(5060, uri("a", 1<<31-1)), 200, "a")
	if life := a.Bindings[0].Expires.Sub(d.now); life != time.Hour {
		t.Errorf("granted %v, want the most", life)
	}
	q := d.from(5060, uri("a", -1))
	q.Expires = 300
	if a := d.register(q, 200, "a"); a.Bindings[0].Expires.Sub(d.now) != 5*time.Minute {
		t.Error("the Expires header does not hold where the contact says nothing")
	}
}

func TestRequestsOutOfOrderChangeNothing(t *testing.T) {
	d := open(t)
	first := d.from(5060, uri("a", 120))
	second := d.from(5060, uri("a", 0))
	d.register(second, 200)
	d.register(first, 200, "a") // nothing is bound any more that it could be older than (section 10.3)
	d.register(first, 500)
	all := Request{Station: "agent-1", All: true, CallID: first.CallID, CSeq: first.CSeq, Source: first.Source}
	d.register(all, 500)
	d.where("a")
	again := first
	again.CallID, again.CSeq = "a restarted phone", 1
	d.register(again, 200, "a")
}

func TestAStarEndsAllBindingsAndNothingElseMayStandBesideIt(t *testing.T) {
	d := open(t)
	d.register(d.from(5060, uri("a", -1)), 200, "a")
	d.register(d.from(5061, uri("b", -1)), 200, "b", "a")
	star := d.from(5062)
	star.All = true
	d.register(star, 400) // without Expires: 0
	star.Expires = 0
	star.Contacts = []Contact{uri("c", -1)}
	d.register(star, 400)
	star.Contacts = nil
	d.register(star, 200)
	if d.At(netip.MustParseAddrPort("198.51.100.7:5060")) != "" {
		t.Error("a flow is left")
	}
	if want := []string{"agent-1 true", "agent-1 false"}; !slices.Equal(d.told, want) {
		t.Errorf("told %v, want %v", d.told, want)
	}
}

func TestAPhoneThatRestartedIsNotTwiceOnItsOldAddress(t *testing.T) {
	d := open(t)
	d.register(d.from(5060, uri("old", -1)), 200, "old")
	q := d.from(5060, uri("new", -1))
	q.CallID = "another"
	d.register(q, 200, "new")
	behind := d.from(5080, uri("x", -1))
	behind.Path = []string{"<sip:edge;lr>"}
	d.register(behind, 200, "x", "new")
	behind = d.from(5080, uri("y", -1))
	behind.Path = []string{"<sip:edge;lr>"}
	d.register(behind, 200, "y", "x", "new") // two phones behind one proxy
	if who := d.At(behind.Source); who != "" {
		t.Errorf("the proxy is taken for %s", who)
	}
}

func TestAQueryChangesNothingAndAFloodIsRefused(t *testing.T) {
	d := open(t)
	d.register(d.from(5060, uri("a", -1)), 200, "a")
	for range burst - 1 {
		d.register(d.from(5060), 200, "a")
	}
	if a := d.register(d.from(5060), 503); a.RetryAfter <= 0 {
		t.Error("no Retry-After")
	}
	d.now = d.now.Add(time.Second)
	d.register(d.from(5060), 200, "a")
}

func TestBindingsComeBackAfterARestartUnlessTheyAreOverOrTheStationIsGone(t *testing.T) {
	d := open(t)
	d.register(d.from(5060, uri("a", 60)), 200, "a")
	d.register(d.from(5061, uri("b", 600)), 200, "b", "a")
	var kept []Binding
	for _, b := range d.shelf.kept {
		kept = append(kept, b)
	}
	next := open(t)
	next.shelf, next.now = d.shelf, d.now.Add(2*time.Minute)
	next.Registrar = New(Default(), Deps{Store: d.shelf, Now: func() time.Time { return next.now }})
	next.Restore(kept)
	next.where("b")
	if next.At(netip.MustParseAddrPort("198.51.100.7:5061")) != "agent-1" {
		t.Error("the flow did not come back")
	}
	next.Forget(func(string) bool { return false })
	next.where()
	if next.At(netip.MustParseAddrPort("198.51.100.7:5061")) != "" {
		t.Error("a flow of a station that is gone")
	}
}
