package trunk

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

func TestExplainSaysWhyEachOtherTrunkDoesNotTakeTheCall(t *testing.T) {
	table := mustNew(t, map[string]Config{
		"chosen":    trunkOf("192.0.2.7:5060", "+498001"),
		"no-port":   trunkOf("192.0.2.7", "+498001"),
		"wider":     trunkOf("192.0.2.0/24:5060", "+498001"),
		"prefix":    trunkOf("192.0.2.7:5060", "+49800*"),
		"number":    trunkOf("192.0.2.7:5060", "1 2 3 4 5 6 7"),
		"port":      trunkOf("192.0.2.7:5070", "*"),
		"elsewhere": trunkOf("198.51.100.1", "*"),
		"outbound":  trunkOf("", ""),
	}, nil)
	want := map[string]string{
		"chosen":    "source 192.0.2.7:5060 and number +498001 match",
		"no-port":   "its source 192.0.2.7 has no port, and chosen has 192.0.2.7:5060",
		"wider":     "its source 192.0.2.0/24:5060 is a wider network than 192.0.2.7:5060 of chosen",
		"prefix":    "its number +49800* is not exact, and chosen has +498001",
		"number":    "source 192.0.2.7:5060 matches, but it does not serve +498001: its numbers are 1, 2, 3, 4, 5, and 2 more",
		"port":      "192.0.2.7 comes from port 5060, and its source 192.0.2.7:5070 has another",
		"elsewhere": "192.0.2.7 is not in its sources: 198.51.100.1",
		"outbound":  "192.0.2.7 is not in its sources: none",
	}
	candidates := table.Explain(At(from("192.0.2.7:5060")), "+49-8001;phone-context=x")
	if len(candidates) != len(want) || candidates[0].Trunk != "chosen" {
		t.Fatalf("%+v", candidates)
	}
	for i, c := range candidates {
		if c.Why != want[c.Trunk] {
			t.Errorf("%s: %s", c.Trunk, c.Why)
		}
		if c.Chosen != (i == 0) || c.Matched != (i < 4) {
			t.Errorf("%d %s: chosen %v, matched %v", i, c.Trunk, c.Chosen, c.Matched)
		}
	}
	shorter := mustNew(t, map[string]Config{"a": trunkOf("192.0.2.7", "+49800*"), "b": trunkOf("192.0.2.7", "*")}, nil)
	if got := shorter.Explain(At(from("192.0.2.7:1")), "+498001")[1].Why; got != "its number * is shorter than +49800* of a" {
		t.Error(got)
	}
}

func TestNobodyIsChosenWhereNobodyMatches(t *testing.T) {
	table := mustNew(t, map[string]Config{"a": trunkOf("192.0.2.1", "1"), "b": trunkOf("192.0.2.0/24", "2")}, nil)
	for _, c := range table.Explain(At(from("192.0.2.1:5060")), "3") {
		if c.Chosen || c.Matched || c.Why == "" {
			t.Errorf("%+v", c)
		}
	}
}

// TestExplanationAndAdmissionAgree holds the index, which Admit uses, against the
// plain comparison of all trunks, which Explain uses.
func TestExplanationAndAdmissionAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for range 300 {
		table := randomTable(r)
		for range 30 {
			src := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(r.IntN(2)), 0, byte(r.IntN(4))}), uint16(5060+r.IntN(2)))
			called := fmt.Sprint(r.IntN(2), r.IntN(2), r.IntN(2))
			called = strings.ReplaceAll(called, " ", "")
			candidates := table.Explain(At(src), called)
			want := UnknownSource
			for _, c := range candidates {
				if c.Chosen {
					want = c.Trunk
					break
				}
				if c.Source != "" {
					want = UnknownNumber
				}
			}
			if got := admitted(table, src.String(), called); got != want {
				t.Fatalf("%s to %s: admitted %s, explained %s: %+v", src, called, got, want, candidates)
			}
			if table.Known(src) != (want != UnknownSource) {
				t.Fatalf("%s known: %v, explained %s", src, table.Known(src), want)
			}
		}
	}
}

// randomTable returns a table of a few trunks that overlap and do not tie.
func randomTable(r *rand.Rand) *Table {
	for {
		cfg := map[string]Config{}
		for i := range 1 + r.IntN(6) {
			source := fmt.Sprintf("10.%d.0.%d/%d", r.IntN(2), r.IntN(4), []int{8, 16, 31, 32}[r.IntN(4)])
			if r.IntN(2) == 0 {
				source += fmt.Sprintf(":%d", 5060+r.IntN(2))
			}
			number := []string{"*", "0*", "01*", "1*", "10*", "010", "101"}[r.IntN(7)]
			cfg[fmt.Sprint("t", i)] = trunkOf(source, number)
		}
		if table, err := New(cfg, nil); err == nil {
			return table
		}
	}
}
