package phone

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// message is a SIP message as a phone needs it: the start line, the headers in
// order, the body.
type message struct {
	start   string
	headers [][2]string
	body    string
}

// parse reads a datagram; ok is false where it is no SIP message.
func parse(datagram []byte) (m message, ok bool) {
	head, body, _ := bytes.Cut(datagram, []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	m.start, m.body = lines[0], string(body)
	for _, line := range lines[1:] {
		name, value, found := strings.Cut(line, ":")
		if !found {
			return m, false
		}
		m.headers = append(m.headers, [2]string{canonical(strings.TrimSpace(name)), strings.TrimSpace(value)})
	}
	return m, strings.Contains(m.start, "SIP/2.0")
}

// canonical maps compact header names to their long form (RFC 3261 section 20).
func canonical(name string) string {
	long := map[string]string{"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type"}
	name = strings.ToLower(name)
	if l, ok := long[name]; ok {
		return l
	}
	return name
}

// get returns the first value of a header, "" if there is none.
func (m message) get(name string) string {
	for _, h := range m.headers {
		if h[0] == name {
			return h[1]
		}
	}
	return ""
}

func (m message) all(name string) (values []string) {
	for _, h := range m.headers {
		if h[0] == name {
			values = append(values, h[1])
		}
	}
	return values
}

// status is a response's code, 0 for a request.
func (m message) status() int {
	if rest, ok := strings.CutPrefix(m.start, "SIP/2.0 "); ok {
		code, _ := strconv.Atoi(strings.Fields(rest)[0])
		return code
	}
	return 0
}

// method is a request's method, "" for a response.
func (m message) method() string {
	if m.status() != 0 {
		return ""
	}
	method, _, _ := strings.Cut(m.start, " ")
	return method
}

// cseq splits CSeq into its number and method.
func (m message) cseq() (int, string) {
	number, method, _ := strings.Cut(m.get("cseq"), " ")
	n, _ := strconv.Atoi(number)
	return n, method
}

// render writes a message with its body and Content-Length.
func render(start string, headers []string, body string) []byte {
	var b strings.Builder
	b.WriteString(start + "\r\n")
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return []byte(b.String())
}

// reply renders a response to m: Via, From, To, Call-ID and CSeq as they came
// (RFC 3261 section 8.2.6), with our tag where To had none.
func (m message) reply(status int, reason, tag string, more []string, body string) []byte {
	var headers []string
	for _, via := range m.all("via") {
		headers = append(headers, "Via: "+via)
	}
	to := m.get("to")
	if !strings.Contains(to, ";tag=") && tag != "" && status > 100 {
		to += ";tag=" + tag
	}
	headers = append(headers, "From: "+m.get("from"), "To: "+to, "Call-ID: "+m.get("call-id"), "CSeq: "+m.get("cseq"))
	return render(fmt.Sprintf("SIP/2.0 %d %s", status, reason), append(headers, more...), body)
}

// uriOf takes the URI out of a From, To or Contact value.
func uriOf(value string) string {
	if _, rest, ok := strings.Cut(value, "<"); ok {
		uri, _, _ := strings.Cut(rest, ">")
		return uri
	}
	uri, _, _ := strings.Cut(value, ";")
	return uri
}
