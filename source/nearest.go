package source

import (
	"slices"
	"strings"
)

// maxNearest bounds the characters of a name that is compared with others.
const maxNearest = 64

// Nearest returns the candidate that name was most likely meant to be, or "" if
// none is close: a few letters differ, are missing, or stand in another order, or
// one begins with the other.
func Nearest(name string, candidates []string) string {
	a := fold(name)
	near := max(1, len(a)/3)
	best, bestDistance := "", near+1
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		b := fold(c)
		d := bestDistance
		if apart := len(a) - len(b); max(apart, -apart) < d { // or the distance is larger anyway
			d = distance(a, b)
		}
		if begins(a, b) || begins(b, a) {
			d = min(d, near)
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// begins reports whether a begins with b, and b is long enough to say something.
func begins(a, b []rune) bool {
	return len(b) > 2 && len(a) >= len(b) && slices.Equal(a[:len(b)], b)
}

// Suggest returns what to say about a name that is not known: the nearest
// candidate, or else all of them. noun is the plural of what they are.
func Suggest(name, noun string, candidates []string) string {
	if near := Nearest(name, candidates); near != "" {
		return "did you mean " + near + "?"
	}
	if len(candidates) == 0 {
		return "there are no " + noun
	}
	sorted := slices.Sorted(slices.Values(candidates))
	if more := len(sorted) - 24; more > 0 {
		return "the " + noun + " are " + strings.Join(sorted[:24], ", ") + " …"
	}
	return "the " + noun + " are " + strings.Join(sorted, ", ")
}

// fold makes the spellings of a name alike that people mix up most.
func fold(s string) []rune {
	r := []rune(strings.ToLower(strings.ReplaceAll(s, "-", "_")))
	return r[:min(len(r), maxNearest)]
}

// distance counts the insertions, deletions, changes and swaps of neighbours
// that turn a into b (optimal string alignment).
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
