package retention

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var made = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func TestTheLongestRuleThatFitsWins(t *testing.T) {
	rules := Rules{
		{Name: "all", Keep: Keep(90 * day)},
		{Name: "hr", Queues: []string{"hr", "personnel"}, Keep: Keep(30 * day)},
		{Name: "trades", Trunks: []string{"trading"}, Direction: "inbound", MinDuration: 10 * time.Second, Keep: Keep(7 * year)},
		{Name: "board", Stations: []string{"board"}, Keep: Forever},
		{Name: "short", MaxDuration: 5 * time.Second, Keep: Keep(day)},
	}
	for name, c := range map[string]struct {
		facts Facts
		want  Verdict
	}{
		"only the rule for all":             {Facts{Trunk: "a", Duration: time.Minute}, Verdict{Keep(90 * day), "all"}},
		"a shorter rule does not shorten":   {Facts{Queue: "hr", Duration: time.Minute}, Verdict{Keep(90 * day), "all"}},
		"a longer one lengthens":            {Facts{Trunk: "trading", Direction: "inbound", Duration: 10 * time.Second}, Verdict{Keep(7 * year), "trades"}},
		"not in the other direction":        {Facts{Trunk: "trading", Direction: "outbound", Duration: time.Minute}, Verdict{Keep(90 * day), "all"}},
		"not where it is too short":         {Facts{Trunk: "trading", Direction: "inbound", Duration: 9 * time.Second}, Verdict{Keep(90 * day), "all"}},
		"for ever is longer than all":       {Facts{Trunk: "trading", Station: "board", Direction: "inbound", Duration: time.Hour}, Verdict{Forever, "board"}},
		"an unknown station is another one": {Facts{Station: "boar", Duration: time.Hour}, Verdict{Keep(90 * day), "all"}},
	} {
		if got := rules.Decide(c.facts); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if got := rules[1:].Decide(Facts{Duration: time.Minute}); got != (Verdict{Keep: Forever}) {
		t.Errorf("where no rule fits: %+v", got)
	}
	if got := (Rules{}).Decide(Facts{}); got.Keep != Forever {
		t.Errorf("without rules: %+v", got)
	}
}

func TestTheOrderOfRulesDoesNotMatter(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	rules := Rules{{Name: "a", Keep: Keep(day)}, {Name: "b", Trunks: []string{"x"}, Keep: Keep(2 * day)}, {Name: "c", Queues: []string{"y"}, Keep: Keep(3 * day)}, {Name: "d", Trunks: []string{"z"}, Keep: Forever}}
	facts := Facts{Trunk: "x", Queue: "y"}
	for range 50 {
		random.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
		if got := rules.Decide(facts); got.Rule != "c" {
			t.Fatalf("%v: %+v", rules, got)
		}
	}
	if !slices.IsSortedFunc([]Keep{0, Keep(day), Keep(250 * year), Forever}, func(a, b Keep) int { return int(min(max(a-b, -1), 1)) }) {
		t.Error("for ever is not the longest")
	}
}

func TestDueIsTheLengthAfterTheMaking(t *testing.T) {
	facts := Facts{Made: made}
	if due, ever := (Rules{{Keep: Keep(10 * day)}}).Decide(facts).Due(facts); !ever || !due.Equal(made.Add(10*day)) {
		t.Errorf("due %v, %v", due, ever)
	}
	if due, ever := (Rules{{Keep: Forever}}).Decide(facts).Due(facts); ever {
		t.Errorf("due %v", due)
	}
}

func TestLengthsAreReadAndWritten(t *testing.T) {
	for text, want := range map[string]Keep{"90d": Keep(90 * day), "10y": Keep(10 * year), "250y": Keep(250 * year), "36h": Keep(36 * time.Hour), "forever": Forever, "0s": 0} {
		var k Keep
		if err := k.UnmarshalText([]byte(text)); err != nil || k != want {
			t.Errorf("%s: %v, %v", text, k, err)
		}
		var again Keep
		if err := again.UnmarshalText([]byte(k.String())); err != nil || again != k {
			t.Errorf("%s is written %s: %v, %v", text, k, again, err)
		}
	}
	for _, text := range []string{"", "y", "0y", "251y", "1.5y", "always", "-3y", "1y2"} {
		var k Keep
		if err := k.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %v", text, k)
		}
	}
}
