package resolver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// ErrClosed is returned by look-ups after Close.
var ErrClosed = errors.New("the resolver is closed")

// Resolver looks names up. All its methods are safe for concurrent use.
type Resolver struct {
	// set once
	servers []string // address and port
	system  bool     // they are the system's
	timeout time.Duration
	now     func() time.Time
	pick    func(n int) int
	ctx     context.Context // of every question; Close ends it
	cancel  context.CancelFunc

	asking sync.WaitGroup // goroutines that wait for a server

	// shared, guarded by mu
	mu     sync.Mutex
	cache  map[question]*answer
	closed bool
}

// New makes a resolver; it asks nobody yet. The error names a server that is no address.
func New(cfg Config) (*Resolver, error) {
	r := &Resolver{timeout: cfg.Timeout, now: time.Now, pick: rand.IntN, cache: map[question]*answer{}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	if r.timeout <= 0 {
		r.timeout = Default().Timeout
	}
	for _, text := range cfg.Servers {
		addr, err := ParseServer(text)
		if err != nil {
			return nil, err
		}
		r.servers = append(r.servers, addr.String())
	}
	if len(r.servers) == 0 {
		r.system = true
		r.servers = systemServers()
	}
	r.servers = r.servers[:min(len(r.servers), maxServers)]
	return r, nil
}

// systemServers reads /etc/resolv.conf; none if there is none.
func systemServers() []string {
	conf, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil {
		return nil
	}
	var out []string
	for _, s := range conf.Servers {
		out = append(out, net.JoinHostPort(s, conf.Port))
	}
	return out
}

// Close ends look-ups and the questions that are on their way.
func (r *Resolver) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cancel()
	r.asking.Wait()
}

// errNoServer says that there is nobody to ask.
var errNoServer = errors.New("no name server is known")

// exchange asks one server after the other until one answers: that there is such a name, or that there is none.
func (r *Resolver) exchange(q question) (*dns.Msg, error) {
	err := errNoServer
	for _, server := range r.servers {
		var msg *dns.Msg
		if msg, err = r.exchangeWith(server, q); err == nil {
			return msg, nil
		}
	}
	return nil, err
}

// exchangeWith asks by UDP, and by TCP where the answer is too long for it.
func (r *Resolver) exchangeWith(server string, q question) (*dns.Msg, error) {
	m := new(dns.Msg)
	m.SetQuestion(q.name, q.kind)
	m.SetEdns0(maxAnswer, false)
	client := dns.Client{Net: "udp", Timeout: r.timeout, UDPSize: maxAnswer}
	msg, err := r.once(&client, m, server)
	if err == nil && msg.Truncated {
		client.Net = "tcp"
		msg, err = r.once(&client, m, server)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("name server %s: %w", server, err)
	case msg.Rcode != dns.RcodeSuccess && msg.Rcode != dns.RcodeNameError:
		return nil, fmt.Errorf("name server %s: %s", server, dns.RcodeToString[msg.Rcode])
	case len(msg.Question) != 1 || dns.CanonicalName(msg.Question[0].Name) != q.name || msg.Question[0].Qtype != q.kind:
		return nil, fmt.Errorf("name server %s answers another question", server)
	}
	return msg, nil
}

func (r *Resolver) once(client *dns.Client, m *dns.Msg, server string) (*dns.Msg, error) {
	ctx, done := context.WithTimeout(r.ctx, r.timeout)
	defer done()
	msg, _, err := client.ExchangeContext(ctx, m, server)
	return msg, err
}

// bySystem looks an address up as every program of the machine does, where the servers are the system's.
func (r *Resolver) bySystem(q question) (out []dns.RR) {
	network, isAddress := map[uint16]string{dns.TypeA: "ip4", dns.TypeAAAA: "ip6"}[q.kind]
	if !r.system || !isAddress {
		return nil
	}
	ctx, done := context.WithTimeout(r.ctx, 2*r.timeout)
	defer done()
	found, err := net.DefaultResolver.LookupNetIP(ctx, network, strings.TrimSuffix(q.name, "."))
	if err != nil {
		return nil // the name servers' answer says more
	}
	for _, a := range found[:min(len(found), maxRecords)] {
		header := dns.RR_Header{Name: q.name, Rrtype: q.kind, Class: dns.ClassINET}
		if q.kind == dns.TypeA {
			out = append(out, &dns.A{Hdr: header, A: a.Unmap().AsSlice()})
		} else {
			out = append(out, &dns.AAAA{Hdr: header, AAAA: a.AsSlice()})
		}
	}
	return out
}
