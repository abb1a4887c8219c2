package load

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// message is a SIP message, as text.
type message struct {
	text  string // up to the blank line, without the start line
	start string
	body  string
	at    time.Time // when it was read
}

func parse(datagram []byte, at time.Time) message {
	head, body, _ := strings.Cut(string(datagram), "\r\n\r\n")
	start, text, _ := strings.Cut(head, "\r\n")
	return message{text: text + "\r\n", start: start, body: body, at: at}
}

// get returns the first value of a header, given in the long form.
func (m message) get(name string) string {
	for line := range strings.SplitSeq(m.text, "\r\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// status is a response's code, 0 for a request.
func (m message) status() int {
	if len(m.start) < 11 || !strings.HasPrefix(m.start, "SIP/2.0 ") {
		return 0
	}
	code, _ := strconv.Atoi(m.start[8:11]) // 0 if it is none
	return code
}

func (m message) method() string {
	method, _, _ := strings.Cut(m.start, " ")
	return method
}

// reply renders a response (RFC 3261 section 8.2.6).
func (m message) reply(status, tag, contact, body string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %s\r\n", status)
	for line := range strings.SplitSeq(m.text, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "via", "from", "call-id", "cseq":
			b.WriteString(line + "\r\n")
		case "to":
			b.WriteString(line)
			if !strings.Contains(line, ";tag=") {
				b.WriteString(";tag=" + tag)
			}
			b.WriteString("\r\n")
		}
	}
	return b.String() + rest(contact, body)
}

// rest are the last headers and the body.
func rest(contact, body string) string {
	text := "Contact: <" + contact + ">\r\n"
	if body != "" {
		text += "Content-Type: application/sdp\r\n"
	}
	return text + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// uriOf takes the URI out of a From, To or Contact value.
func uriOf(value string) string {
	if _, after, ok := strings.Cut(value, "<"); ok {
		value = after
	}
	uri, _, _ := strings.Cut(value, ">")
	return uri
}

// userOf is the user part of such a value's URI.
func userOf(value string) string {
	user, _, _ := strings.Cut(strings.TrimPrefix(uriOf(value), "sip:"), "@")
	return user
}

// session describes PCMU and telephone-events at addr.
func session(addr netip.AddrPort) string {
	return fmt.Sprintf("v=0\r\no=load 1 1 IN IP4 %[1]s\r\ns=-\r\nc=IN IP4 %[1]s\r\nt=0 0\r\nm=audio %[2]d RTP/AVP 0 %[3]d\r\n"+
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:%[3]d telephone-event/8000\r\na=fmtp:%[3]d 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
		addr.Addr(), addr.Port(), ptEvent)
}

// audioOf reads where the other side wants its audio.
func audioOf(body string) (netip.AddrPort, error) {
	var host, port string
	for line := range strings.SplitSeq(body, "\r\n") {
		if after, ok := strings.CutPrefix(line, "c=IN IP4 "); ok {
			host = after
		}
		if after, ok := strings.CutPrefix(line, "m=audio "); ok {
			port, _, _ = strings.Cut(after, " ")
		}
	}
	addr, err := netip.ParseAddrPort(host + ":" + port)
	if err != nil || addr.Port() == 0 {
		return addr, fmt.Errorf("no audio address in %q", body)
	}
	return addr, nil
}
