package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// tcpListener accepts connections; its port stands in Via and Contact of everything that we send over TCP, or TLS.
type tcpListener struct {
	ln     net.Listener
	local  netip.AddrPort
	names  *names
	secure bool // TLS
}

// conns are all TCP connections, accepted and dialled, TLS or not.
type conns struct {
	mu       sync.Mutex
	by       map[connKey]*tcpConn
	perHost  map[netip.Addr]int // accepted ones
	unproven int                // those of addresses that nobody knows
	closing  bool
}

// connKey is what a connection can be used for again: over TLS, only what was dialled for the same name.
type connKey struct {
	remote netip.AddrPort
	secure bool
	host   string // whose certificate was asked for; "" for accepted connections, and without TLS
}

// tcpConn is one connection. A reader and a writer goroutine serve it.
type tcpConn struct {
	// set once
	ep       *Endpoint
	via      *tcpListener
	remote   netip.AddrPort
	host     string // as in connKey
	accepted bool
	out      chan outgoing
	done     chan struct{} // closed by close

	// owned by read
	names []string // that the peer's certificate proves

	unproven bool // guarded by conns.mu; counted there

	mu       sync.Mutex
	nc       net.Conn // below TLS; nil while dialling
	ended    bool
	watchers map[*clientTx]func()
}

type outgoing struct {
	data   []byte
	failed func()
	last   bool // the connection ends behind it
}

var errTooMany = errors.New("too many connections")

func (e *Endpoint) listenTCP(addr netip.AddrPort, secure bool) error {
	ln, err := e.listenConfig().Listen(e.ctx, network("tcp", addr), addr.String())
	if err != nil {
		return err
	}
	local := ln.Addr().(*net.TCPAddr).AddrPort()
	if !secure || e.cfg.TLS.ClientCA == "" { // else a certificate may come from anywhere
		raw, err := ln.(*net.TCPListener).SyscallConn()
		if err != nil {
			return err
		}
		e.screen.guard(raw)
	}
	e.tcp = append(e.tcp, &tcpListener{ln: ln, local: unmap(local), names: e.names, secure: secure})
	return nil
}

// serveTCP accepts until the listener is closed. Strangers are closed before a byte is read, but where a certificate
// may show that they are none.
func (e *Endpoint) serveTCP(l *tcpListener) {
	defer e.readers.Done()
	for {
		nc, err := l.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			e.stats.readErrors.Add(1)
			e.log.quiet(noteRead, "tcp accept failed", err)
			select {
			case <-e.ctx.Done():
				return
			case <-time.After(10 * time.Millisecond): // out of descriptors: wait for some
			}
			continue
		}
		e.accept(l, nc)
	}
}

func (e *Endpoint) accept(l *tcpListener, nc net.Conn) {
	defer e.guard("accept", func() { _ = nc.Close() }) // the connection is of no use any more
	addr, ok := nc.RemoteAddr().(*net.TCPAddr)
	src := netip.AddrPort{}
	if ok {
		src = unmap(addr.AddrPort())
	}
	heard := ok && (e.deps.Known(src) || e.dialled.has(src.Addr()) || e.door.hears(src.Addr(), nil))
	if !ok || !heard && !(l.secure && e.certs.current().clients != nil) {
		e.stats.unknown.Add(1)
		_ = nc.Close() // a stranger
		return
	}
	c := e.newConn(l, src, "")
	c.nc, c.accepted, c.unproven = nc, true, !heard
	if err := e.conns.add(c, c.stranger()); err != nil {
		e.log.quiet(noteRead, "tcp connection refused", err)
		_ = nc.Close() // beyond the bounds
		return
	}
	e.readers.Add(2)
	if l.secure {
		nc = tls.Server(nc, e.certs.server())
	}
	go c.read(nc)
	go c.serveWrites(nc)
}

func (e *Endpoint) newConn(l *tcpListener, remote netip.AddrPort, host string) *tcpConn {
	return &tcpConn{ep: e, via: l, remote: remote, host: host, out: make(chan outgoing, maxWrites),
		done: make(chan struct{}), watchers: make(map[*clientTx]func())}
}

func (c *tcpConn) key() connKey { return connKey{c.remote, c.via.secure, c.host} }

