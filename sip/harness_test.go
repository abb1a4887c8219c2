package sip

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
)

// waiting is how many tests run side by side: they wait for timers more than they work.
const waiting = 16

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() == "" { // fuzzing works more than it waits
		if err := flag.Set("test.parallel", fmt.Sprint(waiting)); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// quick are the timers of all tests: 64*T1 is 1.6 s, which a busy machine keeps.
func quick() timers {
	return timers{t1: 25 * time.Millisecond, t2: 100 * time.Millisecond, t4: 125 * time.Millisecond,
		refresh: 100 * time.Millisecond, c: 400 * time.Millisecond, glare: 200 * time.Microsecond,
		message: 150 * time.Millisecond, dial: 300 * time.Millisecond, write: 300 * time.Millisecond}
}

const wait = 30 * time.Second // longest wait for anything in a test

var offer, answer = []byte("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"), []byte("v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\n")

// box collects a leg's events.
type box struct {
	t  testing.TB
	ch chan Event
}

func newBox(t testing.TB) *box { return &box{t, make(chan Event, 256)} }

func (b *box) sink(ev Event) { b.ch <- ev }

func next[E Event](b *box) E {
	b.t.Helper()
	select {
	case ev := <-b.ch:
		e, ok := ev.(E)
		if !ok {
			b.t.Fatalf("got %T %+v, want %T", ev, ev, e)
		}
		return e
	case <-time.After(wait):
		var e E
		b.t.Fatalf("no %T came", e)
		return e
	}
}

// silent fails if another event comes within d.
func (b *box) silent(d time.Duration) {
	b.t.Helper()
	select {
	case ev := <-b.ch:
		b.t.Fatalf("unexpected %T %+v", ev, ev)
	case <-time.After(d):
	}
}

// inbound is what an endpoint's Invite callback handed to the test.
type inbound struct {
	*Invite
	*box
}

// host is an endpoint under test.
type host struct {
	*Endpoint
	t       testing.TB
	invites chan inbound
	allow   atomic.Pointer[func(netip.AddrPort) bool]
	custom  atomic.Pointer[func(*Invite)] // in place of invite
	drains  atomic.Bool
}

// knowing is a Known that takes loopback addresses but 127.0.0.99.
func knowing(src netip.AddrPort) bool {
	return src.Addr().IsLoopback() && src.Addr() != netip.MustParseAddr("127.0.0.99")
}

func startHost(t testing.TB, tm timers, listen ...string) *host {
	t.Helper()
	if len(listen) == 0 {
		listen = []string{"udp://127.0.0.1:0", "tcp://127.0.0.1:0"}
	}
	h := newHost(t, tm, knowing, listen...)
	h.start()
	return h
}

// newHost makes an endpoint that start starts.
func newHost(t testing.TB, tm timers, known func(netip.AddrPort) bool, listen ...string) *host {
	t.Helper()
	h := &host{t: t, invites: make(chan inbound, 1024)}
	e, err := newEndpoint(Config{Listen: listen, DSCP: 24}, Deps{Log: zap.NewNop(), Known: known, Invite: h.invite,
		Ready: func() bool { return !h.drains.Load() }}, tm)
	if err != nil {
		t.Fatal(err)
	}
	h.Endpoint = e
	return h
}

func (h *host) start() {
	t, e := h.t, h.Endpoint
	t.Helper()
	if err := e.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		defer cancel()
		if err := e.Close(ctx); err != nil {
			t.Error(err)
		}
		if n := e.stats.legs.Load(); n != 0 {
			t.Errorf("%d legs left after Close", n)
		}
		if n := e.stats.panics.Load(); n != 0 {
			t.Errorf("%d panics", n)
		}
	})
}

func (h *host) allowOnly(f func(netip.AddrPort) bool) { h.allow.Store(&f) }

func (h *host) onInvite(f func(*Invite)) { h.custom.Store(&f) }

func (h *host) invite(inv *Invite) {
	if f := h.custom.Load(); f != nil && *f != nil {
		(*f)(inv)
		return
	}
	b := newBox(h.t)
	var allow func(netip.AddrPort) bool
	if f := h.allow.Load(); f != nil {
		allow = *f
	}
	inv.Leg.Listen(b.sink, allow)
	h.invites <- inbound{inv, b}
}

