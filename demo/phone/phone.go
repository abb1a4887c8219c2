package phone

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Phone is one telephone with one signalling socket.
type Phone struct {
	// User is the user part of the phone's own address.
	User string
	// OnCall decides what to do with a call that comes in; nil answers at once.
	OnCall func(*Call) Answer
	// Network, if set before Start, takes the RTP packets of all the phone's calls in
	// place of the socket: it may delay, reorder, repeat or drop what it hands to send.
	Network func(packet []byte, send func([]byte))
	// OnAnswered is told of each incoming call once its ACK is there, on a goroutine of its own.
	OnAnswered func(*Call)

	conn *net.UDPConn
	addr netip.AddrPort
	done chan struct{}

	mu    sync.Mutex
	calls map[string]*Call // by Call-ID
	seen  []string         // start lines of requests received

	registrations map[string]*registration // by Call-ID
}

// Answer is what a phone does with a call that comes in.
type Answer struct {
	Status  int           // 200 answers; 3xx to 6xx refuses; 0 rings for ever
	Contact string        // of a 3xx
	Early   bool          // 183 with SDP and audio before the answer
	After   time.Duration // ring so long before
	Codec   string        // PCMU or PCMA; "" is PCMU
	Coder   *Coder        // another codec; nil for none
	Voice   Voice         // what it says; nil is silence
	Crypto  string        // the suite that audio is encrypted with; "" for plain
}

// New opens a phone on addr, a free port of it.
func New(addr netip.Addr, user string) (*Phone, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return nil, fmt.Errorf("phone %s: %w", user, err)
	}
	p := &Phone{User: user, conn: conn, done: make(chan struct{}), calls: map[string]*Call{}, registrations: map[string]*registration{}}
	p.addr = conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return p, nil
}

// Start begins to listen; User, OnCall and OnAnswered are set before.
func (p *Phone) Start() { go p.read() }

// Addr is the phone's signalling address.
func (p *Phone) Addr() netip.AddrPort { return p.addr }

// URI is what others dial to reach the phone.
func (p *Phone) URI() string { return fmt.Sprintf("sip:%s@%s", p.User, p.addr) }

// Seen lists the start lines of all requests that came in, oldest first.
func (p *Phone) Seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.seen...)
}

// Close drops all calls without a word and closes the sockets.
func (p *Phone) Close() {
	_ = p.conn.Close() // a UDP socket has nothing to lose
	<-p.done
	p.mu.Lock()
	calls := make([]*Call, 0, len(p.calls))
	for _, c := range p.calls {
		calls = append(calls, c)
	}
	p.mu.Unlock()
	for _, c := range calls {
		c.over()
	}
}

// read serves the signalling socket until Close.
func (p *Phone) read() {
	defer close(p.done)
	buffer := make([]byte, 65535)
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		if m, ok := parse(buffer[:n]); ok {
			p.handle(m, from)
		}
	}
}

func (p *Phone) handle(m message, from netip.AddrPort) {
	c := p.call(m.get("call-id"))
	switch {
	case m.status() != 0:
		if c != nil {
			c.onResponse(m)
		} else {
			p.onRegistered(m)
		}
		return
	case m.method() != "ACK":
		p.mu.Lock()
		p.seen = append(p.seen, m.start)
		p.mu.Unlock()
	}
	switch {
	case c != nil:
		c.onRequest(m)
	case m.method() == "INVITE":
		p.incoming(m, from)
	case m.method() == "OPTIONS":
		p.send(m.reply(200, "OK", token(), nil, ""), from)
	case m.method() != "ACK":
		p.send(m.reply(481, "Call/Transaction Does Not Exist", token(), nil, ""), from)
	}
}

// onRegistered hands an answer to the REGISTER that waits for it.
func (p *Phone) onRegistered(m message) {
	p.mu.Lock()
	r := p.registrations[m.get("call-id")]
	p.mu.Unlock()
	if r != nil {
		select {
		case r.answers <- m:
		default: // nobody waits any more
		}
	}
}

func (p *Phone) call(id string) *Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[id]
}

func (p *Phone) keep(c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[c.id] = c
}

// send writes one datagram; what a broken network loses is repeated by whoever
// waits for it.
func (p *Phone) send(b []byte, to netip.AddrPort) {
	_, _ = p.conn.WriteToUDPAddrPort(b, to) // as said: repeated
}

// incoming takes a new call, and rings, answers or refuses as OnCall says.
func (p *Phone) incoming(m message, from netip.AddrPort) {
	c, err := p.newCall(m.get("call-id"), from)
	if err != nil {
		p.send(m.reply(500, "Server Internal Error", token(), nil, ""), from)
		return
	}
	c.invite, c.incoming = m, true
	c.target, c.local, c.remote = uriOf(m.get("contact")), m.get("to")+";tag="+c.tag, m.get("from")
	p.keep(c)
	answer := Answer{Status: 200}
	if p.OnCall != nil {
		answer = p.OnCall(c)
	}
	go c.ring(answer)
}

// token is a random word for tags, branches and Call-IDs.
func token() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}
