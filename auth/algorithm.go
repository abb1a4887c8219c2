package auth

import (
	"slices"
	"strings"
)

// algorithms are those that we offer and answer, best first (RFC 8760 section 2.1).
var algorithms = []string{"SHA-512-256", "SHA-256", "MD5"}

// Algorithms returns those that a Guard can offer, best first.
func Algorithms() []string { return slices.Clone(algorithms) }

// strength ranks an algorithm: 0 is the best, len(algorithms) one that we don't speak. No name means MD5 (RFC 7616
// section 3.3).
func strength(name string) int {
	if name == "" {
		name = "MD5"
	}
	i := slices.IndexFunc(algorithms, func(a string) bool { return strings.EqualFold(a, name) })
	if i < 0 {
		return len(algorithms)
	}
	return i
}
