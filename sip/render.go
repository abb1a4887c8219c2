package sip

import (
	"crypto/rand"
	"net/netip"
	"strconv"
	"strings"
)

const (
	product      = "assent"
	allowMethods = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER"
	sdpType      = "application/sdp"
)

// newTag makes an unguessable tag, Call-ID or branch suffix: 130 bits.
func newTag() string { return rand.Text() }

// request is an outgoing request. render writes it; ACK and CANCEL are made from the INVITE's (sections 9.1, 17.1.1.3).
type request struct {
	hop         hop
	method      string
	uri         string
	branch      string
	routes      []string
	from, to    string // whole values, with tags
	callID      string
	cseq        uint32
	maxForwards int
	headers     []header
	owner       *dialog  // whose credentials answer a challenge; nil: none do
	proven      []string // the realms that have had them, one for each of proofs
	proofs      []header
	contentType string
	body        []byte
}

// render writes the request as it goes onto the wire.
func (r *request) render() []byte {
	b := make([]byte, 0, 640+len(r.body))
	b = append(b, r.method...)
	b = append(b, ' ')
	b = append(b, r.uri...)
	b = append(b, " SIP/2.0\r\n"...)
	b = line(b, "Via", "SIP/2.0/"+r.hop.network()+" "+r.hop.sentBy()+";branch="+r.branch+";rport")
	for _, route := range r.routes {
		b = line(b, "Route", route)
	}
	b = line(b, "Max-Forwards", strconv.Itoa(r.maxForwards))
	b = line(b, "From", r.from)
	b = line(b, "To", r.to)
	b = line(b, "Call-ID", r.callID)
	b = line(b, "CSeq", strconv.FormatUint(uint64(r.cseq), 10)+" "+r.method)
	for _, h := range r.headers {
		b = line(b, h.name, h.value)
	}
	for _, h := range r.proofs {
		b = line(b, h.name, h.value)
	}
	b = line(b, "User-Agent", product)
	return content(b, r.contentType, r.body)
}

// derive makes an ACK or CANCEL that shares the INVITE's branch, CSeq number, route and target.
func (r *request) derive(method, to string) *request {
	d := *r
	d.method, d.to, d.headers, d.contentType, d.body = method, to, nil, "", nil
	d.owner, d.proven, d.proofs = nil, nil, nil
	return &d
}

func line(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, value...)
	return append(b, "\r\n"...)
}

// content ends the headers and appends the body.
func content(b []byte, contentType string, body []byte) []byte {
	if len(body) > 0 {
		b = line(b, "Content-Type", contentType)
	}
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	return append(b, body...)
}

// reply is what a response adds to the headers that it repeats.
type reply struct {
	status  int
	toTag   string // added to To unless the request had one; "" for 100
	headers []header
	sdp     []byte
}

// render writes the response to m (section 8.2.6): its Via lines, From, To, Call-ID and CSeq come back as they came,
// the topmost Via with received and rport (sections 18.2.1, RFC 3581).
func (r reply) render(m *message) []byte {
	b := make([]byte, 0, 512+len(r.sdp))
	b = append(b, "SIP/2.0 "...)
	b = strconv.AppendInt(b, int64(r.status), 10)
	b = append(b, ' ')
	b = append(b, statusText(r.status)...)
	b = append(b, "\r\n"...)
	b = r.repeat(b, m)
	for _, h := range r.headers {
		b = line(b, h.name, h.value)
	}
	b = line(b, "Server", product)
	return content(b, sdpType, r.sdp)
}

func (r reply) repeat(b []byte, m *message) []byte {
	for i, v := range m.list("via") {
		if i == 0 {
			v = receivedVia(m)
		}
		b = line(b, "Via", v)
	}
	if r.status > 100 && r.status < 300 && m.method == "INVITE" {
		for _, v := range m.list("record-route") {
			b = line(b, "Record-Route", v)
		}
	}
	to := m.to.text
	if to != "" && m.to.tag == "" && r.toTag != "" {
		to += ";tag=" + r.toTag
	}
	for _, h := range []header{{"From", m.from.text}, {"To", to}, {"Call-ID", m.callID}} {
		if h.value != "" {
			b = line(b, h.name, h.value)
		}
	}
	return line(b, "CSeq", m.cseqText())
}

// receivedVia is the topmost Via with our received and rport in place of any that it came with.
func receivedVia(m *message) string {
	parts := splitOutside(m.topText, ';')
	var b strings.Builder
	b.WriteString(parts[0])
	rport := false
	for _, p := range parts[1:] {
		name, _, _ := strings.Cut(p, "=")
		switch {
		case strings.EqualFold(name, "rport"):
			rport = true
		case strings.EqualFold(name, "received"):
		default:
			b.WriteByte(';')
			b.WriteString(p)
		}
	}
	if rport || !sameHost(m.top.Host, m.src.Addr()) {
		b.WriteString(";received=" + m.src.Addr().String())
	}
	if rport {
		b.WriteString(";rport=" + strconv.Itoa(int(m.src.Port())))
	}
	return b.String()
}

func sameHost(host string, a netip.Addr) bool {
	h, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && h.Unmap() == a
}

// replyHop is where responses to m go (section 18.2.2, RFC 3581): over the same connection; on UDP to the source
// address, and to the port of Via unless rport asks for the source's.
func replyHop(m *message) hop {
	h := m.via
	port := m.top.Port
	if port <= 0 || port > 65535 {
		port = defaultPort
	}
	_, rport := lookupParam(m, "rport")
	if h.conn != nil || !rport {
		h.addr = netip.AddrPortFrom(m.src.Addr(), uint16(port))
	}
	return h
}

func lookupParam(m *message, name string) (string, bool) {
	for _, p := range m.top.Params {
		if strings.EqualFold(p.K, name) {
			return p.V, true
		}
	}
	return "", false
}
