package sip

import (
	"bytes"
	"strconv"
	"strings"
)

// header is one header line: the long name in lower case, the value unfolded and trimmed.
type header struct{ name, value string }

// fault is why a message is refused. A request with enough headers is answered with status, statelessly.
type fault struct {
	status int
	text   string // for the log and the reason phrase; never the peer's bytes
}

func (f *fault) Error() string { return strconv.Itoa(f.status) + " " + f.text }

func (f *fault) reply() reply {
	if f.status == 501 {
		return reply{status: 501, headers: []header{{"Allow", allowMethods}}}
	}
	return reply{status: f.status}
}

// compactNames are the one-letter header names (RFC 3261 section 7.3.3 and extensions).
var compactNames = map[string]string{
	"i": "call-id", "m": "contact", "e": "content-encoding", "l": "content-length", "c": "content-type",
	"f": "from", "s": "subject", "k": "supported", "t": "to", "v": "via", "o": "event", "r": "refer-to",
	"u": "allow-events", "x": "session-expires", "b": "referred-by", "a": "accept-contact",
	"y": "identity",
}

// single are the headers that may stand only once; a second one is how requests are smuggled past a filter.
var single = map[string]bool{
	"from": true, "to": true, "call-id": true, "cseq": true, "max-forwards": true, "content-length": true,
	"content-type": true, "session-expires": true, "min-se": true, "rseq": true, "rack": true, "replaces": true,
}

// scan reads start line, headers and body of one message. It copies what it keeps. With a fault, the message holds
// what could be read up to it, for the answer. A nil message is not SIP at all.
func scan(raw []byte) (*message, *fault) {
	raw = bytes.TrimLeft(raw, "\r\n")
	head, body, whole := cutHead(raw)
	if len(head) == 0 || len(raw) > maxMessage {
		return nil, &fault{400, "Not A Message"}
	}
	lines := strings.Split(string(head), "\n")
	m := &message{headers: make([]header, 0, len(lines))}
	flt := m.startLine(strings.TrimSuffix(lines[0], "\r"))
	if flt != nil && m.method == "" {
		return nil, flt
	}
	flt = first(flt, m.scanHeaders(lines[1:]))
	if !whole {
		flt = first(flt, &fault{400, "Missing Empty Line"})
	}
	return m, first(flt, m.cutBody(body))
}

// first returns the earlier fault.
func first(a, b *fault) *fault {
	if a != nil {
		return a
	}
	return b
}

// cutHead splits at the first empty line; line ends may be CRLF or LF. whole is false where no empty line is.
func cutHead(raw []byte) (head, body []byte, whole bool) {
	for i := 0; i < len(raw); i++ {
		j := bytes.IndexByte(raw[i:], '\n')
		if j < 0 {
			break
		}
		i += j
		rest := raw[i+1:]
		if len(rest) > 0 && rest[0] == '\n' {
			return raw[:i], rest[1:], true
		}
		if len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n' {
			return raw[:i], rest[2:], true
		}
	}
	return bytes.TrimRight(raw, "\r\n"), nil, false
}

// startLine reads "METHOD URI SIP/2.0" or "SIP/2.0 STATUS REASON" (RFC 3261 sections 7.1 and 7.2).
func (m *message) startLine(s string) *fault {
	a, rest, ok := strings.Cut(s, " ")
	if !ok {
		return &fault{400, "Bad Start Line"}
	}
	if len(a) >= 4 && strings.EqualFold(a[:4], "SIP/") {
		return m.statusLine(a, rest)
	}
	if !token(a) {
		return &fault{400, "Bad Method"}
	}
	m.method = a
	end := strings.LastIndexByte(rest, ' ')
	if end < 0 || len(rest)-end < 5 || !strings.EqualFold(rest[end+1:end+5], "SIP/") {
		return &fault{400, "Bad Request Line"}
	}
	m.uriText = rest[:end]
	if !strings.EqualFold(rest[end+1:], "SIP/2.0") {
		return &fault{505, statusText(505)}
	}
	if m.uriText == "" || strings.ContainsAny(m.uriText, " \t<>\r") {
		return &fault{400, "Bad Request-URI"}
	}
	return nil
}

func (m *message) statusLine(version, rest string) *fault {
	code, _, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(code)
	if err != nil || len(code) != 3 || n < 100 || n > 699 || !strings.EqualFold(version, "SIP/2.0") {
		return &fault{400, "Bad Status Line"}
	}
	m.status = n
	m.method = "" // a response has no method of its own; cseqMethod names it
	return nil
}

func (m *message) scanHeaders(lines []string) *fault {
	var flt *fault
	seen := make([]string, 0, len(single))
	for i := 0; i < len(lines); i++ {
		line, more := unfold(lines[i:])
		i += more
		name, value, ok := strings.Cut(line, ":")
		name = longName(strings.TrimRight(name, " \t"))
		if len(m.headers) >= maxHeaders || len(line) > maxHeaderLine {
			flt = first(flt, &fault{400, "Too Many Or Too Long Headers"})
			if !single[name] || len(line) > maxHeaderLine {
				continue // what an answer repeats is still read
			}
		}
		if !ok || !token(name) {
			flt = first(flt, &fault{400, "Bad Header Line"})
			continue
		}
		if breaksLines(value) {
			flt = first(flt, &fault{400, "Control Character In Header"})
			continue
		}
		if single[name] {
			for _, s := range seen {
				if s == name {
					flt = first(flt, &fault{400, "Header Given Twice"})
				}
			}
			seen = append(seen, name)
		}
		m.headers = append(m.headers, header{name, strings.Trim(value, " \t")})
	}
	return flt
}

// unfold returns the header that begins with the first of some lines, and how many more of them it stands in (RFC 3261
// section 7.3.1). Beyond maxHeaderLine, which is refused, it only counts. Each line is copied once, however many there are.
func unfold(lines []string) (line string, more int) {
	line = strings.TrimSuffix(lines[0], "\r")
	if !continues(lines, 1) {
		return line, 0
	}
	var b strings.Builder
	b.WriteString(line)
	for more = 0; continues(lines, more+1); more++ {
		if b.Len() <= maxHeaderLine {
			b.WriteByte(' ')
			b.WriteString(strings.Trim(lines[more+1], " \t\r"))
		}
	}
	return b.String(), more
}

// continues reports whether there is a line i that goes on with the one before it.
func continues(lines []string, i int) bool {
	return i < len(lines) && len(lines[i]) > 0 && (lines[i][0] == ' ' || lines[i][0] == '\t')
}

// breaksLines reports whether a value holds what readers of lines or of C strings take for an end. NUL may stand
// escaped in a quoted string (section 25.1).
func breaksLines(v string) bool {
	for i := 0; i < len(v); i++ {
		if v[i] == '\r' || v[i] == 0 && (i == 0 || v[i-1] != '\\') {
			return true
		}
	}
	return false
}

// longName is the canonical name of a header: lower case, compact forms expanded.
func longName(s string) string {
	s = strings.ToLower(s)
	if len(s) == 1 {
		if long, ok := compactNames[s]; ok {
			return long
		}
	}
	return s
}

// cutBody keeps as much of rest as Content-Length says (section 18.3); without one, all of it.
func (m *message) cutBody(rest []byte) *fault {
	n := len(rest)
	if v, ok := m.value("content-length"); ok {
		length, err := strconv.ParseUint(v, 10, 31)
		if err != nil || int(length) > n {
			return &fault{400, "Bad Content-Length"}
		}
		n = int(length)
	}
	if n > 0 {
		m.body = bytes.Clone(rest[:n])
	}
	return nil
}
