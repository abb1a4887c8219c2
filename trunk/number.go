package trunk

import "strings"

// separators are the characters in a number that only please the eye: the visual
// separators of RFC 3966 section 5.1.1, and blanks.
const separators = "-.() "

// Number returns the called number that the user part of a Request-URI means:
// without parameters, escapes (RFC 3261 section 19.1.4) and visual separators. It
// allocates only if there is something to remove after the first character that
// stays.
func Number(user string) string {
	if i := strings.IndexByte(user, ';'); i >= 0 {
		user = user[:i]
	}
	if !strings.ContainsAny(user, separators+"%") {
		return user
	}
	return clean(user)
}

// clean removes separators from s and resolves its escapes.
func clean(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			high, low := unhex(s[i+1]), unhex(s[i+2])
			if high >= 0 && low >= 0 {
				c = byte(high<<4 | low)
				i += 2
			}
		}
		if strings.IndexByte(separators, c) < 0 {
			out = append(out, c)
		}
	}
	return string(out)
}

// unhex returns the value of a hexadecimal digit, or -1.
func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// pattern is one entry of a trunk's numbers.
type pattern struct {
	text   string // without the star
	prefix bool   // it ended with a star
}

// parsePattern reads an entry of a trunk's numbers.
func parsePattern(s string) pattern {
	number, prefix := strings.CutSuffix(strings.TrimSpace(s), "*")
	return pattern{text: Number(number), prefix: prefix}
}

// matches reports whether the pattern covers a called number.
func (p pattern) matches(called string) bool {
	if p.prefix {
		return strings.HasPrefix(called, p.text)
	}
	return called == p.text
}

// compare orders patterns that match the same number: negative if p is the better
// match. An exact one goes before a prefix, a longer prefix before a shorter one.
func (p pattern) compare(q pattern) int {
	switch {
	case p.prefix != q.prefix && !p.prefix:
		return -1
	case p.prefix != q.prefix:
		return 1
	}
	return len(q.text) - len(p.text)
}

// String returns the pattern as the configuration has it.
func (p pattern) String() string {
	if p.prefix {
		return p.text + "*"
	}
	return p.text
}