func (h *host) incoming() inbound {
	h.t.Helper()
	select {
	case in := <-h.invites:
		return in
	case <-time.After(wait):
		h.t.Fatal("no INVITE came")
		return inbound{}
	}
}

// addr is the endpoint's address for "udp" or "tcp".
func (h *host) addr(network string) string {
	for _, a := range h.Addrs() {
		if rest, ok := strings.CutPrefix(a, network+"://"); ok {
			return rest
		}
	}
	h.t.Fatal("no such listener")
	return ""
}

func (h *host) target(network string) string {
	return "sip:agent@" + h.addr(network) + ";transport=" + network
}

func (h *host) dial(target string, more ...func(*DialSpec)) (*Leg, *box) {
	h.t.Helper()
	spec := DialSpec{Target: target, From: Party{User: "+4980012345", Display: "Ann"}, Offer: offer, MaxForwards: 69}
	for _, f := range more {
		f(&spec)
	}
	b := newBox(h.t)
	g, err := h.Dial(spec, b.sink)
	if err != nil {
		h.t.Fatal(err)
	}
	return g, b
}

// peer is a hand-written SIP element on a UDP or TCP socket.
type peer struct {
	t    testing.TB
	conn net.Conn
	f    framer
	tag  string
	had  map[string]bool // final answers that response returned: they may be repeated

	secure bool // TLS
}

func newPeer(t testing.TB, network, to string, from ...string) *peer {
	t.Helper()
	d := net.Dialer{Timeout: wait}
	if len(from) > 0 {
		d.LocalAddr = &net.UDPAddr{IP: net.ParseIP(from[0])}
		if network == "tcp" {
			d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from[0])}
		}
	}
	c, err := d.Dial(network, to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &peer{t: t, conn: c, tag: newTag()}
}

func (p *peer) addr() string { return p.conn.LocalAddr().String() }

func (p *peer) network() string {
	if p.secure {
		return "TLS"
	}
	return strings.ToUpper(p.conn.LocalAddr().Network())
}

// transport is the parameter of the peer's Contact.
func (p *peer) transport() string {
	if p.network() == "UDP" {
		return ""
	}
	return ";transport=" + strings.ToLower(p.network())
}

// send writes a message whose lines end as they are written here, LF made CRLF.
func (p *peer) send(msg string) {
	p.t.Helper()
	if _, err := p.conn.Write([]byte(msg)); err != nil {
		p.t.Fatal(err)
	}
}

