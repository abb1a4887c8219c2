package sip

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"assent/test/pki"
)

// safe is what a test of TLS needs: an authority, and an endpoint with its certificate.
type safe struct {
	*host
	dir string
	ca  *pki.Authority
	own pki.Signed
}

// trunkName is the name by which a certificate is a trunk's.
const trunkName = "sbc.carrier.example"

// startSafe makes an endpoint that listens on TLS. known is as in Deps, change may alter the configuration.
func startSafe(t *testing.T, tm timers, known func(netip.AddrPort) bool, change func(*Config)) *safe {
	t.Helper()
	s := &safe{dir: t.TempDir()}
	s.ca = pki.New(t, s.dir, "ca")
	s.own = s.ca.Sign("own", "127.0.0.1", "localhost")
	cfg := Config{Listen: []string{"tls://127.0.0.1:0", "udp://127.0.0.1:0", "tcp://127.0.0.1:0"},
		TLS: TLS{Certificate: s.own.Certificate, Key: s.own.Key, CA: s.ca.File, ClientCA: s.ca.File}}
	if change != nil {
		change(&cfg)
	}
	s.host = &host{t: t, invites: make(chan inbound, 16)}
	e, err := newEndpoint(cfg, Deps{Log: zap.NewNop(), Known: known, Invite: s.invite,
		Certified: func(names []string) bool { return slices.Contains(names, trunkName) }}, tm)
	if err != nil {
		t.Fatal(err)
	}
	s.Endpoint = e
	s.start()
	return s
}

