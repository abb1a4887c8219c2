package sip

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// message is one received SIP message with what this package needs of it. Its lane alone changes it after parse.
type message struct {
	headers []header
	body    []byte
	src     netip.AddrPort // where it came from
	via     hop            // the socket that it came by, and src
	known   bool           // src may open dialogs; else it is only a peer that we have dialled, or that may prove who it is
	account Account        // who has proven to send it
	names   []string       // that the certificate of its connection proves

	method  string // of a request, "" for a response
	uriText string
	uri     sip.Uri
	status  int // of a response

	top        sip.ViaHeader // the topmost Via
	topText    string
	from, to   address
	callID     string
	cseq       uint32
	cseqMethod string
	hops       int // Max-Forwards, -1 if missing
}

// address is a parsed name-addr with the text it came from.
type address struct {
	text, display, tag string
	uri                sip.Uri
}

// value returns the first header of that (canonical) name.
func (m *message) value(name string) (string, bool) {
	for i := range m.headers {
		if m.headers[i].name == name {
			return m.headers[i].value, true
		}
	}
	return "", false
}

// list returns the elements of all headers of that name, in order.
func (m *message) list(name string) []string {
	var out []string
	for _, h := range m.headers {
		if h.name == name {
			out = append(out, splitList(h.value)...)
		}
	}
	return out
}

// parse reads one whole message. On a fault the message is good enough for a stateless answer if answerable says so.
func parse(raw []byte) (*message, *fault) {
	m, flt := scan(raw)
	if m == nil {
		return nil, flt
	}
	return m, first(flt, m.read())
}

// read parses the headers that every message must have (section 8.1.1), by sipgo's grammar.
func (m *message) read() *fault {
	flt := m.readVia()
	for _, a := range []struct {
		name string
		to   *address
	}{{"from", &m.from}, {"to", &m.to}} {
		v, ok := m.value(a.name)
		if !ok {
			flt = first(flt, &fault{400, "Missing From Or To"})
			continue
		}
		if len(splitOutside(v, ',')) > 1 {
			a.to.text = squeeze(v)
			flt = first(flt, &fault{400, "Two Values In From Or To"})
			continue
		}
		if parsed, ok := parseAddress(v); ok {
			*a.to = parsed
		} else {
			a.to.text = squeeze(v)
			flt = first(flt, &fault{400, "Bad From Or To"})
		}
	}
	m.callID, _ = m.value("call-id")
	if m.callID == "" || len(m.callID) > 512 || strings.IndexFunc(m.callID, blank) >= 0 {
		flt = first(flt, &fault{400, "Missing Or Bad Call-ID"})
	}
	return first(first(flt, m.readCSeq()), m.readRequest())
}

func (m *message) readVia() *fault {
	vias := m.list("via")
	if len(vias) == 0 {
		return &fault{400, "Missing Via"}
	}
	m.topText = squeeze(vias[0])
	for _, v := range vias {
		if emptyParam(v) {
			return &fault{400, "Bad Via"}
		}
	}
	h, err := viaParser(nil, m.topText)
	top, ok := h.(*sip.ViaHeader)
	if err != nil || !ok || top.Host == "" || !strings.EqualFold(top.ProtocolName, "SIP") {
		return &fault{400, "Bad Via"}
	}
	m.top = *top
	return nil
}

// emptyParam reports whether a parameter of v has no name.
func emptyParam(v string) bool {
	for _, p := range splitOutside(v, ';') {
		if strings.Trim(p, " \t") == "" {
			return true
		}
	}
	return false
}

// viaParser is sipgo's parser of one Via value.
var viaParser = sip.DefaultHeadersParser()["via"]

// parseAddress reads a From, To, Contact, Route or P-Asserted-Identity value.
func parseAddress(v string) (address, bool) {
	a := address{text: squeeze(v)}
	var params sip.HeaderParams
	display, err := sip.ParseAddressValue(a.text, &a.uri, &params)
	if err != nil || a.uri.Wildcard || a.uri.Scheme == "" {
		return a, false
	}
	a.display = strings.TrimSpace(unquote(display))
	for _, p := range params {
		if strings.EqualFold(p.K, "tag") {
			a.tag = p.V
		}
	}
	return a, true
}