// add enters a connection, within the bounds. Strangers leave half of them to those that we know.
func (cs *conns) add(c *tcpConn, stranger bool) error {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if stranger && len(cs.by) >= maxConns/2 {
		return errTooMany
	}
	return cs.enter(c)
}

// enter needs mu.
func (cs *conns) enter(c *tcpConn) error {
	if cs.closing || len(cs.by) >= maxConns {
		return errTooMany
	}
	if c.accepted {
		if cs.perHost[c.remote.Addr()] >= maxConnsPerHost {
			return errTooMany
		}
		if c.unproven && cs.unproven >= maxUnproven {
			return errTooMany
		}
		cs.perHost[c.remote.Addr()]++
		if c.unproven {
			cs.unproven++
		}
	}
	cs.by[c.key()] = c
	return nil
}

func (cs *conns) remove(c *tcpConn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.by[c.key()] == c {
		delete(cs.by, c.key())
	}
	if c.unproven {
		cs.unproven--
	}
	if c.accepted {
		if cs.perHost[c.remote.Addr()]--; cs.perHost[c.remote.Addr()] <= 0 {
			delete(cs.perHost, c.remote.Addr())
		}
	}
}

// prove reports whether c may stay: it was known when it came, or it is now.
func (cs *conns) prove(c *tcpConn, certified bool) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c.unproven && certified {
		c.unproven = false
		cs.unproven--
	}
	return !c.unproven
}

// connect returns the connection to addr, or begins one; over TLS, with a peer that proves to be host. It does not wait
// for it; messages wait in it.
func (e *Endpoint) connect(l *tcpListener, addr netip.AddrPort, host string) *tcpConn {
	e.conns.mu.Lock()
	defer e.conns.mu.Unlock()
	c := e.newConn(l, addr, "")
	if l.secure {
		c.host = host
	}
	if old := e.conns.by[c.key()]; old != nil && !old.closed() {
		return old
	}
	if err := e.conns.enter(c); err != nil {
		e.log.quiet(noteSend, "tcp connection not opened", err)
		c.ended = true
		return c
	}
	e.readers.Add(1)
	go c.dial()
	return c
}

// dial connects and then writes.
func (c *tcpConn) dial() {
	defer c.ep.readers.Done()
	defer c.ep.guard("tcp dial", c.close)
	ctx, cancel := context.WithTimeout(c.ep.ctx, c.ep.tm.dial)
	defer cancel()
	nc, err := c.ep.dialer(c.via.local).DialContext(ctx, "tcp", c.remote.String())
	if err != nil {
		c.ep.log.quiet(noteSend, "tcp connect failed", err)
		c.close()
		return
	}
	c.mu.Lock()
	if c.ended {
		_ = nc.Close() // closed while dialling
	}
	c.nc = nc
	c.mu.Unlock()
	if c.via.secure {
		secured := tls.Client(nc, c.ep.certs.client(c.host))
		if err := secured.HandshakeContext(ctx); err != nil {
			c.ep.log.quiet(noteSend, "tls handshake failed", fmt.Errorf("with %s at %s: %w", c.host, c.remote, err))
			c.close()
			return
		}
		nc, c.names = secured, []string{strings.ToLower(c.host)}
	}
	c.ep.readers.Add(1)
	go c.read(nc)
	c.writeLoop(nc)
}

// write queues one message. A connection that is gone, or that does not take its messages, fails it.
func (c *tcpConn) write(b []byte, failed func()) {
	c.queue(outgoing{data: b, failed: failed})
}

// queue needs room in out; without it, the connection ends.
func (c *tcpConn) queue(o outgoing) {
	c.mu.Lock()
	if !c.ended {
		select {
		case c.out <- o:
			c.mu.Unlock()
			return
		default:
		}
	}
	c.mu.Unlock()
	c.close()
	if o.failed != nil {
		o.failed()
	}
}

// end closes the connection behind what waits to be written, and returns when it is closed.
func (c *tcpConn) end() {
	c.queue(outgoing{last: true})
	<-c.done
}

// serveWrites is the writer of an accepted connection.
func (c *tcpConn) serveWrites(nc net.Conn) {
	defer c.ep.readers.Done()
	defer c.ep.guard("tcp writer", c.close)
	c.writeLoop(nc)
}

