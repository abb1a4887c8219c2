package ladder

import (
	"regexp"
	"slices"
	"strings"

	"assent/event"
)

// A number may stand wherever a peer puts one, so that masking goes by four rules: the user part of every URI; names that
// are shown; long runs of digits in headers that are not known to hold none; and, everywhere, the numbers that the first
// two found.
var (
	uriUser    = regexp.MustCompile(`(?i)\b(sips?:)([^@\s<>"]*)(@)`)
	telNumber  = regexp.MustCompile(`(?i)\b(tel:)([^\s<>",]*)()`)
	shownName  = regexp.MustCompile(`"[^"\r\n]*"|[^<>,:;"\r\n]*<`)
	longDigits = regexp.MustCompile(`\+?[0-9](?:[0-9().\-]{5,}[0-9])`)
	someDigits = regexp.MustCompile(`\+?[0-9](?:[0-9 ().\-]{3,}[0-9])`)
	sdpOwner   = regexp.MustCompile(`^(o=)(\S+)(.*)$`)
)

// plain are headers whose digits are no phone number. Of the others, addresses are looked at part by part.
var plain = []string{"via", "v", "call-id", "i", "cseq", "max-forwards", "content-length", "l", "content-type", "c", "allow", "supported", "k",
	"require", "user-agent", "server", "session-expires", "x", "min-se", "expires", "rseq", "rack", "date", "retry-after", "accept", "timestamp"}

// addresses are headers of which the tags and other parameters stay as they are: they tell dialogs apart.
var addresses = []string{"from", "f", "to", "t", "contact", "m", "route", "record-route"}

// WithoutNumbers returns a copy in which phone numbers are masked, and the passwords of URIs with them.
func (t Trace) WithoutNumbers() Trace {
	t.Dialogs, t.Messages = slices.Clone(t.Dialogs), slices.Clone(t.Messages)
	found := map[string]bool{}
	for i := range t.Messages {
		m := &t.Messages[i]
		m.Text = maskMessage(m.Text, found)
	}
	everywhere := replacer(found)
	for i := range t.Messages {
		m := &t.Messages[i]
		m.Text = everywhere.Replace(m.Text)
		m.Line = startLine(m.Text)
	}
	for i := range t.Dialogs {
		t.Dialogs[i].CallID = everywhere.Replace(t.Dialogs[i].CallID)
	}
	return t
}

// minFound is the length from which a number that was found is masked wherever else it stands.
const minFound = 5

// replacer masks each number that was found, the longest first: one may be part of another.
func replacer(found map[string]bool) *strings.Replacer {
	var numbers []string
	for number := range found {
		if digits := strings.TrimPrefix(number, "+"); len(digits) >= minFound {
			numbers = append(numbers, digits)
		}
	}
	slices.SortFunc(numbers, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, n := range slices.Compact(numbers) {
		pairs = append(pairs, n, event.Mask(n))
	}
	return strings.NewReplacer(pairs...)
}

// maskMessage masks line by line, and notes the numbers that it found.
func maskMessage(text string, found map[string]bool) string {
	head, body := cutHead([]byte(text))
	var out strings.Builder
	name, first := "", true
	for line := range strings.Lines(string(head)) {
		folded := line[0] == ' ' || line[0] == '\t'
		if !folded {
			name = strings.ToLower(string(headerName([]byte(line))))
		}
		switch {
		case first:
			out.WriteString(maskURIs(line, found))
		case slices.Contains(plain, name):
			out.WriteString(line)
		case name == "identity" && !folded: // a PASSporT (RFC 8224) is the numbers again, in base64
			out.WriteString("Identity: " + hidden + "\r\n")
		case name == "identity":
		case slices.Contains(addresses, name):
			out.WriteString(maskNames(maskURIs(line, found), found))
		default:
			out.WriteString(longDigits.ReplaceAllStringFunc(maskNames(maskURIs(line, found), found), noted(found)))
		}
		first = first && strings.TrimSpace(line) == ""
	}
	for line := range strings.Lines(string(body)) {
		out.WriteString(maskBodyLine(line, found))
	}
	return out.String()
}

// noted masks a number and notes it.
func noted(found map[string]bool) func(string) string {
	return func(number string) string {
		found[number] = true
		return event.Mask(number)
	}
}

// maskURIs masks the user parts of URIs. A password (RFC 3261 section 19.1.1) goes whole.
func maskURIs(line string, found map[string]bool) string {
	for _, uri := range []*regexp.Regexp{uriUser, telNumber} {
		line = uri.ReplaceAllStringFunc(line, func(m string) string {
			part := uri.FindStringSubmatch(m)
			user, _, secret := strings.Cut(part[2], ":")
			user, params, _ := strings.Cut(user, ";") // of a number (RFC 4694: rn, npdi; RFC 3966: phone-context)
			if strings.ContainsAny(user, "0123456789") {
				user = noted(found)(user)
			}
			if params != "" {
				user += ";" + someDigits.ReplaceAllStringFunc(params, noted(found))
			}
			if secret {
				user += ":" + hidden
			}
			return part[1] + user + part[3]
		})
	}
	return line
}

// maskNames masks what looks like a number in the names before addresses.
func maskNames(line string, found map[string]bool) string {
	colon := strings.IndexByte(line, ':')
	return line[:colon+1] + shownName.ReplaceAllStringFunc(line[colon+1:], func(name string) string {
		return someDigits.ReplaceAllStringFunc(name, noted(found))
	})
}

// maskBodyLine masks the lines of SDP that are for people, and a number as the session's owner.
func maskBodyLine(line string, found map[string]bool) string {
	switch {
	case strings.HasPrefix(line, "o="):
		return sdpOwner.ReplaceAllStringFunc(strings.TrimRight(line, "\r\n"), func(m string) string {
			part := sdpOwner.FindStringSubmatch(m)
			return part[1] + someDigits.ReplaceAllStringFunc(part[2], noted(found)) + part[3]
		}) + line[len(strings.TrimRight(line, "\r\n")):]
	case strings.HasPrefix(line, "s="), strings.HasPrefix(line, "i="), strings.HasPrefix(line, "p="), strings.HasPrefix(line, "e="), strings.HasPrefix(line, "u="):
		return someDigits.ReplaceAllStringFunc(line, noted(found))
	}
	return maskURIs(line, found)
}
