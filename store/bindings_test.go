package store

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assent/registrar"
)

func TestBindingsOutliveTheProcessUntilTheyAreDropped(t *testing.T) {
	s, url := newStore(t)
	one := registrar.Binding{Station: "agent-1", Contact: "sip:a@10.9.9.9", Path: []string{"<sip:edge;lr>"}, Source: netip.MustParseAddrPort("198.51.100.7:5060"),
		Local: netip.MustParseAddrPort("[::1]:5060"), Transport: "tcp", CallID: "c", CSeq: 7, UserAgent: "phone", Expires: noon.Add(time.Hour), Since: noon}
	two := one
	two.Contact, two.Expires = "sip:b@10.9.9.9", noon.Add(2*time.Hour)
	s.SaveBinding(one)
	s.SaveBinding(two)
	one.CSeq++
	s.SaveBinding(one)
	must(t, s.BeginCall(context.Background(), Call{ID: "x"})) // written behind the bindings
	s.Close()

	s = reopen(t, url)
	got, err := s.Bindings(context.Background())
	must(t, err)
	byAddr := cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })
	if diff := cmp.Diff([]registrar.Binding{two, one}, got, byAddr); diff != "" {
		t.Error(diff)
	}
	s.DropBinding("agent-1", two.Contact)
	must(t, s.BeginCall(context.Background(), Call{ID: "y"}))
	if got, err = s.Bindings(context.Background()); err != nil || len(got) != 1 || got[0].Contact != one.Contact {
		t.Errorf("%v, %v", got, err)
	}
}
