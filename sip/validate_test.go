package sip

import (
	"strings"
	"testing"
	"time"
)

func TestBadRequestsAreRefusedWithTheRightStatus(t *testing.T) {
	h := startHost(t, quick())
	for name, c := range map[string]struct {
		from, to string // replaced in a good INVITE
		status   int
	}{
		"cseq method":       {"CSeq: 1 INVITE", "CSeq: 1 OPTIONS", 400},
		"cseq with blanks":  {"CSeq: 1 INVITE", "CSeq: 0001 \t INVITE", 100},
		"two call-ids":      {"Max-Forwards: 70", "Call-ID: x\r\nMax-Forwards: 70", 400},
		"two froms":         {"Max-Forwards: 70", "f: <sip:x@y>\r\nMax-Forwards: 70", 400},
		"two lengths":       {"Max-Forwards: 70", "l: 3\r\nMax-Forwards: 70", 400},
		"hops zero":         {"Max-Forwards: 70", "Max-Forwards: 0", 483},
		"hops not a number": {"Max-Forwards: 70", "Max-Forwards: 300", 400},
		"hops missing":      {"Max-Forwards: 70", "X: y", 100},
		"require":           {"Max-Forwards: 70", "Require: 100rel, foo\r\nMax-Forwards: 70", 420},
		"content type":      {"application/sdp", "text/plain", 415},
		"encoding":          {"Max-Forwards: 70", "Content-Encoding: gzip\r\nMax-Forwards: 70", 415},
		"accept":            {"Max-Forwards: 70", "Accept: text/plain\r\nMax-Forwards: 70", 406},
		"two contacts":      {"Contact: ", "Contact: <sip:x@127.0.0.1>, ", 400},
		"two froms in one":  {"From: ", "From: <sip:x@y>;tag=1, ", 400},
		"two tos in one":    {"To: ", "To: <sip:x@y>;tag=1, ", 400},
		"two via params":    {";rport", ";;rport", 400},
		"blank in call-id":  {"Call-ID: ", "Call-ID: a b", 400},
		"nul":               {"Max-Forwards: 70", "X: a\x00b\r\nMax-Forwards: 70", 400},
		"escaped nul":       {"\"Bob\"", "\"B\\\x00ob\"", 100},
		"headers in uri":    {"INVITE sip:+4980012345@127.0.0.1", "INVITE sip:x@127.0.0.1?Route=%3Csip:y%3E", 400},
		"no contact":        {"Contact: ", "X-Contact: ", 400},
		"scheme":            {"INVITE sip:", "INVITE soap.beep:", 416},
		"sips":              {"INVITE sip:", "INVITE sips:", 416},
		"version":           {"SIP/2.0\r\n", "SIP/7.0\r\n", 505},
		"version in lower":  {"SIP/2.0\r\n", "sip/2.0\r\n", 100},
		"uri in brackets":   {"INVITE sip:+4980012345@127.0.0.1", "INVITE <sip:x@127.0.0.1>", 400},
		"blank in uri":      {"INVITE sip:+4980012345@", "INVITE sip:+49800 12345@", 400},
		"header without":    {"Max-Forwards: 70", "nonsense\r\nMax-Forwards: 70", 400},
		"bare cr":           {"Max-Forwards: 70", "X: a\rb\r\nMax-Forwards: 70", 400},
		"tel":               {"INVITE sip:+4980012345@127.0.0.1", "INVITE tel:+49-800;phone-context=x", 100},
		"folded and loose": {"From: \"Bob\" <sip:bob@127.0.0.1>;tag=",
			"f :  \"B \\\"ob\"   <sip:bob@127.0.0.1>\r\n  ;\r\n\ttag =  ", 100},
		"many headers": {"Max-Forwards: 70", strings.Repeat("X: y\r\n", 250) + "Max-Forwards: 70", 400},
		"length":       {"Content-Length: ", "Content-Length: 9", 400},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeer(t, "udp", h.addr("udp"))
			call := p.call()
			good := call.request("INVITE", 1, call.branch, string(offer))
			bad := strings.Replace(good, c.from, c.to, 1)
			if bad == good {
				t.Fatal("nothing was replaced")
			}
			p.send(bad)
			m := reading(t, p.raw(wait))
			if m.status != c.status {
				t.Fatalf("got %+v, want %d", m, c.status)
			}
			if c.status == 420 {
				if v, _ := m.value("unsupported"); v != "foo" {
					t.Errorf("unsupported %q", v)
				}
			}
			if c.status == 100 {
				in := h.incoming()
				in.Leg.Reject(Cause{Status: 404})
				p.response("INVITE", 404)
			}
		})
	}
}

