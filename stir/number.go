package stir

import "strings"

// TN returns a telephone number as tokens carry it (RFC 8224 section 8.3, RFC
// 8225 section 5.2.1): digits, "*" and "#", without plus sign and separators;
// false for what is no number.
func TN(number string) (string, bool) {
	number = strings.TrimPrefix(strings.TrimSpace(number), "+")
	var b strings.Builder
	for i := 0; i < len(number); i++ {
		switch c := number[i]; {
		case c >= '0' && c <= '9', c == '*', c == '#':
			b.WriteByte(c)
		case strings.IndexByte("-.() ", c) >= 0:
		default:
			return "", false
		}
	}
	if b.Len() == 0 || b.Len() > maxNumber {
		return "", false
	}
	return b.String(), true
}
