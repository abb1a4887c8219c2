package ladder

import (
	"bytes"
	"fmt"
	"strings"
)

// hidden stands in place of what is masked.
const hidden = "[masked]"

// secretHeaders are those whose values are credentials, or made of them.
var secretHeaders = []string{"authorization", "proxy-authorization", "authentication-info", "proxy-authentication-info"}

// shownBodies are the content types whose bodies are kept. Others carry digits (application/dtmf-relay), or what people
// write to each other.
var shownBodies = []string{"application/sdp", "message/sipfrag", "multipart/"}

// secretLines begin the lines of SDP that hold keys (RFC 4568, RFC 4567, RFC 4566 section 5.12), each with the word behind
// which they stand.
var secretLines = []struct{ start, behind string }{{"a=crypto:", "inline:"}, {"a=key-mgmt:", ":"}, {"k=", "="}}

// conceal copies a message without credentials, keys and digits. Of most messages that is the copy alone.
func conceal(raw []byte) string {
	v := look(raw)
	if !v.secret && !v.keys && v.shown {
		return string(raw)
	}
	var out strings.Builder
	out.Grow(len(raw))
	concealHead(&out, raw[:v.body])
	body := raw[v.body:]
	if !v.shown {
		fmt.Fprintf(&out, "[masked: %d bytes]", len(body))
		return out.String()
	}
	for line := range bytes.Lines(body) {
		out.WriteString(concealLine(line))
	}
	return out.String()
}

// verdict is what a look through a message found.
type verdict struct {
	body   int  // where it begins
	secret bool // the head holds one
	shown  bool // the body may be shown: one without a type is SDP
	keys   bool // the body holds keys
}

// look goes through a message once, and allocates nothing.
func look(raw []byte) verdict {
	v := verdict{body: len(raw), shown: !bytes.HasPrefix(bytes.TrimLeft(raw, "\r\n"), []byte("INFO "))}
	head, begun := true, false
	for at := 0; at < len(raw); {
		end := len(raw)
		if i := bytes.IndexByte(raw[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		line := raw[at:end]
		at = end
		switch {
		case !head:
			_, key := keyLine(line)
			v.keys = v.keys || key
		case line[0] == '\n' || line[0] == '\r' && len(line) == 2:
			if begun { // empty lines before a message are keep-alives
				head, v.body = false, at
			}
		default:
			begun = true
			v.secret = v.secret || secretHeader(line)
			if named(line, "content-type") || named(line, "c") {
				v.shown = v.shown && shownBody(line)
			}
		}
	}
	v.shown = v.shown || v.body == len(raw)
	return v
}

// cutHead splits behind the empty line.
func cutHead(raw []byte) (head, body []byte) {
	at := look(raw).body
	return raw[:at], raw[at:]
}

func secretHeader(line []byte) bool {
	if c := line[0] | 0x20; c != 'a' && c != 'p' {
		return false
	}
	for _, secret := range secretHeaders {
		if named(line, secret) {
			return true
		}
	}
	return false
}

// named reports whether a line is a header of that name, blanks before its colon included.
func named(line []byte, name string) bool {
	if len(line) <= len(name) || line[0]|0x20 != name[0] || !strings.EqualFold(string(line[:len(name)]), name) {
		return false
	}
	rest := bytes.TrimLeft(line[len(name):], " \t")
	return len(rest) > 0 && rest[0] == ':'
}

func headerName(line []byte) []byte {
	name, _, _ := bytes.Cut(line, []byte(":"))
	return bytes.TrimRight(name, " \t")
}

// shownBody reads a Content-Type.
func shownBody(line []byte) bool {
	_, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimSpace(value)
	for _, shown := range shownBodies {
		if len(value) >= len(shown) && strings.EqualFold(string(value[:len(shown)]), shown) {
			return true
		}
	}
	return false
}

// concealHead writes a head, masking the values of secret headers and the lines that they are folded over.
func concealHead(out *strings.Builder, head []byte) {
	masking := false
	for line := range bytes.Lines(head) {
		if folded := line[0] == ' ' || line[0] == '\t'; !folded {
			masking = secretHeader(line)
			if masking {
				out.Write(headerName(line))
				out.WriteString(": " + hidden + "\r\n")
			}
		}
		if !masking {
			out.Write(line)
		}
	}
}

// keyLine reports whether a line of SDP holds a key, and the word behind which it stands.
func keyLine(line []byte) (behind string, ok bool) {
	for _, l := range secretLines {
		if len(line) >= len(l.start) && line[0]|0x20 == l.start[0] && strings.EqualFold(string(line[:len(l.start)]), l.start) {
			return l.behind, true
		}
	}
	return "", false
}

// concealLine masks the key of a line of SDP. What stands before it tells the suite.
func concealLine(line []byte) string {
	behind, ok := keyLine(line)
	if !ok {
		return string(line)
	}
	text := strings.TrimRight(string(line), "\r\n")
	end := string(line)[len(text):]
	for i := 0; i+len(behind) <= len(text); i++ {
		if strings.EqualFold(text[i:i+len(behind)], behind) {
			return text[:i+len(behind)] + hidden + end
		}
	}
	name, _, _ := strings.Cut(text, ":")
	return name + ":" + hidden + end
}
