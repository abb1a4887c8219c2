package sip

import (
	"hash/maphash"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// receive takes one whole message, borrowed, on a reader's goroutine: it parses, refuses what is wrong, and hands the
// rest to its lane. known says whether the source may open dialogs.
func (e *Endpoint) receive(b []byte, via hop, src netip.AddrPort, known bool) {
	e.stats.received.Add(1)
	m, flt := parse(b)
	if flt != nil {
		e.stats.malformed.Add(1)
		e.log.quiet(noteParse, "message refused", flt)
		if m == nil || !known {
			return
		}
	}
	m.src, m.via, m.known = src, via, known
	if via.conn != nil {
		m.names = via.conn.names
	}
	m.via.sips = via.tcp != nil && via.tcp.secure && strings.EqualFold(m.uri.Scheme, "sips")
	e.heard(m, b)
	if flt != nil {
		if m.answerable() {
			e.refuse(m, flt.reply())
		}
		return
	}
	if !m.request() {
		e.disp.deliver(e, m.callID, false, func(l *lane) { l.onResponse(m) })
		return
	}
	if r, ok := validate(m); !ok {
		if known {
			e.refuse(m, r)
		}
		return
	}
	if e.door.asks(m) && len(m.proofs()) == 0 {
		e.challenge(m, false)
		return
	}
	opens := (m.method == "INVITE" && known || e.door.asks(m)) && m.to.tag == "" && !e.closing.Load()
	if !e.disp.deliver(e, m.callID, opens, func(l *lane) { l.onRequest(m) }) {
		e.outside(m)
	}
}

// outside answers a request that belongs to no call of ours, without keeping anything of it.
func (e *Endpoint) outside(m *message) {
	switch {
	case !m.known || m.method == "ACK":
	case m.to.tag != "" || m.method == "CANCEL" || m.method == "BYE" || m.method == "INFO" || m.method == "UPDATE" ||
		m.method == "PRACK":
		e.refuse(m, reply{status: 481})
	case m.method == "REFER":
		e.refuse(m, reply{status: 403}) // we call nobody for who is in no call
	case m.method == "OPTIONS":
		e.options(m)
	case m.method == "INVITE":
		e.refuse(m, reply{status: 503, headers: []header{{"Retry-After", "5"}}})
	default:
		e.refuse(m, notAllowed(m.method))
	}
}

// options answers what we can do, and whether we take calls (section 11.2).
func (e *Endpoint) options(m *message) {
	if e.closing.Load() || e.deps.Ready != nil && !e.deps.Ready() {
		e.stateless(m, reply{status: 503, headers: []header{{"Retry-After", "10"}}})
		return
	}
	e.stateless(m, reply{status: 200, headers: abilities()})
}

func abilities() []header {
	return []header{{"Allow", allowMethods}, {"Accept", sdpType}, {"Accept-Language", "en"}}
}

// notAllowed answers a method that we don't take: 405 to one that we know, 501 to one that nobody knows (section
// 21.5.2).
func notAllowed(method string) reply {
	r := reply{status: 501, headers: []header{{"Allow", allowMethods}}}
	if registered[method] {
		r.status = 405
	}
	return r
}

// registered are the methods that IANA has registered.
var registered = map[string]bool{"ACK": true, "BYE": true, "CANCEL": true, "INFO": true, "INVITE": true,
	"MESSAGE": true, "NOTIFY": true, "OPTIONS": true, "PRACK": true, "PUBLISH": true, "REFER": true, "REGISTER": true,
	"SUBSCRIBE": true, "UPDATE": true}

// refuse answers with an error, and counts it.
func (e *Endpoint) refuse(m *message, r reply) {
	if m.method == "ACK" {
		return
	}
	e.stats.refused.Add(1)
	e.stateless(m, r)
}

// stateless answers without a transaction (section 8.2.7): the same request gets the same To tag again.
func (e *Endpoint) stateless(m *message, r reply) {
	r.toTag = e.statelessTag(m)
	h := replyHop(m)
	if h.udp != nil && m.topText != "" && m.top.Host == "" {
		h.addr = m.src // an unreadable Via has no port to answer to
	}
	e.send(&h, r.render(m), nil)
}

func (e *Endpoint) statelessTag(m *message) string {
	return strconv.FormatUint(maphash.String(e.seed, m.callID+"\x00"+m.from.tag+"\x00"+m.topText), 36)
}

// validate refuses what the parser let through (section 8.2.2). An ACK that fails is dropped.
func validate(m *message) (reply, bool) {
	if m.method == "ACK" || m.method == "CANCEL" {
		return reply{}, true
	}
	if strings.EqualFold(m.uri.Scheme, "sips") && !m.via.sips {
		return reply{status: 416}, false // it has not come as safely as it asks to go on
	}
	if m.hops == 0 && m.method == "INVITE" && m.to.tag == "" {
		return reply{status: 483}, false
	}
	if missing := m.missing(); len(missing) > 0 {
		return reply{status: 420, headers: []header{{"Unsupported", strings.Join(missing, ", ")}}}, false
	}
	if m.method != "INVITE" && m.method != "UPDATE" && m.method != "PRACK" {
		return reply{}, true
	}
	if v, ok := m.value("content-encoding"); ok && len(m.body) > 0 && !strings.EqualFold(v, "identity") {
		return reply{status: 415, headers: []header{{"Accept-Encoding", "identity"}}}, false
	}
	if len(m.body) > 0 && !m.carries(sdpType) {
		return reply{status: 415, headers: []header{{"Accept", sdpType}}}, false
	}
	if !acceptsSDP(m) {
		return reply{status: 406}, false
	}
	if v, ok := m.value("replaces"); ok && m.method == "INVITE" {
		if _, err := parseReplaces(v); err != nil || m.to.tag != "" {
			return reply{status: 400}, false
		}
	}
	if m.method == "INVITE" && !contactable(m) {
		return reply{status: 400}, false
	}
	return reply{}, true
}

// missing are the extensions that a request requires and that we don't speak.
func (m *message) missing() []string {
	required := unspoken(m)
	if m.method == "REGISTER" {
		required = slices.DeleteFunc(required, func(tag string) bool { return strings.EqualFold(tag, "path") })
	}
	return required
}

// contactable reports whether an INVITE has exactly one Contact (section 8.1.1.8); RFC 2543 asked for none.
func contactable(m *message) bool {
	n := len(m.list("contact"))
	if n == 0 {
		return m.old()
	}
	_, ok := m.contact()
	return ok && n == 1
}

// acceptsSDP reports whether an INVITE's Accept header, if any, lets us answer with SDP (section 20.1).
func acceptsSDP(m *message) bool {
	list := m.list("accept")
	if len(list) == 0 || m.method != "INVITE" {
		return true
	}
	for _, v := range list {
		v, _, _ = strings.Cut(v, ";")
		switch strings.ToLower(strings.TrimSpace(v)) {
		case sdpType, "application/*", "*/*":
			return true
		}
	}
	return false
}
