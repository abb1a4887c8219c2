package sip

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// tcpListener accepts connections; its port stands in Via and Contact of everything that we send over TCP.
type tcpListener struct {
	ln    net.Listener
	local netip.AddrPort
	names *names
}

// conns are all TCP connections, accepted and dialled, by remote address.
type conns struct {
	mu      sync.Mutex
	by      map[netip.AddrPort]*tcpConn
	perHost map[netip.Addr]int // accepted ones
	closing bool
}

// tcpConn is one connection. A reader and a writer goroutine serve it.
type tcpConn struct {
	ep       *Endpoint
	via      *tcpListener
	remote   netip.AddrPort
	accepted bool
	out      chan outgoing
	done     chan struct{} // closed by close

	mu       sync.Mutex
	nc       net.Conn // nil while dialling
	ended    bool
	watchers map[*clientTx]func()
}

type outgoing struct {
	data   []byte
	failed func()
	last   bool // the connection ends behind it
}

var errTooMany = errors.New("too many connections")

func (e *Endpoint) listenTCP(addr netip.AddrPort) error {
	ln, err := e.listenConfig().Listen(e.ctx, network("tcp", addr), addr.String())
	if err != nil {
		return err
	}
	local := ln.Addr().(*net.TCPAddr).AddrPort()
	e.tcp = append(e.tcp, &tcpListener{ln: ln, local: unmap(local), names: e.names})
	return nil
}

// serveTCP accepts until the listener is closed. Strangers are closed before a byte is read.
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
	if !ok || !e.deps.Known(src) && !e.dialled.has(src.Addr()) && !e.door.hears(src.Addr(), nil) {
		e.stats.unknown.Add(1)
		_ = nc.Close() // a stranger
		return
	}
	c := e.newConn(l, src, true)
	c.nc = nc
	if err := e.conns.add(c, c.stranger()); err != nil {
		e.log.quiet(noteRead, "tcp connection refused", err)
		_ = nc.Close() // beyond the bounds
		return
	}
	e.readers.Add(2)
	go c.read(nc)
	go c.serveWrites(nc)
}

func (e *Endpoint) newConn(l *tcpListener, remote netip.AddrPort, accepted bool) *tcpConn {
	return &tcpConn{ep: e, via: l, remote: remote, accepted: accepted, out: make(chan outgoing, maxWrites),
		done: make(chan struct{}), watchers: make(map[*clientTx]func())}
}

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
		cs.perHost[c.remote.Addr()]++
	}
	cs.by[c.remote] = c
	return nil
}

func (cs *conns) remove(c *tcpConn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.by[c.remote] == c {
		delete(cs.by, c.remote)
	}
	if c.accepted {
		if cs.perHost[c.remote.Addr()]--; cs.perHost[c.remote.Addr()] <= 0 {
			delete(cs.perHost, c.remote.Addr())
		}
	}
}

// connect returns the connection to addr, or begins one. It does not wait for it; messages wait in it.
func (e *Endpoint) connect(l *tcpListener, addr netip.AddrPort) *tcpConn {
	e.conns.mu.Lock()
	defer e.conns.mu.Unlock()
	if c := e.conns.by[addr]; c != nil && !c.closed() {
		return c
	}
	c := e.newConn(l, addr, false)
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
	nc, err := c.ep.dialer().DialContext(ctx, "tcp", c.remote.String())
	cancel()
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
	return c.accepted && !c.ep.deps.Known(c.remote) && !c.ep.dialled.has(c.remote.Addr())
}

func (c *tcpConn) message(b []byte) {
	defer c.ep.guard("tcp message", nil)
	known := c.ep.deps.Known(c.remote)
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