// msg builds a message from a start line, header lines and a body.
func msg(start string, body string, headers ...string) string {
	s := start + "\r\n" + strings.Join(headers, "\r\n") + "\r\n"
	if body != "" {
		s += "Content-Type: application/sdp\r\n"
	}
	return s + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

// call is one dialog of a peer as caller.
type call struct {
	p      *peer
	id     string
	tag    string
	toTag  string
	branch string
	target string
}

func (p *peer) call() *call {
	return &call{p: p, id: newTag(), tag: newTag(), branch: magicCookie + newTag(), target: "sip:+4980012345@127.0.0.1"}
}

func (c *call) request(method string, cseq int, branch, body string, more ...string) string {
	to := "<sip:+4980012345@127.0.0.1>"
	if c.toTag != "" {
		to += ";tag=" + c.toTag
	}
	h := []string{
		"Via: SIP/2.0/" + c.p.network() + " " + c.p.addr() + ";branch=" + branch + ";rport",
		"Max-Forwards: 70", `From: "Bob" <sip:bob@127.0.0.1>;tag=` + c.tag, "To: " + to, "Call-ID: " + c.id,
		fmt.Sprintf("CSeq: %d %s", cseq, method), "Contact: <sip:bob@" + c.p.addr() + c.p.transport() + ">",
	}
	return msg(method+" "+c.target+" SIP/2.0", body, append(h, more...)...)
}

func (c *call) invite(body string, more ...string) {
	c.p.send(c.request("INVITE", 1, c.branch, body, more...))
}

// status waits for a response to method with that status and learns the To tag from it.
func (c *call) status(method string, status int) *message {
	c.p.t.Helper()
	m := c.p.response(method, status)
	if status > 100 && m.to.tag != "" {
		c.toTag = m.to.tag
	}
	return m
}

func (c *call) ack(cseq int, body string) {
	c.p.send(c.request("ACK", cseq, magicCookie+newTag(), body))
}

func (c *call) do(method string, cseq int, body string, more ...string) {
	c.p.send(c.request(method, cseq, magicCookie+newTag(), body, more...))
}

// recv returns the next message, or nil after d.
func (p *peer) recv(d time.Duration) *message {
	p.t.Helper()
	if b := p.raw(d); b != nil {
		return p.parse(b)
	}
	return nil
}

// raw returns the next message as it came, or nil after d.
func (p *peer) raw(d time.Duration) []byte {
	p.t.Helper()
	buf := make([]byte, 65536)
	_ = p.conn.SetReadDeadline(time.Now().Add(d))
	if p.network() == "UDP" {
		n, err := p.conn.Read(buf)
		if err != nil {
			return nil
		}
		return buf[:n]
	}
	for {
		b, err := p.f.next()
		if err != nil {
			p.t.Fatal(err)
		}
		if b != nil {
			return b
		}
		n, err := p.conn.Read(buf)
		if err != nil {
			return nil
		}
		p.f.write(buf[:n])
	}
}

func (p *peer) parse(b []byte) *message {
	p.t.Helper()
	m, flt := parse(b)
	if flt != nil {
		p.t.Fatalf("we sent a bad message: %v\n%s", flt, b)
	}
	if strings.Contains(string(b), "0.0.0.0") {
		p.t.Fatalf("0.0.0.0 in\n%s", b)
	}
	return m
}

// response skips everything until a response to method of that status.
func (p *peer) response(method string, status int) *message {
	p.t.Helper()
	deadline := time.Now().Add(wait)
	for time.Now().Before(deadline) {
		m := p.recv(time.Until(deadline))
		if m == nil || m.cseqMethod != method {
			continue
		}
		key := fmt.Sprint(m.status, m.callID, m.cseq, m.branch())
		if m.status == status {
			if p.had == nil {
				p.had = make(map[string]bool)
			}
			p.had[key] = true
			return m
		}
		if m.status >= 200 && !p.had[key] {
			p.t.Fatalf("got %d to %s, want %d", m.status, method, status)
		}
	}
	p.t.Fatalf("no %d to %s came", status, method)
	return nil
}

// request skips everything until a request of that method.
func (p *peer) request(method string) *message {
	p.t.Helper()
	deadline := time.Now().Add(wait)
	for time.Now().Before(deadline) {
		if m := p.recv(time.Until(deadline)); m != nil && m.method == method {
			return m
		}
	}
	p.t.Fatalf("no %s came", method)
	return nil
}

// none fails if a message comes within d.
func (p *peer) none(d time.Duration) {
	p.t.Helper()
	if m := p.recv(d); m != nil {
		p.t.Fatalf("unexpected %s%d %s", m.method, m.status, m.cseqMethod)
	}
}

// reply answers a request that came to the peer.
func (p *peer) reply(m *message, status int, tag, body string, more ...string) {
	p.t.Helper()
	to := m.to.text
	if m.to.tag == "" && tag != "" {
		to += ";tag=" + tag
	}
	var h []string
	for _, v := range m.list("via") {
		h = append(h, "Via: "+v)
	}
	h = append(h, "From: "+m.from.text, "To: "+to, "Call-ID: "+m.callID, "CSeq: "+m.cseqText(),
		"Contact: <sip:agent@"+p.addr()+p.transport()+">")
	p.send(msg(fmt.Sprintf("SIP/2.0 %d X", status), body, append(h, more...)...))
}

// phone is a UDP peer that a host can dial.
func newPhone(t testing.TB, h *host) (*peer, string) {
	p := newPeer(t, "udp", h.addr("udp"))
	return p, "sip:agent@" + p.addr()
}

// establish makes a confirmed call from the peer to h.
func (p *peer) establish(h *host) (*call, inbound) {
	p.t.Helper()
	c := p.call()
	c.invite(string(offer))
	in := h.incoming()
	if err := in.Leg.Answer(answer); err != nil {
		p.t.Fatal(err)
	}
	c.status("INVITE", 200)
	c.ack(1, "")
	next[Confirmed](in.box)
	return c, in
}

// eventually waits for a state of the endpoint that no message tells of.
func eventually(t testing.TB, what string, ready func() bool) {
	t.Helper()
	deadline := time.Now().Add(wait)
	for !ready() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(time.Millisecond) // sockets have no clock to drive
	}
}
