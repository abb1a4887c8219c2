package sip

import "strings"

// Contact is where a 3xx sends us.
type Contact struct {
	URI  string // without headers and parameters of the header
	User string // unescaped
	Host string // "" of a tel URI
}

// maxElsewhere bounds those of one redirection.
const maxElsewhere = 5

// contacts are where a 3xx sends us, the most wanted first as it lists them (section 8.1.3.4).
func contacts(m *message) []Contact {
	if m.status < 300 || m.status > 399 {
		return nil
	}
	var out []Contact
	for _, v := range m.list("contact") {
		a, ok := parseAddress(v)
		if !ok || len(out) >= maxElsewhere || strings.EqualFold(a.uri.Scheme, "mailto") {
			continue
		}
		a.uri.Headers = nil
		p := a.party()
		out = append(out, Contact{p.URI, p.User, p.Host})
	}
	return out
}
