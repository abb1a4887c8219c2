package numbering

import "strings"

// exact is longer than any beginning that matches.
const exact = 1 << 10

// Match returns how well a pattern describes a number: -1 where it does not, else the better the higher. A pattern is a
// number, the beginning of one and "*", or "*" for all; a longer beginning is better, the number itself the best.
func Match(pattern, number string) int {
	beginning, open := strings.CutSuffix(pattern, "*")
	switch {
	case open && strings.HasPrefix(number, beginning):
		return len(beginning)
	case !open && pattern == number:
		return exact
	}
	return -1
}

// Matches reports whether any of the patterns describes a number.
func Matches(patterns []string, number string) bool {
	for _, p := range patterns {
		if Match(p, number) >= 0 {
			return true
		}
	}
	return false
}
