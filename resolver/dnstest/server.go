// Package dnstest is a name server for tests: real DNS over loopback, from a zone
// written as in a zone file.
package dnstest

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// Server answers from its zone by UDP and TCP on one port of loopback.
type Server struct {
	t     testing.TB
	addr  string
	serve []*dns.Server

	mu     sync.Mutex
	zone   map[string][]dns.RR // by name and type
	names  map[string]bool
	asked  map[string]int // by "name TYPE"
	silent bool
}

// Start serves a zone, one record a line, until the test ends. Names are as they stand, "gw.example.net."; a TTL is
// given as in a zone file.
func Start(t testing.TB, zone string) *Server {
	t.Helper()
	s := &Server{t: t, asked: map[string]int{}}
	s.Set(zone)
	for range 20 { // the port that is free for UDP may be taken for TCP
		udp, err := net.ListenPacket("udp4", "127.0.0.1:0") //nolint:noctx // the test's end closes it
		if err != nil {
			t.Fatal(err)
		}
		tcp, err := net.Listen("tcp4", udp.LocalAddr().String()) //nolint:noctx // as above
		if err != nil {
			_ = udp.Close() // another port is tried
			continue
		}
		s.addr = udp.LocalAddr().String()
		s.serve = []*dns.Server{{PacketConn: udp, Handler: s}, {Listener: tcp, Handler: s}}
		break
	}
	if len(s.serve) == 0 {
		t.Fatal("no port that is free for UDP and TCP")
	}
	var running sync.WaitGroup
	for _, server := range s.serve {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		running.Go(func() { _ = server.ActivateAndServe() }) // its error is that of the end
		<-started
	}
	t.Cleanup(func() {
		for _, server := range s.serve {
			_ = server.Shutdown() // the test is over
		}
		running.Wait()
	})
	return s
}

// Addr is the server's address and port.
func (s *Server) Addr() string { return s.addr }

// Set replaces the zone.
func (s *Server) Set(zone string) {
	s.t.Helper()
	records, names := map[string][]dns.RR{}, map[string]bool{}
	parser := dns.NewZoneParser(strings.NewReader(zone), ".", "")
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		name := dns.CanonicalName(rr.Header().Name)
		key := name + " " + dns.TypeToString[rr.Header().Rrtype]
		records[key], names[name] = append(records[key], rr), true
	}
	if err := parser.Err(); err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zone, s.names = records, names
}

// Silent makes the server answer nothing, or answer again.
func (s *Server) Silent(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silent = on
}

// Asked tells how often a question came: "gw.example.net. SRV".
func (s *Server) Asked(question string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[question]
}

// ServeDNS answers one question; it implements dns.Handler.
func (s *Server) ServeDNS(w dns.ResponseWriter, m *dns.Msg) {
	reply := s.answer(m)
	if reply == nil {
		return
	}
	if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
		size := dns.MinMsgSize
		if edns := m.IsEdns0(); edns != nil {
			size = int(edns.UDPSize())
		}
		reply.Truncate(size)
	}
	_ = w.WriteMsg(reply) // who asked may have gone
}

func (s *Server) answer(m *dns.Msg) *dns.Msg {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := m.Question[0]
	name, kind := dns.CanonicalName(q.Name), dns.TypeToString[q.Qtype]
	s.asked[name+" "+kind]++
	if s.silent {
		return nil
	}
	reply := new(dns.Msg).SetReply(m)
	for range 4 {
		alias := s.zone[name+" CNAME"]
		if len(alias) == 0 {
			break
		}
		reply.Answer = append(reply.Answer, alias...)
		name = dns.CanonicalName(alias[0].(*dns.CNAME).Target)
	}
	reply.Answer = append(reply.Answer, s.zone[name+" "+kind]...)
	if !s.names[name] {
		reply.Rcode = dns.RcodeNameError
	}
	if len(reply.Answer) == 0 {
		for key, list := range s.zone {
			if strings.HasSuffix(key, " SOA") {
				reply.Ns = list
			}
		}
	}
	return reply
}
