// Package balance puts choices in the order in which they are to be tried: by
// priority, and within one priority at random by weight, as RFC 2782 does it for
// SRV records. Gateways and routes of the configuration mean the same by the words.
//
// It is pure: who calls it brings the chance.
package balance

import "slices"

// Rank is how a choice stands among others. A lower Priority goes first; among
// equals one goes first as often as its share of the Weight.
type Rank struct{ Priority, Weight int }

// Order returns the items in the order in which they are to be tried. pick returns
// a number from 0 to n-1; [math/rand/v2.IntN] is one. A weight below 0 counts as 0:
// such an item has hardly a chance before the others of its priority are tried. The
// items are copied; their order counts for nothing else.
func Order[T any](items []T, rank func(T) Rank, pick func(n int) int) []T {
	left := slices.Clone(items)
	slices.SortStableFunc(left, func(a, b T) int { return rank(a).Priority - rank(b).Priority })
	out := make([]T, 0, len(left))
	for len(left) > 0 {
		equals := 1
		for equals < len(left) && rank(left[equals]).Priority == rank(left[0]).Priority {
			equals++
		}
		i := draw(left[:equals], rank, pick)
		out = append(out, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return out
}

// draw picks one of several of the same priority (RFC 2782, "Weight"): those
// without a weight stand first in the running sum, so that only a 0 draws them.
func draw[T any](equals []T, rank func(T) Rank, pick func(n int) int) int {
	sum := 0
	for _, item := range equals {
		sum += max(0, rank(item).Weight)
	}
	drawn := pick(sum + 1)
	running, heavy := 0, -1
	for i, item := range equals {
		if weight := max(0, rank(item).Weight); weight == 0 {
			if drawn == 0 {
				return i
			}
			continue
		} else if running += weight; running >= drawn {
			return i
		}
		heavy = i
	}
	return max(heavy, 0)
}
