package app_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"assent/app"
	"assent/demo/phone"
	"assent/event"
	"assent/test/pki"
)

const carrierName = "sbc.carrier.example"

// tunnel carries the signalling of a phone, which speaks UDP, over one TLS connection.
type tunnel struct {
	udp *net.UDPConn
	far chan net.Conn // the connection, once it is there
}

// newTunnel opens the end that the phone speaks to; connect gives the other.
func newTunnel(t *testing.T, to netip.AddrPort, connect func() (net.Conn, error)) *tunnel {
	t.Helper()
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	must(t, err)
	n := &tunnel{udp: udp, far: make(chan net.Conn, 1)}
	t.Cleanup(func() { _ = udp.Close() }) // it ends outward
	go func() {                           // ends with the connection
		conn, err := connect()
		if err != nil {
			close(n.far)
			return
		}
		t.Cleanup(func() { _ = conn.Close() })
		n.far <- conn
		n.inward(conn, to)
	}()
	go n.outward()
	return n
}

func (n *tunnel) addr() netip.AddrPort { return n.udp.LocalAddr().(*net.UDPAddr).AddrPort() }

// outward puts each datagram of the phone on the stream.
func (n *tunnel) outward() {
	conn, ok := <-n.far
	if !ok {
		return
	}
	buffer := make([]byte, 65535)
	for {
		size, err := n.udp.Read(buffer)
		if err != nil {
			return
		}
		if _, err := conn.Write(buffer[:size]); err != nil {
			return
		}
	}
}

// inward makes a datagram of each message on the stream, by its Content-Length.
func (n *tunnel) inward(conn net.Conn, to netip.AddrPort) {
	r := bufio.NewReader(conn)
	for {
		var head strings.Builder
		length := 0
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			head.WriteString(line)
			if value, ok := strings.CutPrefix(line, "Content-Length: "); ok {
				length, _ = strconv.Atoi(strings.TrimSpace(value))
			}
			if line == "\r\n" {
				break
			}
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		_, _ = n.udp.WriteToUDPAddrPort(append([]byte(head.String()), body...), to) // the phone is on loopback
	}
}

// safeStage has a trunk that is known by its certificate, and a station that is called by TLS; both encrypt media.
func safeStage(t *testing.T) (*stage, *pki.Authority) {
	t.Helper()
	s := prepare(t)
	ca := pki.New(t, s.dir, "ca")
	ca.Sign("own", "127.0.0.1")
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{ca.Sign("station", "127.0.0.1").Pair},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool()})
	must(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	newTunnel(t, s.agent.Addr(), ln.Accept)
	s.edit("assent.yaml", `sip: { listen: ["udp://127.0.0.1:0"] }`, `sip: { listen: ["udp://127.0.0.1:0", "tls://127.0.0.1:0"],
  tls: { certificate: own.pem, key: own.key, ca: ca.pem, client_ca: ca.pem } }`)
	s.edit("assent.yaml", `sources: ["127.0.0.1"]`, `sources: ["certificate:`+carrierName+`"]`+"\n    srtp: required")
	s.edit("assent.yaml", s.agent.URI(), "sips:agent-1@"+ln.Addr().String())
	s.edit("assent.yaml", "ring: 5s }", "ring: 5s, srtp: required }")
	s.agent.OnCall = func(*phone.Call) phone.Answer {
		return phone.Answer{Status: 200, Voice: phone.Tone(agentHz, -16), Crypto: phone.SRTPGCM}
	}
	return s, ca
}

// secureAddr is where the service listens on TLS.
func (s *stage) secureAddr() string {
	for _, a := range s.app.SIPAddrs() {
		if addr, ok := strings.CutPrefix(a, "tls://"); ok {
			return addr
		}
	}
	s.t.Fatal("nothing listens on TLS")
	return ""
}

// secureDialer opens a connection that shows a certificate.
func (s *stage) secureDialer(ca *pki.Authority, own ...tls.Certificate) func() (net.Conn, error) {
	return func() (net.Conn, error) {
		return tls.Dial("tcp", s.secureAddr(), &tls.Config{RootCAs: ca.Pool(), Certificates: own})
	}
}

func TestACallComesAndLeavesByTLSAndIsRecorded(t *testing.T) {
	t.Parallel()
	s, ca := safeStage(t)
	problems, err := app.Check(s.options())
	must(t, err)
	for _, p := range problems {
		if strings.Contains(p.Error(), "SRTP") {
			t.Errorf("keys that go by TLS alone are warned of: %v", p)
		}
	}
	s.start()
	caller, err := phone.New(s.agent.Addr().Addr(), callerNumber)
	must(t, err)
	t.Cleanup(caller.Close)
	caller.Start()
	s.peer = newTunnel(t, caller.Addr(), s.secureDialer(ca, ca.Sign("carrier", carrierName).Pair)).addr()
	call, err := caller.Dial(t.Context(), s.peer, calledNumber, phone.Options{Voice: phone.Tone(callerHz, -16), Crypto: phone.SRTPSHA1})
	must(t, err)
	s.press(call, "1")
	far := <-s.far
	s.hears(call, agentHz)
	s.hears(far, callerHz)
	s.saw(event.RecordingStarted)
	s.hangup(call)
	cdr := s.cdr()
	if cdr.Trunk != "carrier" || cdr.Station != "agent-1" || !s.kept(cdr) || cdr.Quality.Caller.SRTP != phone.SRTPSHA1 {
		t.Errorf("%+v", cdr)
	}
	left, right := samplesOf(t, cdr.Recording.File)
	if phone.Level(left, callerHz) < -24 || phone.Level(right, agentHz) < -24 {
		t.Errorf("the recording has %.0f and %.0f dB", phone.Level(left, callerHz), phone.Level(right, agentHz))
	}
	s.stop()
	for _, key := range []string{call.Key(), far.Key()} {
		s.nowhere(key)
	}
}

func TestAReloadTakesNewCertificatesAndRefusesBrokenOnes(t *testing.T) {
	t.Parallel()
	s, ca := safeStage(t)
	s.start()
	serial := func() string {
		conn, err := s.secureDialer(ca, ca.Sign("carrier", carrierName).Pair)()
		must(t, err)
		defer func() { _ = conn.Close() }() // only its handshake was wanted
		return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	before := serial()
	must(t, os.WriteFile(s.path("own.pem"), []byte("none"), 0o600))
	if err := s.app.Reload(); err == nil || !strings.Contains(err.Error(), "own.pem") {
		t.Errorf("a broken certificate: %v", err)
	}
	if s.saw(event.ConfigRejected); serial() != before {
		t.Error("a refused reload changed the certificate")
	}
	ca.Sign("own", "127.0.0.1")
	must(t, s.app.Reload())
	if serial() == before {
		t.Error("the reload kept the certificate from before")
	}
}
