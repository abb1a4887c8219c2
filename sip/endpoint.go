package sip

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"

	"assent/auth"
	"assent/ladder"
	"assent/resolver"
)

// Deps are what the endpoint needs of the rest of the program. All of them may be called concurrently.
type Deps struct {
	Log *zap.Logger
	// Known reports whether src may open dialogs. It is asked for each datagram before anything is parsed, and for
	// TCP when a connection is accepted and for each message; an unknown source gets silence.
	Known func(src netip.AddrPort) bool
	// Certified reports whether a peer that has proved one of names by certificate may open dialogs, wherever it
	// is. nil: nobody may.
	Certified func(names []string) bool
	// Networks are those in which Known and Certified may say yes, for the kernel to drop all else; nil: anywhere.
	// It is asked at Start and by NetworksChanged.
	Networks func() []netip.Prefix
	// Invite is called for each new inbound call, in order within a Call-ID. It must not block, and calls
	// Invite.Leg.Listen before it returns.
	Invite func(*Invite)
	// Ladder keeps what is said in each call; nil keeps nothing.
	Ladder *ladder.Book
	// Ready answers OPTIONS: 200 if true, else 503. nil is always ready.
	Ready func() bool
	// Accounts are those who prove by digest who they are; nil: nobody may.
	Accounts Accounts
	// Registrar takes the REGISTERs of stations; nil: none is taken.
	Registrar Registrar
}

// Endpoint is the SIP side of the product: its sockets, and every dialog over them.
type Endpoint struct {
	// set once
	cfg    Config
	deps   Deps
	tm     timers
	log    *notes
	names  *names
	dns    *resolver.Resolver
	door   *door
	certs  *credentials
	screen *screen
	disp   *dispatcher
	seed   maphash.Seed // of stateless To tags

	// set by Start
	ctx    context.Context
	cancel context.CancelFunc
	udp    []*udpSocket
	tcp    []*tcpListener

	// shared
	stats   counters
	dialled dialled
	conns   conns
	pending atomic.Int64 // client transactions without a final answer

	enrollers atomic.Int64   // registrations of ours
	readers   sync.WaitGroup // goroutines of sockets and look-ups
	closing   atomic.Bool
}

// New checks the configuration. Nothing listens before Start.
func New(cfg Config, deps Deps) (*Endpoint, error) { return newEndpoint(cfg, deps, defaultTimers()) }

func newEndpoint(cfg Config, deps Deps, tm timers) (*Endpoint, error) {
	if deps.Known == nil || deps.Invite == nil {
		return nil, errors.New("sip: Deps.Known and Deps.Invite are needed")
	}
	if len(cfg.Listen) == 0 {
		return nil, errors.New("sip: listen is empty; want at least one address, like udp://0.0.0.0:5060")
	}
	secure := false
	for _, s := range cfg.Listen {
		network, _, err := ParseListen(s)
		if err != nil {
			return nil, err
		}
		secure = secure || network == "tls"
	}
	if cfg.DSCP < 0 || cfg.DSCP > 63 {
		return nil, fmt.Errorf("sip: dscp %d is not a code point; want 0 to 63", cfg.DSCP)
	}
	if deps.Log == nil {
		deps.Log = zap.NewNop()
	}
	dns, err := resolver.New(cfg.DNS)
	if err != nil {
		return nil, fmt.Errorf("sip: dns: %w", err)
	}
	e := &Endpoint{cfg: cfg, deps: deps, tm: tm, dns: dns, log: &notes{log: deps.Log}, names: newNames(cfg.PublicAddress),
		door: &door{accounts: deps.Accounts, registrar: deps.Registrar, guard: auth.NewGuard(cfg.Realm, cfg.Digest)},
		disp: newDispatcher(), seed: maphash.MakeSeed()}
	e.certs = &credentials{files: cfg.TLS, log: e.log}
	if err := e.certs.reload(); err != nil {
		return nil, fmt.Errorf("sip: tls: %w", err)
	}
	if secure && e.certs.now == nil {
		return nil, errors.New("sip: tls:// needs a certificate; want sip.tls.certificate and sip.tls.key")
	}
	e.screen = &screen{log: e.log, beside: make(map[netip.Addr]struct{})}
	if cfg.SocketFilter {
		e.screen.networks = deps.Networks
	}
	e.dialled.n, e.dialled.screen = make(map[netip.Addr]int), e.screen
	e.conns.by = make(map[connKey]*tcpConn)
	e.conns.perHost = make(map[netip.Addr]int)
	return e, nil
}

