package sip

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"assent/registrar"
)

// maxContacts bounds the contacts of one REGISTER that are read.
const maxContacts = 16

// maxContactURI bounds a contact that is kept, and the whole of a path.
const maxContactURI = 512

// onRegister takes a REGISTER of a station that has proven who it is (section 10.3).
func (l *lane) onRegister(m *message) {
	tx, ok := l.newServerTx(m)
	if !ok {
		l.ep.refuse(m, busyReply())
		return
	}
	tag := l.ep.statelessTag(m)
	q, status := registration(m)
	if status != 0 {
		l.ep.stats.refused.Add(1)
		tx.respond(reply{status: status, toTag: tag})
		return
	}
	r := registrarReply(l.ep.door.registrar.Register(q), q)
	r.toTag = tag
	tx.respond(r)
}

// registration reads a REGISTER; status says why it can't be taken, 0 if it can.
func registration(m *message) (q registrar.Request, status int) {
	q = registrar.Request{Station: m.account.Station, Expires: -1, Source: m.src, Local: m.via.listener(), Transport: strings.ToLower(m.via.network()),
		CallID: m.callID, CSeq: m.cseq, Path: m.list("path")}
	if q.Station == "" || !strings.EqualFold(m.to.uri.Scheme, "sip") {
		return q, 403
	}
	if agent, ok := m.value("user-agent"); ok {
		q.UserAgent = clean(agent[:min(len(agent), 128)])
	}
	if v, ok := m.value("expires"); ok {
		if q.Expires, ok = seconds(v); !ok {
			return q, 400
		}
	}
	if len(strings.Join(q.Path, ",")) > maxContactURI || len(q.Path) > 0 && !reads(q.Path) {
		return q, 400
	}
	contacts := m.list("contact")
	if len(contacts) > maxContacts {
		return q, 403
	}
	for _, text := range contacts {
		if text == "*" {
			q.All = true
			continue
		}
		c, ok := contactOf(text)
		if !ok {
			return q, 400
		}
		q.Contacts = append(q.Contacts, c)
	}
	return q, 0
}

// contactOf reads one Contact of a REGISTER.
func contactOf(text string) (c registrar.Contact, ok bool) {
	var uri sip.Uri
	var params sip.HeaderParams
	if _, err := sip.ParseAddressValue(squeeze(text), &uri, &params); err != nil || uri.Wildcard || !strings.EqualFold(uri.Scheme, "sip") || uri.Host == "" {
		return c, false
	}
	c = registrar.Contact{URI: uri.String(), Expires: -1}
	if len(c.URI) > maxContactURI || clean(c.URI) != c.URI || strings.ContainsAny(c.URI, "<>\" ") {
		return c, false
	}
	if v := viaParam(params, "expires"); v != "" {
		if c.Expires, ok = seconds(v); !ok {
			return c, false
		}
	}
	return c, true
}

// reads reports whether every route can be read.
func reads(routes []string) bool {
	for _, r := range routes {
		if _, ok := parseAddress(r); !ok {
			return false
		}
	}
	return true
}

// seconds reads a number of seconds (section 20.19); more than fits is as much as fits.
func seconds(text string) (int, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 1<<31 - 1, true // too many digits
	}
	return int(n), true
}

// registrarReply renders the registrar's answer (section 10.3, step 8).
func registrarReply(a registrar.Answer, q registrar.Request) reply {
	r := reply{status: a.Status}
	add := func(name, value string) { r.headers = append(r.headers, header{name, value}) }
	if a.MinExpires > 0 {
		add("Min-Expires", strconv.Itoa(int(a.MinExpires/time.Second)))
	}
	if a.RetryAfter > 0 {
		add("Retry-After", strconv.Itoa(max(1, int(a.RetryAfter/time.Second))))
	}
	now := time.Now()
	for _, b := range a.Bindings {
		add("Contact", "<"+b.Contact+">;expires="+strconv.Itoa(max(0, int(b.Expires.Sub(now).Round(time.Second)/time.Second))))
	}
	if a.Status == 200 {
		add("Date", now.UTC().Format("Mon, 02 Jan 2006 15:04:05")+" GMT")
		for _, p := range q.Path { // RFC 3327 section 5.3
			add("Path", p)
		}
	}
	return r
}

// listener is the address of ours that a message came to.
func (h *hop) listener() netip.AddrPort {
	if h.udp != nil {
		return h.udp.local
	}
	return h.tcp.local
}
