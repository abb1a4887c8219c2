package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Engine receives and sends the media of all calls. Its methods are safe for concurrent use.
type Engine struct {
	// set once
	log     *zap.Logger
	bind    netip.Addr // where ports are opened
	public  netip.Addr // what SDP says
	routes  *routes    // of a wildcard without a public address: what SDP says depends on the peer; else nil
	dscp    int
	jitter  jitterConfig
	ports   *portPool
	io      string // the way to the kernel
	drivers []*driver

	started atomic.Bool
	closing sync.Once
	next    atomic.Uint32 // the driver of the next session
}

// New checks the configuration and makes an engine with one driver for each processor. Nothing runs before Start.
func New(config Config, log *zap.Logger) (*Engine, error) {
	first, last, err := parsePorts(config.Ports)
	if err != nil {
		return nil, err
	}
	bind, err := netip.ParseAddr(config.Address)
	if err != nil {
		return nil, fmt.Errorf("media.address %q: want an IP address", config.Address)
	}
	if io := config.IO; io != "" && io != IOAuto && io != IOURing && io != IOEpoll {
		return nil, fmt.Errorf("media.io %q: want %s, %s or %s", io, IOAuto, IOURing, IOEpoll)
	}
	e := &Engine{log: log, bind: bind.Unmap(), dscp: config.DSCP, ports: newPortPool(first, last), io: config.IO, jitter: boundsOf(config.Jitter)}
	if e.public, err = publicAddress(config.PublicAddress, e.bind); err != nil {
		return nil, err
	}
	if config.PublicAddress == "" && e.bind.IsUnspecified() {
		e.routes = &routes{}
	}
	drivers := config.Drivers
	if drivers == 0 {
		drivers = brought.others()
	}
	for range drivers {
		d, err := newDriver(log, e.ports)
		if err != nil {
			e.discard()
			return nil, fmt.Errorf("start media: %w", err)
		}
		e.drivers = append(e.drivers, d)
	}
	return e, nil
}

// publicAddress returns the address that SDP says: the one given, or the bound one, or for a wildcard the one from
// which this host reaches others.
func publicAddress(given string, bind netip.Addr) (netip.Addr, error) {
	if given != "" {
		a, err := netip.ParseAddr(given)
		if err != nil || a.IsUnspecified() {
			return netip.Addr{}, fmt.Errorf("media.public_address %q: want the IP address that peers reach", given)
		}
		return a.Unmap(), nil
	}
	if !bind.IsUnspecified() {
		return bind, nil
	}
	return routed(bind), nil
}

// routed asks the kernel which local address a packet to a public one would leave by; nothing is sent. Without a route
// there is only loopback.
func routed(bind netip.Addr) netip.Addr {
	loopback, probe := netip.AddrFrom4([4]byte{127, 0, 0, 1}), "192.0.2.1:9" // RFC 5737
	if bind.Is6() {
		loopback, probe = netip.IPv6Loopback(), "[2001:db8::1]:9" // RFC 3849
	}
	conn, err := net.Dial("udp", probe)
	if err != nil {
		return loopback
	}
	defer conn.Close()
	if local, ok := conn.LocalAddr().(*net.UDPAddr); ok && !local.IP.IsUnspecified() {
		return local.AddrPort().Addr().Unmap()
	}
	return loopback
}

// discard closes what drivers hold that never ran.
func (e *Engine) discard() {
	for _, d := range e.drivers {
		d.mail.close()
		d.nudge.close()
	}
}

// Start starts the drivers. It is called once.
func (e *Engine) Start() error {
	if e.started.Swap(true) {
		return fmt.Errorf("start media: %w", ErrClosed)
	}
	brought.add(len(e.drivers) + 1)
	opened := make(chan error, len(e.drivers))
	for _, d := range e.drivers {
		go d.run(e.io, opened) // ends with Close, which waits for it
	}
	var err error
	for range e.drivers {
		err = errors.Join(err, <-opened)
	}
	if err != nil {
		e.Close()
		return fmt.Errorf("start media: %w", err)
	}
	return nil
}

// Close ends all sessions and waits for the drivers.
func (e *Engine) Close() {
	e.closing.Do(func() {
		if !e.started.Swap(true) {
			e.discard()
			for _, d := range e.drivers {
				close(d.ended)
			}
		} else {
			defer brought.add(-len(e.drivers) - 1)
		}
		for _, d := range e.drivers {
			d.mail.post(func() { d.stopped = true })
		}
		for _, d := range e.drivers {
			<-d.ended
		}
	})
}

// Stats returns the figures of all sessions, past and present. It waits for the drivers.
func (e *Engine) Stats() Stats {
	var sum Stats
	for _, d := range e.drivers {
		var one Stats
		d.call(func() { one = d.stats() })
		sum.Sessions += one.Sessions
		sum.Received += one.Received
		sum.Sent += one.Sent
		sum.Strangers += one.Strangers
		sum.Rejected += one.Rejected
		sum.Unsent += one.Unsent
		sum.Panics += one.Panics
	}
	sum.PortsInUse, sum.PortsResting, sum.PortsFree = e.ports.count(time.Now())
	return sum
}

// call runs f on the driver and waits for it. It is false if the driver has ended.
func (d *driver) call(f func()) bool {
	done := make(chan struct{})
	if !d.mail.post(func() { defer close(done); f() }) {
		return false
	}
	select {
	case <-done:
	case <-d.ended:
		select {
		case <-done:
		default:
			return false
		}
	}
	return true
}

// NewSession makes the media of one call. The driver with the next number takes it.
func (e *Engine) NewSession(config SessionConfig) *Session {
	s := &Session{engine: e, driver: e.drivers[int(e.next.Add(1))%len(e.drivers)]}
	s.driver.mail.post(func() { s.driver.begin(s, config) })
	return s
}

// openPorts binds a pair of ports. Pairs that something else holds are passed over.
func (e *Engine) openPorts() (*sockets, error) {
	const tries = 16
	now := time.Now()
	var last error
	for range tries {
		number, err := e.ports.take(now)
		if err != nil {
			return nil, err
		}
		pair, err := e.openPair(number)
		if err == nil {
			return &sockets{pair: pair, number: number, tag: -1}, nil
		}
		e.ports.give(number, now.Add(portRest))
		last = err
	}
	return nil, fmt.Errorf("%w: %w", ErrNoPorts, last)
}

func (e *Engine) openPair(number uint16) (pair [2]*socket, err error) {
	for p := range pair {
		pair[p], err = listenUDP(netip.AddrPortFrom(e.bind, number+uint16(p)), e.dscp)
		if err != nil {
			if p > 0 {
				pair[0].close()
			}
			return pair, err
		}
	}
	return pair, nil
}