// Start opens all listeners, or none, and serves them until Close. The context's end stops only the opening.
func (e *Endpoint) Start(ctx context.Context) error {
	e.ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, s := range e.cfg.Listen {
		if err := errors.Join(ctx.Err(), e.listen(s)); err != nil {
			e.closeSockets()
			return fmt.Errorf("listen on %s: %w", s, err)
		}
	}
	e.screen.update()
	e.readers.Add(len(e.udp) + len(e.tcp))
	for _, s := range e.udp {
		go e.serveUDP(s)
	}
	for _, l := range e.tcp {
		go e.serveTCP(l)
	}
	return nil
}

func (e *Endpoint) listen(s string) error {
	network, addr, err := ParseListen(s)
	if err != nil {
		return err
	}
	if network == "udp" {
		return e.listenUDP(addr)
	}
	return e.listenTCP(addr, network == "tls")
}

// NetworksChanged tells the kernel what Deps.Networks is now. It is called when Known has changed.
func (e *Endpoint) NetworksChanged() { e.screen.update() }

// ReloadCertificates reads the files of Config.TLS again, for connections to come. On an error the ones before stay.
func (e *Endpoint) ReloadCertificates() error {
	if err := e.certs.reload(); err != nil {
		return fmt.Errorf("sip.tls: %w", err)
	}
	return nil
}

// Addrs lists what is listened on, as "udp://127.0.0.1:5060", port 0 resolved, in the order of the configuration's
// UDP entries, and then of its TCP and TLS ones.
func (e *Endpoint) Addrs() []string {
	var out []string
	for _, s := range e.udp {
		out = append(out, "udp://"+s.local.String())
	}
	for _, l := range e.tcp {
		scheme := "tcp://"
		if l.secure {
			scheme = "tls://"
		}
		out = append(out, scheme+l.local.String())
	}
	return out
}

// Close hangs up every leg, waits until the peers have answered or ctx ends, and closes the sockets. Every leg has
// had its Ended when it returns.
func (e *Endpoint) Close(ctx context.Context) error {
	if e.ctx == nil || !e.closing.CompareAndSwap(false, true) {
		return nil
	}
	e.disp.each(func(l *lane) {
		for _, leg := range l.legs {
			leg.hangup(Cause{Status: 503})
		}
		if l.enroller != nil {
			l.enroller.stop()
		}
		for _, tx := range l.clients {
			if tx.req.method == "OPTIONS" { // nobody needs its answer any more
				tx.abandon()
			}
		}
	})
	err := e.settle(ctx)
	e.cancel()
	e.closeSockets()
	e.disp.close() // first: lanes start dials and look-ups
	e.readers.Wait()
	e.dns.Close()
	return err
}

// settle waits until no leg is left and no request of ours is unanswered.
func (e *Endpoint) settle(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for e.pending.Load() > 0 || e.stats.legs.Load() > 0 || e.enrollers.Load() > 0 {
		select {
		case <-ctx.Done():
			return fmt.Errorf("sip: closed before every peer had answered: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
	return nil
}

func (e *Endpoint) closeSockets() {
	for _, s := range e.udp {
		_ = s.conn.Close() // nothing of it is of use any more
	}
	for _, l := range e.tcp {
		_ = l.ln.Close() // as above
	}
	e.conns.mu.Lock()
	e.conns.closing = true
	open := make([]*tcpConn, 0, len(e.conns.by))
	for _, c := range e.conns.by {
		open = append(open, c)
	}
	e.conns.mu.Unlock()
	for _, c := range open {
		c.close()
	}
}

func (e *Endpoint) listenConfig() *net.ListenConfig {
	lc := &net.ListenConfig{Control: e.mark}
	lc.SetMultipathTCP(false) // its sockets take no filter
	return lc
}

// dialer connects from the address that is listened on, where it is one: peers know us by it.
func (e *Endpoint) dialer(local netip.AddrPort) *net.Dialer {
	d := &net.Dialer{Control: e.mark}
	if !local.Addr().IsUnspecified() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(local.Addr(), 0))
	}
	return d
}

// mark sets the DSCP of a socket, where its family has it.
func (e *Endpoint) mark(_, _ string, c syscall.RawConn) error {
	tos := e.cfg.DSCP << 2
	return c.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_TOS, tos)        // fails on IPv6 only
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_TCLASS, tos) // fails on IPv4
	})
}
