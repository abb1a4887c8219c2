package sip

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"assent/resolver"
)

// defaultSilence is how long one of several targets may be silent. Timer B would be 32 s of silence for the caller,
// and one retransmission at least must have had its chance.
const defaultSilence = 4 * time.Second

// course are the targets that a called host leads to (RFC 3263), and how far we have come.
type course struct {
	left    []resolver.Target
	tried   []netip.Addr // each may answer until the leg's end
	silence *timer
}

// began notes a target that is being tried, so that it is heard.
func (c *course) began(ep *Endpoint, addr netip.Addr) {
	ep.dialled.add(addr)
	c.tried = append(c.tried, addr)
}

// locate finds the targets of the call, in a goroutine if its host is a name, and begins with the first.
func (g *Leg) locate() {
	o := g.out
	if o.spec.Timeout > 0 {
		o.ring = g.lane.after(o.spec.Timeout, g.ringTimeout)
	}
	if flow := o.spec.Flow; flow.Remote.IsValid() {
		o.course.left = []resolver.Target{{Addr: flow.Remote, Transport: o.transport}}
		g.goOn()
		return
	}
	g.ep.lookUp(o.uri, o.transport, g.do, func(targets []resolver.Target) {
		if g.over() {
			return
		}
		o.course.left = targets
		if !g.goOn() {
			g.unreachable(503)
		}
	})
}

// lookUp finds the targets of a URI that we have a socket for, and hands them to found in a lane, by do. A name is
// looked up in a goroutine; an IP address is no wait, and found is called at once.
func (e *Endpoint) lookUp(uri sip.Uri, transport string, do func(func()) bool, found func([]resolver.Target)) {
	q := resolver.Query{Host: uri.Host, Port: uri.Port, Transport: transport, Transports: e.transports()}
	if _, err := netip.ParseAddr(strings.Trim(uri.Host, "[]")); err == nil {
		found(e.resolve(e.ctx, q))
		return
	}
	e.readers.Add(1)
	go func() {
		defer e.readers.Done()
		defer e.guard("look-up", nil)
		ctx, cancel := context.WithTimeout(e.ctx, e.tm.dial)
		defer cancel()
		targets := e.resolve(ctx, q)
		do(func() { found(targets) })
	}()
}

// resolve returns the targets that we have a socket for.
func (e *Endpoint) resolve(ctx context.Context, q resolver.Query) []resolver.Target {
	targets, err := e.dns.Resolve(ctx, q)
	if err != nil {
		e.log.quiet(noteSend, "no address for a called name", err)
	}
	reachable := targets[:0]
	for _, t := range targets {
		if _, err := e.socketFor(t.Transport, t.Addr); err == nil {
			reachable = append(reachable, t)
		}
	}
	return reachable
}

// transports are those that we listen by, UDP first.
func (e *Endpoint) transports() (list []string) {
	for _, t := range []string{"udp", "tcp", "tls"} {
		if _, err := e.socketFor(t, netip.AddrPort{}); err == nil {
			list = append(list, t)
		}
	}
	return list
}

// goOn tries the next target; false if there is none, or nobody wants the call any more.
func (g *Leg) goOn() bool {
	o := g.out
	o.course.silence.stop()
	if len(o.course.left) == 0 || o.cancelled != nil || o.answered || g.over() {
		return false
	}
	next := o.course.left[0]
	o.course.left = o.course.left[1:]
	o.c.stop()
	o.tx.forgo()
	g.invite(next)
	return true
}

// watchSilence leaves a target that says nothing at all, if there is another.
func (g *Leg) watchSilence(tx *clientTx) {
	o := g.out
	if len(o.course.left) == 0 {
		return
	}
	d := o.spec.Silence
	if d <= 0 {
		d = defaultSilence
	}
	o.course.silence = g.lane.after(d, func() {
		if tx.state == ctxCalling {
			g.goOn() // a late word of this one goes to onLateAnswer
		}
	})
}

// onTargetAnswer takes an answer of the target that is being tried, or of one that was left.
func (g *Leg) onTargetAnswer(tx *clientTx, m *message) {
	if tx != g.out.tx {
		g.onLateAnswer(tx, m)
		return
	}
	g.out.course.silence.stop()
	g.onCallAnswer(m)
}

// onLateAnswer ends what a target begins that was left as silent: it is to ring nobody.
func (g *Leg) onLateAnswer(tx *clientTx, m *message) {
	switch {
	case m.status < 200:
		if tx.cancelled {
			return
		}
		tx.cancelled = true
		g.lane.start(tx.req.derive("CANCEL", tx.req.to), tx.accept, func(*message) {}, func(int) {})
		g.lane.after(g.ep.tm.giveUp(), tx.abandon)
	case m.status < 300:
		g.forked(m)
	}
}

// onTargetFailed takes the failure of a target: nothing could be sent (503), or nothing came (408).
func (g *Leg) onTargetFailed(tx *clientTx, status int) {
	if tx == g.out.tx {
		g.targetFailed(status)
	}
}

// targetFailed goes on to the next target, or ends the call.
func (g *Leg) targetFailed(status int) {
	if !g.goOn() {
		g.unreachable(status)
	}
}
