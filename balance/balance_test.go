package balance

import (
	"math/rand/v2"
	"slices"
	"testing"
)

type choice struct {
	name string
	Rank
}

func (c choice) rank() Rank { return c.Rank }

func names(list []choice) (out []string) {
	for _, c := range list {
		out = append(out, c.name)
	}
	return out
}

func TestLowerPrioritiesAreTriedFirst(t *testing.T) {
	list := []choice{{"c", Rank{30, 100}}, {"a", Rank{1, 0}}, {"b", Rank{2, 5}}}
	for range 50 {
		if got := names(Order(list, choice.rank, rand.IntN)); !slices.Equal(got, []string{"a", "b", "c"}) {
			t.Fatal(got)
		}
	}
	if !slices.Equal(names(list), []string{"c", "a", "b"}) {
		t.Error("the list that was given has changed")
	}
	if got := Order(nil, choice.rank, rand.IntN); len(got) != 0 {
		t.Error(got)
	}
}

func TestWeightsShareTheFirstPlace(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	list := []choice{{"heavy", Rank{1, 75}}, {"light", Rank{1, 25}}, {"last", Rank{1, 0}}}
	first := map[string]int{}
	const rounds = 20000
	for range rounds {
		got := names(Order(list, choice.rank, random.IntN))
		first[got[0]]++
		if sorted := slices.Sorted(slices.Values(got)); !slices.Equal(sorted, []string{"heavy", "last", "light"}) {
			t.Fatalf("%v is not every choice once", got)
		}
	}
	for name, share := range map[string]float64{"heavy": 0.75, "light": 0.25, "last": 0.01} {
		if got := float64(first[name]) / rounds; got < share-0.02 || got > share+0.02 {
			t.Errorf("%s is first in %.3f of the rounds, want about %.2f", name, got, share)
		}
	}
}

func TestChoicesWithoutWeightAreAllTried(t *testing.T) {
	list := []choice{{"a", Rank{1, 0}}, {"b", Rank{1, 0}}, {"c", Rank{1, -7}}}
	if got := names(Order(list, choice.rank, rand.IntN)); len(got) != 3 {
		t.Error(got)
	}
}
