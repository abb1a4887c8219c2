package route

import (
	"strings"
	"testing"
)

func plan() *Plan {
	to := func(r Config, numbers ...string) Config {
		r.Numbers = numbers
		if r.Priority == 0 {
			r.Priority, r.Weight = 1, 10
		}
		return r
	}
	return New(map[string]Config{
		"world":    to(Config{Trunk: "cheap"}, "+*"),
		"germany":  to(Config{Trunk: "telco"}, "+49*"),
		"germany2": to(Config{Trunk: "cheap", Priority: 2}, "+49*", "+43*"),
		"mobile":   to(Config{Trunk: "mobile", Stations: []string{"boss"}}, "+4915*"),
		"sos":      to(Config{Trunk: "telco", Emergency: true}, "112", "110"),
		"desk":     to(Config{Station: "agent-2"}, "22"),
		"help":     to(Config{Queue: "support"}, "2*"),
	})
}

func names(routes []Route) string {
	var list []string
	for _, r := range routes {
		list = append(list, r.Name)
	}
	return strings.Join(list, " ")
}

func TestTheBestPatternOfANumberDecides(t *testing.T) {
	for number, want := range map[string]string{
		"+44201": "world", "+4930": "germany germany2", "+4315": "germany2", "112": "sos", "22": "desk", "221": "help", "2": "help", "9": "", "": "",
	} {
		if got := names(plan().Find(number, "agent-1")); got != want {
			t.Errorf("%s goes by %q, want %q", number, got, want)
		}
	}
	if got := names(plan().Find("+491511", "boss")); got != "mobile" {
		t.Errorf("the boss's call goes by %q", got)
	}
	if got := names(plan().Find("+491511", "agent-1")); got != "germany germany2" {
		t.Errorf("an agent's call goes by %q", got)
	}
}

func TestThePlanSaysWhyEachRouteIsOrIsNotTaken(t *testing.T) {
	want := map[string]string{
		"germany": "number +49* matches, priority 1, weight 10", "germany2": "number +49* matches, priority 2",
		"world": "its number +* is less exact than that of germany", "mobile": "it is for the stations boss", "desk": "its numbers are 22",
	}
	list := plan().Explain("+491511", "agent-1")
	if len(list) != 7 || !list[0].Chosen || !list[1].Chosen || list[2].Chosen {
		t.Fatalf("%+v", list)
	}
	for _, c := range list {
		if !strings.HasPrefix(c.Why, want[c.Route]) || c.Why == "" || c.Leads == "" {
			t.Errorf("%+v, want %s", c, want[c.Route])
		}
	}
}

func TestATrunkWhoseCallsFailGetsFewer(t *testing.T) {
	var f Failures
	routes := []Route{{"a", Config{Trunk: "a", Priority: 1, Weight: 10}}, {"b", Config{Trunk: "b", Priority: 1, Weight: 10}}, {"c", Config{Trunk: "c", Priority: 2, Weight: 10}}}
	first := func() (n int) {
		for range 1000 {
			order := f.Order(routes)
			if order[2].Name != "c" {
				t.Fatal("the higher priority is not the last")
			}
			if order[0].Name == "a" {
				n++
			}
		}
		return n
	}
	if n := first(); n < 400 || n > 600 {
		t.Errorf("a is first in %d of 1000, want about half", n)
	}
	for range 30 {
		f.Note("a", true)
	}
	if n := first(); n > 120 {
		t.Errorf("a is first in %d of 1000, though its calls fail", n)
	}
	for range 60 {
		f.Note("a", false)
	}
	if n := first(); n < 400 || n > 600 {
		t.Errorf("a is first in %d of 1000, though it is well again", n)
	}
}