// readCSeq reads number and method. The number is below 2^31 (section 8.1.1.5).
func (m *message) readCSeq() *fault {
	v, _ := m.value("cseq")
	num, method, _ := strings.Cut(squeeze(v), " ")
	n, err := strconv.ParseUint(num, 10, 31)
	if err != nil || !token(method) {
		return &fault{400, "Missing Or Bad CSeq"}
	}
	m.cseq, m.cseqMethod = uint32(n), method
	if m.request() && method != m.method {
		if !registered[m.method] {
			return &fault{501, statusText(501)} // RFC 4475 section 3.1.2.18
		}
		return &fault{400, "CSeq Method Differs"}
	}
	return nil
}

// readRequest parses the Request-URI and Max-Forwards.
func (m *message) readRequest() *fault {
	m.hops = -1
	if !m.request() {
		return nil
	}
	if v, ok := m.value("max-forwards"); ok {
		n, err := strconv.ParseUint(v, 10, 31)
		if err != nil || n > 255 {
			return &fault{400, "Bad Max-Forwards"}
		}
		m.hops = int(n)
	}
	scheme, _, ok := strings.Cut(m.uriText, ":")
	if !ok {
		return &fault{400, "Bad Request-URI"}
	}
	switch strings.ToLower(scheme) {
	case "sip", "sips", "tel":
	default:
		return &fault{416, statusText(416)}
	}
	if err := sip.ParseUri(m.uriText, &m.uri); err != nil || len(m.uri.Headers) > 0 {
		return &fault{400, "Bad Request-URI"} // headers have no place in it (section 19.1.1)
	}
	return nil
}

func (m *message) request() bool { return m.status == 0 }

// answerable reports whether a request may be answered, and has what brings a response to its sender. A response
// repeats what there is of the other headers.
func (m *message) answerable() bool {
	return m.request() && m.method != "ACK" && m.topText != "" && m.cseqText() != ""
}

func (m *message) cseqText() string {
	v, _ := m.value("cseq")
	return v
}

// sdp returns the body if it is SDP, nil if there is none.
func (m *message) sdp() []byte {
	if len(m.body) == 0 || !m.carries("application/sdp") {
		return nil
	}
	return m.body
}

// carries reports whether the body has that media type. A body without Content-Type counts as SDP.
func (m *message) carries(media string) bool {
	v, ok := m.value("content-type")
	if !ok {
		return media == "application/sdp"
	}
	v, _, _ = strings.Cut(v, ";")
	return strings.EqualFold(strings.TrimSpace(v), media)
}

// branch is the topmost Via's branch, "" if it has none.
func (m *message) branch() string { return viaParam(m.top.Params, "branch") }

func viaParam(params sip.HeaderParams, name string) string {
	for _, p := range params {
		if strings.EqualFold(p.K, name) {
			return p.V
		}
	}
	return ""
}

// magicCookie begins every branch of RFC 3261 (section 8.1.1.7).
const magicCookie = "z9hG4bK"

// old reports whether the message's sender speaks RFC 2543 only, where Contact is no must.
func (m *message) old() bool { return !strings.HasPrefix(m.branch(), magicCookie) }

// txKey identifies the server transaction of a request (section 17.2.3); method is INVITE for the transaction that an
// ACK or CANCEL belongs to.
func (m *message) txKey(method string) string {
	branch := m.branch()
	if len(branch) > len(magicCookie) && strings.HasPrefix(branch, magicCookie) {
		return branch + "|" + strings.ToLower(m.top.Host) + "|" + strconv.Itoa(m.top.Port) + "|" + method
	}
	return m.from.tag + "|" + strconv.FormatUint(uint64(m.cseq), 10) + "|" + m.topText + "|" + method
}

// contact returns the first Contact as an address.
func (m *message) contact() (address, bool) {
	l := m.list("contact")
	if len(l) == 0 {
		return address{}, false
	}
	return parseAddress(l[0])
}

// party renders an address for the user of the package.
func (a address) party() Party {
	p := Party{Display: clean(a.display), URI: clean(a.uri.String())}
	if strings.EqualFold(a.uri.Scheme, "sip") || strings.EqualFold(a.uri.Scheme, "sips") {
		p.User, p.Host = clean(unescapeUser(a.uri.User)), clean(a.uri.Host)
		return p
	}
	p.User, _, _ = strings.Cut(clean(a.uri.Raw()), ";")
	return p
}