// writeLoop writes what is queued until the connection ends.
func (c *tcpConn) writeLoop(nc net.Conn) {
	for {
		select {
		case <-c.done:
			return
		case o := <-c.out:
			if o.last {
				c.close()
				return
			}
			_ = nc.SetWriteDeadline(time.Now().Add(c.ep.tm.write)) // its error is the next write's too
			if _, err := nc.Write(o.data); err != nil {
				if o.failed != nil {
					o.failed()
				}
				c.close()
				return
			}
		}
	}
}

// read takes messages until the connection ends. A begun message must end in time, and so must the first one; and a
// stranger must prove in time who it is.
func (c *tcpConn) read(nc net.Conn) {
	defer c.ep.readers.Done()
	defer c.ep.guard("tcp reader", c.close)
	defer c.close()
	if err := c.prove(nc); err != nil {
		c.ep.stats.handshakes.Add(1)
		c.ep.log.quiet(noteRead, "tls connection refused", fmt.Errorf("of %s: %w", c.remote, err))
		return
	}
	var f framer
	buf := make([]byte, 8192)
	fresh, armed := c.accepted, false // no message yet, or nobody that we know; a deadline is set
	spoken := false                   // a message came
	for {
		if need := fresh || f.partial(); need != armed {
			armed = need
			deadline := time.Time{}
			if need {
				deadline = time.Now().Add(c.ep.tm.message)
			}
			_ = nc.SetReadDeadline(deadline) // its error is the next read's too
		}
		n, err := nc.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) && spoken && fresh && !f.partial() && !c.stranger() {
			fresh = false // it has proven itself meanwhile
			continue
		}
		if err != nil {
			return
		}
		f.write(buf[:n])
		got, err := c.drain(&f)
		if err != nil {
			c.ep.stats.malformed.Add(1)
			c.ep.log.quiet(noteParse, "tcp stream refused", err)
			if errors.Is(err, errFrameLength) {
				c.message(f.buf) // it is refused, as its length is bad
				c.end()
			}
			return
		}
		if got {
			spoken, fresh, armed = true, c.stranger(), false
			_ = nc.SetReadDeadline(time.Time{}) // its error is the next read's too
		}
	}
}

// drain hands on every whole message and reports whether there was one.
func (c *tcpConn) drain(f *framer) (got bool, err error) {
	for {
		msg, err := f.next()
		if err != nil || msg == nil {
			if f.pong() {
				c.write([]byte("\r\n"), nil)
			}
			return got, err
		}
		got = true
		c.message(msg)
	}
}

// stranger reports whether who connected to us has proven nothing yet.
func (c *tcpConn) stranger() bool {
	return c.accepted && !c.ep.deps.Known(c.remote) && !c.ep.dialled.has(c.remote.Addr()) && !c.ep.certified(c.names)
}

func (c *tcpConn) message(b []byte) {
	defer c.ep.guard("tcp message", nil)
	known := c.ep.deps.Known(c.remote) || c.ep.certified(c.names)
	if !known && !c.ep.dialled.has(c.remote.Addr()) && c.accepted && !c.ep.door.hears(c.remote.Addr(), b) {
		c.ep.stats.unknown.Add(1)
		return
	}
	c.ep.receive(b, hop{tcp: c.via, conn: c, addr: c.remote}, c.remote, known)
}

func (c *tcpConn) closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// watch asks for f when the connection ends.
func (c *tcpConn) watch(tx *clientTx, f func()) {
	c.mu.Lock()
	ended := c.ended
	if !ended {
		c.watchers[tx] = f
	}
	c.mu.Unlock()
	if ended {
		f()
	}
}

func (c *tcpConn) unwatch(tx *clientTx) {
	c.mu.Lock()
	delete(c.watchers, tx)
	c.mu.Unlock()
}

// close ends the connection and tells who waits for it. It may be called more than once.
func (c *tcpConn) close() {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return
	}
	c.ended = true
	watchers := c.watchers
	c.watchers = make(map[*clientTx]func())
	if c.nc != nil {
		_ = c.nc.Close() // we are done with it either way
	}
	close(c.done)
	c.mu.Unlock()
	c.ep.conns.remove(c)
	for _, f := range watchers {
		f()
	}
}