// connect opens a TLS connection, with certificates of ours.
func (s *safe) connect(own ...tls.Certificate) (*peer, error) {
	d := tls.Dialer{Config: &tls.Config{RootCAs: s.ca.Pool(), ServerName: "127.0.0.1", Certificates: own}}
	c, err := d.Dial("tcp", s.addr("tls"))
	if err != nil {
		return nil, err
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return &peer{t: s.t, conn: c, tag: newTag(), secure: true}, nil
}

func (s *safe) peer(own ...tls.Certificate) *peer {
	s.t.Helper()
	p, err := s.connect(own...)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// refused reports that the endpoint ends a connection without a word of SIP. TLS 1.3 tells a client of a refusal only
// when it reads.
func (s *safe) refused(own ...tls.Certificate) {
	s.t.Helper()
	p, err := s.connect(own...)
	if err != nil {
		return
	}
	_, _ = p.conn.Write(options("TLS")) // the connection may be gone already
	_ = p.conn.SetReadDeadline(time.Now().Add(wait))
	n, err := p.conn.Read(make([]byte, 1))
	if ne, ok := errors.AsType[net.Error](err); n > 0 || ok && ne.Timeout() {
		s.t.Errorf("the connection is taken: %d bytes, %v", n, err)
	}
}

// patient are timers for honest peers on a busy machine.
func patient() timers {
	tm := quick()
	tm.t1, tm.message, tm.dial, tm.write = 8*tm.t1, wait, wait, wait
	return tm
}

func nobody(netip.AddrPort) bool { return false }

func TestACallByTLSNamesTLSInViaAndContact(t *testing.T) {
	t.Parallel()
	s := startSafe(t, patient(), knowing, nil)
	p := s.peer()
	_, in := p.establish(s.host)
	if in.Transport != "tls" || len(in.Certified) != 0 {
		t.Errorf("transport %s, names %v", in.Transport, in.Certified)
	}
	in.Leg.Hangup(Cause{})
	bye := p.request("BYE")
	if via, _ := bye.value("via"); !strings.HasPrefix(via, "SIP/2.0/TLS 127.0.0.1:") {
		t.Errorf("Via: %s", via)
	}
	p.reply(bye, 200, "", "")
	next[Ended](in.box)
	d := p.call()
	d.target = "sips:+4980012345@127.0.0.1"
	d.invite(string(offer))
	second := s.incoming()
	_ = second.Leg.Answer(answer)
	if contact, _ := d.status("INVITE", 200).value("contact"); !strings.HasPrefix(contact, "<sips:127.0.0.1:") {
		t.Errorf("Contact of a call to a sips URI: %s", contact)
	}
	d.ack(1, "")
	next[Confirmed](second.box)
	d.do("BYE", 2, "")
	p.response("BYE", 200)
	next[Ended](second.box)
}

func TestASipsURIThatComesWithoutTLSIsRefused(t *testing.T) {
	t.Parallel()
	s := startSafe(t, patient(), knowing, nil)
	for _, network := range []string{"udp", "tcp"} {
		p := newPeer(t, network, s.addr(network))
		c := p.call()
		c.target = "sips:+4980012345@127.0.0.1"
		c.invite(string(offer))
		c.status("INVITE", 416)
	}
}

func TestATrunkIsKnownByItsCertificateWhereverItIs(t *testing.T) {
	t.Parallel()
	s := startSafe(t, patient(), nobody, nil)
	s.allowOnly(func(netip.AddrPort) bool { return false }) // as a trunk has it that has no address
	p := s.peer(s.ca.Sign("carrier", trunkName, "other.example").Pair)
	c, in := p.establish(s.host)
	if !slices.Equal(in.Certified, []string{trunkName, "other.example"}) {
		t.Errorf("names %v", in.Certified)
	}
	// Its later requests may come by any connection that proves the name, and by no other.
	again := *c
	again.p = s.peer(s.ca.Sign("again", trunkName).Pair)
	again.do("INFO", 2, "")
	again.p.response("INFO", 200)
	next[Info](in.box)
	in.Leg.Hangup(Cause{})
	p.reply(p.request("BYE"), 200, "", "")
	next[Ended](in.box)
}

func TestAnotherTrunksCertificateDoesNotSpeakInADialog(t *testing.T) {
	t.Parallel()
	s := startSafe(t, patient(), knowing, nil)
	s.allowOnly(func(netip.AddrPort) bool { return false })
	p := s.peer(s.ca.Sign("carrier", trunkName).Pair)
	c, in := p.establish(s.host)
	forged := *c
	for _, forged.p = range []*peer{s.peer(s.ca.Sign("other", "other.example").Pair), s.peer()} {
		forged.do("BYE", 9, "")
		forged.p.response("BYE", 481)
	}
	in.Leg.Hangup(Cause{}) // it is still there
	p.reply(p.request("BYE"), 200, "", "")
	next[Ended](in.box)
}

func TestConnectionsThatProveNothingAreRefused(t *testing.T) {
	t.Parallel()
	s := startSafe(t, patient(), nobody, nil)
	s.refused()
	s.refused(s.ca.Sign("stranger", "stranger.example").Pair)
	s.refused(s.ca.SignExpired("late", trunkName).Pair)
	s.refused(pki.New(t, t.TempDir(), "other-ca").Sign("forged", trunkName).Pair)
	deadline := time.Now().Add(wait)
	for s.Stats().Handshakes < 4 { // a client may hear of its end before it is counted
		if time.Now().After(deadline) {
			t.Fatalf("%d refusals are counted, want 4", s.Stats().Handshakes)
		}
		time.Sleep(time.Millisecond)
	}
	// A known address needs one too where that is asked for.
	strict := startSafe(t, patient(), knowing, func(c *Config) { c.TLS.RequireClient = true })
	strict.refused()
	p := strict.peer(strict.ca.Sign("any", "any.example").Pair)
	p.send(string(options("TLS")))
	p.response("OPTIONS", 200)
}

func TestTLSOlderThan12IsRefused(t *testing.T) {
	t.Parallel()
	s := startSafe(t, patient(), knowing, nil)
	d := tls.Dialer{Config: &tls.Config{RootCAs: s.ca.Pool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS10,
		MaxVersion: tls.VersionTLS11}}
	if c, err := d.Dial("tcp", s.addr("tls")); err == nil {
		_ = c.Close()
		t.Error("TLS 1.1 is taken")
	}
}

// TestHalfAHandshakeIsClosedInTime holds for a peer that never says hello, and for one that stops within it.
func TestHalfAHandshakeIsClosedInTime(t *testing.T) {
	t.Parallel()
	for _, known := range []func(netip.AddrPort) bool{knowing, nobody} {
		s := startSafe(t, quick(), known, nil)
		for _, hello := range []string{"", "\x16\x03\x01\x02\x00\x01", "OPTIONS sip:x SIP/2.0\r\n\r\n"} {
			conn, err := net.Dial("tcp", s.addr("tls"))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = conn.Write([]byte(hello))
			_ = conn.SetReadDeadline(time.Now().Add(wait))
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%q: still open", hello)
			}
			_ = conn.Close()
		}
	}
}

func TestCertificatesAreReadAgainWhenTheirFilesChange(t *testing.T) {
	t.Parallel()
	s := startSafe(t, patient(), knowing, nil)
	serial := func() string {
		conn := s.peer().conn.(*tls.Conn)
		defer func() { _ = conn.Close() }() // one address has few connections
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	before := serial()
	if err := os.WriteFile(s.own.Key, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.ReloadCertificates(); err == nil || !strings.Contains(err.Error(), s.own.Key) {
		t.Errorf("a broken key is no error that names it: %v", err)
	}
	if serial() != before {
		t.Error("a broken key changed what peers see")
	}
	s.ca.Sign("own", "127.0.0.1")
	if err := s.ReloadCertificates(); err != nil {
		t.Fatal(err)
	}
	asked := serial()
	if asked == before {
		t.Error("told to, the new certificate is not used")
	}
	s.ca.Sign("own", "127.0.0.1")
	deadline := time.Now().Add(wait)
	for serial() == asked {
		if time.Now().After(deadline) {
			t.Fatal("the new certificate is never noticed")
		}
		time.Sleep(stat / 20)
	}
}

// secureStation is a phone that listens on TLS.
func secureStation(t *testing.T, own tls.Certificate, clients *pki.Authority) (uri string, accept func() *peer) {
	t.Helper()
	cfg := &tls.Config{Certificates: []tls.Certificate{own}}
	if clients != nil {
		cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, clients.Pool()
	}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return "sips:agent@" + ln.Addr().String(), func() *peer {
		conn, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return &peer{t: t, conn: conn, secure: true}
	}
}

func TestACallLeavesByTLSToWhoProvesItsName(t *testing.T) {
	t.Parallel()
	s := startSafe(t, patient(), knowing, nil)
	uri, accept := secureStation(t, s.ca.Sign("station", "127.0.0.1").Pair, s.ca) // which asks for our certificate, too
	g, b := s.dial(uri)
	p := accept()
	inv := p.request("INVITE")
	if contact, _ := inv.value("contact"); !strings.HasPrefix(contact, "<sips:127.0.0.1:") || inv.uriText != uri {
		t.Errorf("INVITE %s, Contact: %s", inv.uriText, contact)
	}
	p.reply(inv, 200, "s", string(answer))
	next[Answered](b)
	p.request("ACK")
	g.Hangup(Cause{})
	p.reply(p.request("BYE"), 200, "", "")
	next[Ended](b)
}

func TestNoCallLeavesByTLSToWhoProvesNothing(t *testing.T) {
	t.Parallel()
	s := startSafe(t, patient(), knowing, nil)
	for name, own := range map[string]tls.Certificate{
		"another name":      s.ca.Sign("named", "elsewhere.example").Pair,
		"another authority": pki.New(t, t.TempDir(), "other-ca").Sign("foreign", "127.0.0.1").Pair,
		"expired":           s.ca.SignExpired("expired", "127.0.0.1").Pair,
	} {
		uri, accept := secureStation(t, own, nil)
		_, b := s.dial(uri)
		if n, _ := accept().conn.Read(make([]byte, 1)); n != 0 {
			t.Errorf("%s: the INVITE is sent", name)
		}
		if e := next[Ended](b); e.Reason != EndTransport || e.Status != 503 {
			t.Errorf("%s: %+v", name, e)
		}
	}
}
