package trunk

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func from(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// trunkOf returns a configuration of sources and numbers, each separated by blanks.
func trunkOf(sources, numbers string) Config {
	cfg := DefaultConfig()
	cfg.Sources, cfg.Numbers = strings.Fields(sources), strings.Fields(numbers)
	return cfg
}

func mustNew(t testing.TB, cfg map[string]Config, prev *Table) *Table {
	t.Helper()
	table, err := New(cfg, prev)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// admitted returns the trunk that takes a call, or the refusal's code.
func admitted(table *Table, src, called string) string {
	seat, refusal := table.Admit(At(from(src)), called, noon)
	if refusal != nil {
		return refusal.Code
	}
	defer seat.Release()
	return seat.Trunk()
}

func TestTrunkIsSelectedByTheWholeOrder(t *testing.T) {
	// Each of these is preferred to all that follow it, for 192.0.2.7:5060 and +498001.
	order := []struct{ sources, numbers string }{
		{"192.0.2.7:5060", "+498001"},
		{"192.0.2.7:5060", "+4980*"},
		{"192.0.2.7:5060", "*"},
		{"192.0.2.0/24:5060", "+498001"},
		{"192.0.2.0/24:5060", "*"},
		{"192.0.2.7", "+498001"},
		{"192.0.2.7", "+49800*"},
		{"192.0.2.7", "+49*"},
		{"192.0.2.7", "*"},
		{"192.0.2.0/28", "*"},
		{"192.0.2.0/24", "+498001"},
		{"192.0.2.0/24", "+498001*"},
		{"192.0.2.0/24", "+*"},
		{"192.0.2.0/24", "*"},
		{"0.0.0.0/0", "+498001"},
		{"0.0.0.0/0", "*"},
	}
	for first := range order {
		cfg := map[string]Config{}
		for i, o := range order[first:] {
			cfg[string(rune('a'+first+i))] = trunkOf(o.sources, o.numbers)
		}
		table := mustNew(t, cfg, nil)
		want := string(rune('a' + first))
		if got := admitted(table, "192.0.2.7:5060", "+498001"); got != want {
			t.Errorf("trunk %s takes the call, want %s", got, want)
		}
		var ranked []string
		for _, c := range table.Explain(At(from("192.0.2.7:5060")), "+498001") {
			ranked = append(ranked, c.Trunk)
		}
		if got := strings.Join(ranked, ""); got != "abcdefghijklmnop"[first:] {
			t.Errorf("explained in the order %s", got)
		}
	}
}

func TestTrunkThatDoesNotServeTheNumberGivesWayToAWiderOne(t *testing.T) {
	table := mustNew(t, map[string]Config{
		"narrow": trunkOf("192.0.2.7", "+49*"),
		"wide":   trunkOf("192.0.2.0/24", "+43*"),
	}, nil)
	for called, want := range map[string]string{"+491": "narrow", "+431": "wide", "+411": UnknownNumber} {
		if got := admitted(table, "192.0.2.7:5060", called); got != want {
			t.Errorf("%s: %s, want %s", called, got, want)
		}
	}
}

func TestUnknownSourceAndUnknownNumberAreToldApart(t *testing.T) {
	table := mustNew(t, map[string]Config{"a": trunkOf("192.0.2.0/24:5060", "+49*"), "out": trunkOf("", "*")}, nil)
	for _, tt := range []struct {
		src, called, code string
		known             bool
	}{
		{"192.0.2.9:5060", "+491", "a", true},
		{"192.0.2.9:5060", "112", UnknownNumber, true},
		{"192.0.2.9:5061", "+491", UnknownSource, false},
		{"198.51.100.1:5060", "+491", UnknownSource, false},
		{"[2001:db8::1]:5060", "+491", UnknownSource, false},
	} {
		if got := admitted(table, tt.src, tt.called); got != tt.code {
			t.Errorf("%s to %s: %s, want %s", tt.src, tt.called, got, tt.code)
		}
		if got := table.Known(from(tt.src)); got != tt.known {
			t.Errorf("%s known: %v", tt.src, got)
		}
	}
	if _, refusal := table.Admit(At(from("192.0.2.9:5060")), "112", noon); refusal.Trunk != "a" || !strings.Contains(refusal.Error(), "a") {
		t.Errorf("refused by %q", refusal.Trunk)
	}
	if table.Known(netip.AddrPort{}) {
		t.Error("no address at all is known")
	}
}

func TestIPv4MappedAddressesAreIPv4(t *testing.T) {
	table := mustNew(t, map[string]Config{
		"four":   trunkOf("192.0.2.0/24", "*"),
		"mapped": trunkOf("::ffff:198.51.100.0/120 [::ffff:203.0.113.1]:5060", "*"),
		"six":    trunkOf("2001:db8::/32 [2001:db9::/32]:5060 fe80::/10", "*"),
	}, nil)
	for src, want := range map[string]string{
		"192.0.2.1:5060": "four", "[::ffff:192.0.2.1]:5060": "four",
		"198.51.100.9:1": "mapped", "[::ffff:198.51.100.9]:1": "mapped", "203.0.113.1:5060": "mapped", "203.0.113.1:5061": UnknownSource,
		"[2001:db8::1]:99": "six", "[2001:db9::1]:5060": "six", "[2001:db9::1]:5061": UnknownSource, "[fe80::1%eth0]:5060": "six",
		"[::ffff:0:192.0.2.1]:5060": UnknownSource,
	} {
		if got := admitted(table, src, "1"); got != want {
			t.Errorf("%s: %s, want %s", src, got, want)
		}
	}
}

func TestTieIsAnErrorThatNamesBoth(t *testing.T) {
	for name, b := range map[string]Config{
		"same entry":         trunkOf("192.0.2.0/24", "+49*"),
		"other host bits":    trunkOf("192.0.2.77/24", "+49*"),
		"mapped":             trunkOf("::ffff:192.0.2.0/120", "+49*"),
		"separators":         trunkOf("192.0.2.0/24", "+4-9*"),
		"one entry of a few": trunkOf("10.0.0.1 192.0.2.0/24", "112 +49*"),
	} {
		_, err := New(map[string]Config{"carrier-a": trunkOf("192.0.2.0/24", "+49*"), "carrier-b": b}, nil)
		if err == nil || !strings.Contains(err.Error(), "carrier-a") || !strings.Contains(err.Error(), "carrier-b") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string]Config{
		"a port": trunkOf("192.0.2.0/24:5060", "+49*"), "another length": trunkOf("192.0.2.0/25", "+49*"),
		"exact": trunkOf("192.0.2.0/24", "+49"), "all": trunkOf("192.0.2.0/24", "*"), "itself twice": trunkOf("10.0.0.1 10.0.0.1", "* *"),
	} {
		if _, err := New(map[string]Config{"carrier-a": trunkOf("192.0.2.0/24", "+49*"), "carrier-b": b}, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSourcesThatCannotBeReadAreNamed(t *testing.T) {
	for _, s := range []string{"", "carrier.example", "192.0.2.0/33", "192.0.2.1:0", "192.0.2.1:70000", "192.0.2.1:x", "[2001:db8::1", "[2001:db8::1]x", "1.2.3"} {
		cfg := trunkOf("", "*")
		cfg.Sources = []string{s}
		_, err := New(map[string]Config{"carrier-a": cfg}, nil)
		if err == nil || !strings.Contains(err.Error(), "carrier-a") || !strings.Contains(err.Error(), `"`+s+`"`) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestSourceIsWrittenAsItCanBeRead(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "192.0.2.1/32": "192.0.2.1", "192.0.2.9/24:5060": "192.0.2.0/24:5060", " 192.0.2.1:5060 ": "192.0.2.1:5060",
		"2001:db8::1": "2001:db8::1", "[2001:db8::1]:5060": "[2001:db8::1]:5060", "[2001:db8::/32]:5060": "[2001:db8::/32]:5060",
		"[2001:db8::]/32:5060": "[2001:db8::/32]:5060", "[2001:db8::1]": "2001:db8::1", "::ffff:192.0.2.1": "192.0.2.1",
	} {
		s, err := parseSource(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if again, err := parseSource(s.String()); s.String() != want || err != nil || again != s {
			t.Errorf("%s is written %s, want %s (%v)", in, s, want, err)
		}
	}
}

func TestCallsLimitRefusesUntilASeatIsGivenBack(t *testing.T) {
	cfg := trunkOf("192.0.2.1", "*")
	cfg.Limits.Calls = 2
	table := mustNew(t, map[string]Config{"a": cfg}, nil)
	first, _ := table.Admit(At(from("192.0.2.1:5060")), "1", noon)
	if _, refusal := table.Outbound("a", noon); refusal != nil {
		t.Fatal(refusal) // both directions count together
	}
	_, refusal := table.Admit(At(from("192.0.2.1:5060")), "1", noon)
	if refusal == nil || refusal.Code != CallsLimit || refusal.Trunk != "a" || refusal.RetryAfter <= 0 {
		t.Fatalf("%+v", refusal)
	}
	first.Release()
	first.Release()
	if got := table.Calls()["a"]; got != 1 {
		t.Errorf("%d calls are up after one of two was released twice", got)
	}
	if got := admitted(table, "192.0.2.1:5060", "1"); got != "a" {
		t.Error(got)
	}
}

func TestRateIsHeldOverTime(t *testing.T) {
	cfg := trunkOf("192.0.2.1", "*")
	cfg.Limits.PerSecond = 20
	table := mustNew(t, map[string]Config{"a": cfg}, nil)
	now, admittedCalls := noon, 0
	for range 10000 { // 10 s, a call each millisecond
		if seat, refusal := table.Admit(At(from("192.0.2.1:5060")), "1", now); refusal == nil {
			admittedCalls++
			seat.Release()
		} else if refusal.Code != RateLimit || refusal.RetryAfter <= 0 || refusal.RetryAfter > 50*time.Millisecond {
			t.Fatalf("%+v", refusal)
		}
		now = now.Add(time.Millisecond)
	}
	if admittedCalls < 219 || admittedCalls > 220 { // 20 at once and 20 a second
		t.Errorf("%d calls in 10 s", admittedCalls)
	}
}

func TestCallThatComesWhenItWasToldToIsTaken(t *testing.T) {
	for _, rate := range []float64{0.1, 0.3, 1, 3, 7, 20, 333} {
		cfg := trunkOf("192.0.2.1", "*")
		cfg.Limits.PerSecond = rate
		table := mustNew(t, map[string]Config{"a": cfg}, nil)
		now := noon
		for range 1000 {
			_, refusal := table.Outbound("a", now)
			if refusal == nil {
				continue
			}
			now = now.Add(refusal.RetryAfter)
			if _, refusal := table.Outbound("a", now); refusal != nil {
				t.Fatalf("%v a second: told to come back, and refused: %+v", rate, refusal)
			}
		}
	}
}

func TestClockThatGoesBackGivesNothingAway(t *testing.T) {
	cfg := trunkOf("", "")
	cfg.Limits.PerSecond = 1
	table := mustNew(t, map[string]Config{"a": cfg}, nil)
	for i, tt := range []struct {
		at   time.Duration
		code string
	}{{0, ""}, {-time.Hour, RateLimit}, {0, RateLimit}, {time.Second, ""}} {
		_, refusal := table.Outbound("a", noon.Add(tt.at))
		if got := refusalCode(refusal); got != tt.code {
			t.Errorf("step %d: %q, want %q", i, got, tt.code)
		}
	}
}

func refusalCode(r *Refusal) string {
	if r == nil {
		return ""
	}
	return r.Code
}

func TestSeatsAreCountedAcrossReloads(t *testing.T) {
	cfg := trunkOf("192.0.2.1", "*")
	cfg.Limits.Calls = 2
	first := mustNew(t, map[string]Config{"a": cfg}, nil)
	seat, _ := first.Admit(At(from("192.0.2.1:5060")), "1", noon)

	without := mustNew(t, map[string]Config{}, first) // the trunk goes …
	without = mustNew(t, map[string]Config{}, without)
	cfg.Limits.Calls = 1
	again := mustNew(t, map[string]Config{"a": cfg}, without) // … and comes back, smaller
	if got := admitted(again, "192.0.2.1:5060", "1"); got != CallsLimit {
		t.Errorf("with one call up of one: %s", got)
	}
	if seat.Config().Limits.Calls != 2 {
		t.Error("the call does not keep the configuration that it began with")
	}
	seat.Release()
	if got := admitted(again, "192.0.2.1:5060", "1"); got != "a" {
		t.Errorf("after the call: %s", got)
	}
}

func TestCallKeepsTheSourcesThatItBeganWith(t *testing.T) {
	first := mustNew(t, map[string]Config{"a": trunkOf("192.0.2.0/24", "*")}, nil)
	seat, _ := first.Admit(At(from("192.0.2.1:5060")), "1", noon)
	second := mustNew(t, map[string]Config{"a": trunkOf("198.51.100.0/24", "*")}, first)
	third := mustNew(t, map[string]Config{}, second)

	old := from("192.0.2.200:5070")
	if !seat.Allows(old) || seat.Allows(from("198.51.100.1:5060")) {
		t.Error("the call's sources changed with the configuration")
	}
	for i, table := range []*Table{second, third} {
		if !table.Known(old) || table.Allows("a", old) {
			t.Errorf("reload %d: the running call's peer is not heard, or new calls are taken from it", i+1)
		}
		if got := admitted(table, old.String(), "1"); got != UnknownSource {
			t.Errorf("reload %d: %s", i+1, got)
		}
	}
	seat.Release()
	if second.Known(old) || third.Known(old) {
		t.Error("the source is known after its last call")
	}
	if fourth := mustNew(t, nil, mustNew(t, nil, third)); len(fourth.former)+len(fourth.usages) != 0 {
		t.Errorf("left after all: %d entries, %d counts", len(fourth.former), len(fourth.usages))
	}
}

func TestCallThatTakesItsSeatDuringTheReloadKeepsItsSource(t *testing.T) {
	first := mustNew(t, map[string]Config{"a": trunkOf("192.0.2.1", "*")}, nil)
	second := mustNew(t, map[string]Config{}, first)
	seat, _ := first.Admit(At(from("192.0.2.1:5060")), "1", noon) // the old table is still in use
	if !second.Known(from("192.0.2.1:5060")) {
		t.Error("its peer is not heard")
	}
	seat.Release()
}

func TestOutboundNeedsATrunk(t *testing.T) {
	table := mustNew(t, map[string]Config{"a": trunkOf("", "")}, nil)
	if _, refusal := table.Outbound("b", noon); refusalCode(refusal) != UnknownTrunk {
		t.Errorf("%+v", refusal)
	}
	if _, ok := table.Config("b"); ok {
		t.Error("trunk b has a configuration")
	}
	if cfg, ok := table.Config("a"); !ok || cfg.DTMF != DTMFAuto {
		t.Errorf("%+v", cfg)
	}
	if table.Allows("b", from("192.0.2.1:1")) {
		t.Error("trunk b has sources")
	}
}

func TestSeatsBalanceUnderManyGoroutines(t *testing.T) {
	cfg := trunkOf("192.0.2.1", "*")
	cfg.Limits.Calls = 5
	table := mustNew(t, map[string]Config{"a": cfg}, nil)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 300 {
				if seat, refusal := table.Admit(At(from("192.0.2.1:5060")), "1", noon); refusal == nil {
					if up := table.Calls()["a"]; up > 5 {
						t.Errorf("%d calls are up of 5", up)
					}
					wg.Go(seat.Release)
					seat.Release()
				}
			}
		})
	}
	wg.Wait()
	if up := table.Calls()["a"]; up != 0 {
		t.Errorf("%d calls are up at the end", up)
	}
}
