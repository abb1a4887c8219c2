package store

import "strings"

// separators are what people write between digits (RFC 3966 section 5.1.1).
const separators = "-.() "

// anonymousNumber is what some networks send for a withheld number: ANONYMOUS on a telephone's keys.
const anonymousNumber = "266696687"

// normalise returns the number by which a caller is known: digits, with a leading + if it came with one. Anything else,
// such as a SIP user name or a withheld number, is an ErrAnonymous.
func normalise(caller string) (string, error) {
	var b strings.Builder
	for i, c := range caller {
		switch {
		case c >= '0' && c <= '9', c == '+' && i == 0:
			b.WriteRune(c)
		case strings.ContainsRune(separators, c):
		default:
			return "", ErrAnonymous
		}
	}
	number := b.String()
	digits := strings.TrimPrefix(number, "+")
	if strings.Trim(digits, "0") == "" || digits == anonymousNumber {
		return "", ErrAnonymous
	}
	return number, nil
}