func TestTheListenerOutlivesGarbage(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	for _, s := range []string{"", "\r\n\r\n", "\x00\x00", "x", "INVITE", "SIP/2.0 99 X\r\n\r\n", "SIP/2.0 4294967301 X\r\n\r\n",
		"INVITE sip:x SIP/2.0\r\n\r\n", "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP / / UDP\r\nFrom: \"\r\n\r\n",
		strings.Repeat("A", 60000), "ACK sip:x SIP/2.0\r\nVia: \r\n\r\n", "INVITE sip:[ SIP/2.0\r\nVia: SIP/2.0/UDP [;branch=z9hG4bKx\r\n" +
			"From: <;tag=\r\nTo: \"\r\nCall-ID: \r\nCSeq: 1 INVITE\r\n\r\n"} {
		p.send(s)
	}
	p.send(string(options("UDP")))
	for reading(t, p.raw(wait)).callID != stillHere { // answers to broken requests are broken where they repeat them
	}
}

func TestLineFeedsAloneAreAccepted(t *testing.T) {
	h := startHost(t, quick())
	p := newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	p.send(strings.ReplaceAll(c.request("OPTIONS", 1, c.branch, ""), "\r\n", "\n"))
	p.response("OPTIONS", 200)
}

func TestAnswersGoWhereViaSays(t *testing.T) {
	h := startHost(t, quick())
	p, via := newPeer(t, "udp", h.addr("udp")), newPeer(t, "udp", h.addr("udp"))
	c := p.call()
	s := c.request("OPTIONS", 1, c.branch, "")
	s = strings.Replace(strings.Replace(s, "UDP "+p.addr(), "UDP pbx.example:"+via.addr()[len("127.0.0.1:"):], 1), ";rport", "", 1)
	p.send(s)
	m := via.response("OPTIONS", 200)
	if got := viaParam(m.top.Params, "received"); got != "127.0.0.1" {
		t.Fatalf("received=%q", got)
	}
	c.do("OPTIONS", 2, "")
	m = p.response("OPTIONS", 200)
	if got := viaParam(m.top.Params, "rport"); "127.0.0.1:"+got != p.addr() {
		t.Fatalf("rport=%q", got)
	}
	via.none(10 * time.Millisecond)
}

func TestPublicAddressStandsInViaAndContact(t *testing.T) {
	n := newNames("sip.example.com:7000")
	s := &udpSocket{names: n}
	h := hop{udp: s}
	if h.sentBy() != "sip.example.com:7000" || h.contact() != "<sip:sip.example.com:7000>" {
		t.Fatalf("%s %s", h.sentBy(), h.contact())
	}
	if host, _ := newNames("2001:db8::1").name(h.addr, h.addr.Addr(), false); host != "[2001:db8::1]" {
		t.Fatalf("host %s", host)
	}
}

func TestAWildcardListenerNamesTheRoutedAddress(t *testing.T) {
	h := startHost(t, quick(), "udp://0.0.0.0:0", "tcp://0.0.0.0:0")
	_, port, _ := strings.Cut(h.addr("udp"), ":")
	p := newPeer(t, "udp", "127.0.0.1:"+port)
	c, in := p.establish(h) // peer.parse fails on 0.0.0.0
	in.Leg.Hangup(Cause{})
	p.reply(p.request("BYE"), 200, "", "")
	_ = c
}

func TestConfigurationErrorsSayWhatWouldBeRight(t *testing.T) {
	for _, c := range []Config{{}, {Listen: []string{"127.0.0.1"}}, {Listen: []string{"tls://1.2.3.4:5061"}},
		{Listen: []string{"udp://host:5060"}}, {Listen: []string{"udp://1.2.3.4:5060"}, DSCP: 64}} {
		_, err := New(c, Deps{Known: knowing, Invite: func(*Invite) {}})
		if err == nil || !strings.Contains(err.Error(), "want") {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := New(Default(), Deps{Known: knowing, Invite: func(*Invite) {}}); err != nil {
		t.Error(err)
	}
}

func TestACSeqBeyond31BitsIsRefused(t *testing.T) {
	p := &peer{conn: fakeConn{}}
	c := p.call()
	for seq, ok := range map[string]bool{"0": true, "2147483647": true, "2147483648": false, "-1": false, "": false} {
		_, flt := parse([]byte(strings.Replace(c.request("BYE", 1, c.branch, ""), "CSeq: 1 ", "CSeq: "+seq+" ", 1)))
		if (flt == nil) != ok {
			t.Errorf("%s: %v", seq, flt)
		}
	}
}
