package recorder

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestPaintedSpansAgreeWithAModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var set spanSet
		var model [200]kind
		for range 60 {
			from := rng.Int64N(200)
			to := min(200, from+rng.Int64N(40))
			k := kindAudio + kind(rng.IntN(4))
			fill := rng.IntN(3) == 0
			if fill {
				set.fill(from, to, k)
			} else if !set.paint(from, to, k) {
				t.Fatal("full with 200 positions")
			}
			for i := from; i < to; i++ {
				if !fill || model[i] == 0 {
					model[i] = k
				}
			}
			checkSpans(t, &set, model[:])
		}
		set.trim(77)
		clear(model[:77])
		checkSpans(t, &set, model[:])
	}
}

func checkSpans(t *testing.T, set *spanSet, model []kind) {
	t.Helper()
	got := make([]kind, len(model))
	var last span
	for _, s := range set.spans() {
		if s.from >= s.to || s.from < last.to || s.from == last.to && s.kind == last.kind && last.to > 0 {
			t.Fatalf("spans %v", set.spans())
		}
		for i := s.from; i < s.to; i++ {
			got[i] = s.kind
		}
		last = s
	}
	for i := range model {
		if got[i] != model[i] {
			t.Fatalf("position %d is %v, want %v: %v", i, got[i], model[i], set.spans())
		}
	}
}

func TestAFullSetRefusesAndStaysAsItWas(t *testing.T) {
	var set spanSet
	for i := range int64(maxSpans) {
		if !set.paint(i*10, i*10+5, kindAudio) {
			t.Fatal(i)
		}
	}
	before := slices.Clone(set.spans())
	if set.paint(7, 8, kindAudio) || !slices.Equal(set.spans(), before) {
		t.Error("changed")
	}
	if !set.paint(0, 1000, kindAudio) || set.n != 1 {
		t.Error("a span that covers all must fit")
	}
}
