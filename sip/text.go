package sip

import "strings"

// splitOutside splits s at sep where it stands outside quotes and angle brackets.
func splitOutside(s string, sep byte) []string {
	if strings.IndexByte(s, sep) < 0 {
		return []string{s}
	}
	var out []string
	start, quoted, angle := 0, false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && !angle:
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == sep && !angle:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// splitList splits a comma-separated header value, trims its elements and leaves out empty ones.
func splitList(s string) []string {
	parts := splitOutside(s, ',')
	out := parts[:0]
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// squeeze removes the white space that RFC 3261 section 25.1 allows round separators and that sipgo's header parsers
// don't expect, and makes single blanks of the rest. What is quoted or in angle brackets stays.
func squeeze(s string) string {
	if !loose(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	quoted, angle, blank := false, false, false
	last := byte(';')
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !quoted && !angle && (c == ' ' || c == '\t') {
			blank = true
			continue
		}
		if blank && !separator(last) && !separator(c) {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteByte(c)
		last = c
		switch {
		case quoted && c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case c == '"' && !angle:
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		}
	}
	return b.String()
}

// loose reports whether s holds white space beside a separator or another blank.
func loose(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == '\t' {
			return true
		}
		if s[i] != ' ' {
			continue
		}
		if i == 0 || i+1 == len(s) || s[i+1] == ' ' || separator(s[i-1]) || separator(s[i+1]) {
			return true
		}
	}
	return false
}

func separator(c byte) bool { return c == ';' || c == '=' || c == ',' || c == '/' }

// quote makes a quoted-string (RFC 3261, section 25.1) of s without control characters.
func quote(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			continue
		}
		if r == '"' || r == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}

// unquote undoes the backslashes of a quoted-string's inside.
func unquote(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// clean removes what could end a header line.
func clean(s string) string {
	if strings.IndexFunc(s, control) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if control(r) {
			return -1
		}
		return r
	}, s)
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

func blank(r rune) bool { return r == ' ' || control(r) }

const userSafe = "-_.!~*'()&=+$,/" // unreserved and user-unreserved, without ";" and "?" (section 25.1)

// escapeUser renders s as the user part of a SIP URI.
func escapeUser(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if alnum(c) || strings.IndexByte(userSafe, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// unescapeUser undoes percent escapes; a broken one stays as it is, a control character is left out.
func unescapeUser(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, ok1 := unhex(s[i+1])
			lo, ok2 := unhex(s[i+2])
			if ok1 && ok2 {
				b.WriteByte(hi<<4 | lo)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return clean(b.String())
}

func unhex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// token reports whether s is a token of RFC 3261, section 25.1.
func token(s string) bool {
	for i := 0; i < len(s); i++ {
		if !alnum(s[i]) && strings.IndexByte("-.!%*_+`'~", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}
