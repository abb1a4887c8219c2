// Package numbering brings telephone numbers from the form in which a peer writes
// them to the one in which the product keeps them, and back: by rules, one list for
// each direction of each trunk.
//
// What a number means depends on who writes it: 049 may be an area or a country. So
// nothing is guessed, and without rules a number stays as it came. The rules of a
// trunk also decide who is the same caller, for the consent that is stored.
//
// It is pure. E.164 is the numbering plan, RFC 3966 its form in SIP.
package numbering

import (
	"fmt"
	"strings"
)

// Rule puts one beginning of a number in place of another: "00=+", "0=+49", "+49=0".
type Rule struct{ From, To string }

// UnmarshalText reads FROM=TO; TO may be empty.
func (r *Rule) UnmarshalText(text []byte) error {
	from, to, ok := strings.Cut(string(text), "=")
	if !ok || !beginning(from) || to != "" && !beginning(to) {
		return fmt.Errorf("%q is no rule; write the beginning of a number, =, and what stands in its place: 00=+", text)
	}
	*r = Rule{from, to}
	return nil
}

// MarshalText writes the rule as it is read.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.From + "=" + r.To), nil }

// beginning reports whether s can begin a number: a plus, then digits, * and #, and not too many.
func beginning(s string) bool {
	return s != "" && len(s) <= maxDigits && strings.Trim(strings.TrimPrefix(s, "+"), "0123456789*#") == ""
}

// maxDigits is more than any number has (E.164: 15).
const maxDigits = 32

// Rules are what is done to a number: of the rules whose beginning it has, the longest, once.
type Rules []Rule

// Apply returns the number as the rules have it. What is no number, such as a name, stays as it is.
func (rules Rules) Apply(number string) string {
	if strings.Trim(strings.TrimPrefix(number, "+"), "0123456789*#") != "" {
		return number
	}
	best := -1
	for i, r := range rules {
		if strings.HasPrefix(number, r.From) && (best < 0 || len(r.From) > len(rules[best].From)) {
			best = i
		}
	}
	if best < 0 {
		return number
	}
	return rules[best].To + number[len(rules[best].From):]
}

// Config is the key `numbering` of a trunk.
type Config struct {
	// In is done to numbers that come from the trunk.
	In Rules `yaml:"in"`
	// Out is done to numbers that go to it.
	Out Rules `yaml:"out"`
}
