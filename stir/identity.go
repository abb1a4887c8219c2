package stir

import (
	"strings"
)

// identity is an Identity header (RFC 8224 section 4) as it is written.
type identity struct {
	token  string            // the PASSporT
	params map[string]string // by lower-case name, without quotes and angle brackets
}

// parseIdentity splits the header into the token and its parameters.
func parseIdentity(value string) (identity, *failure) {
	id := identity{params: map[string]string{}}
	if len(value) > maxIdentity {
		return id, fail(Malformed, "the header has %d bytes", len(value))
	}
	token, rest, _ := strings.Cut(value, ";")
	id.token = strings.TrimSpace(token)
	for rest = strings.TrimSpace(rest); rest != ""; {
		name, after, ok := strings.Cut(rest, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if !ok || name == "" || strings.ContainsAny(name, ";<>\" \t") || len(id.params) == maxParams {
			return id, fail(Malformed, "a parameter can't be read")
		}
		var text string
		if text, rest, ok = cutParam(strings.TrimLeft(after, " \t")); !ok {
			return id, fail(Malformed, "the value of a parameter can't be read")
		}
		if _, twice := id.params[name]; twice {
			return id, fail(Malformed, "a parameter stands there twice")
		}
		id.params[name] = text
	}
	return id, nil
}

// cutParam takes one parameter's value, <…>, "…" or bare, and the separator behind it.
func cutParam(s string) (text, rest string, ok bool) {
	switch {
	case strings.HasPrefix(s, "<"):
		text, rest, ok = strings.Cut(s[1:], ">")
	case strings.HasPrefix(s, `"`):
		text, rest, ok = strings.Cut(s[1:], `"`)
		ok = ok && !strings.Contains(text, `\`) // nothing that stands here needs an escape
	default:
		text, rest, _ = strings.Cut(s, ";")
		return strings.TrimSpace(text), strings.TrimSpace(rest), strings.TrimSpace(text) != ""
	}
	rest = strings.TrimLeft(rest, " \t")
	if rest == "" {
		return text, "", ok
	}
	rest, separated := strings.CutPrefix(rest, ";")
	return text, strings.TrimSpace(rest), ok && separated
}
