package sip

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"assent/resolver"
)

// Pong is what came of a Ping.
type Pong struct {
	Status     int            // of the answer; 0: nothing answered
	RetryAfter time.Duration  // as the answer says; 0: it does not
	From       netip.AddrPort // the target that answered, or the last that was asked
	RTT        time.Duration
}

// maxPinged bounds how many targets of a name one Ping asks.
const maxPinged = 4

// ping is one OPTIONS request of ours outside of any dialog, in a lane of its own.
type ping struct {
	ep       *Endpoint
	lane     *lane
	uri      string
	host     string // whom a certificate has to name
	sips     bool
	callID   string
	seq      uint32
	patience time.Duration
	left     []resolver.Target
	asked    resolver.Target
	began    time.Time
	done     func(Pong)
}

// Ping asks by OPTIONS whether something answers at target, a SIP URI, from the listener that calls to it leave by. Of
// several targets of a name one after the other is asked, each for patience. done gets the first answer, or a Pong of
// status 0; it is called once, unless the endpoint closes before, and must not block. The error is one of the URI.
func (e *Endpoint) Ping(target string, patience time.Duration, done func(Pong)) error {
	if e.ctx == nil || e.closing.Load() {
		return errors.New("sip: the endpoint is not running")
	}
	uri, transport, err := parseTarget(target)
	if err != nil {
		return fmt.Errorf("ping %w", err)
	}
	p := &ping{ep: e, uri: uri.String(), host: strings.Trim(uri.Host, "[]"), sips: strings.EqualFold(uri.Scheme, "sips"), callID: newTag(), patience: patience, done: done}
	now := func(f func()) bool { f(); return true }
	e.lookUp(uri, transport, now, func(targets []resolver.Target) {
		p.left = targets[:min(len(targets), maxPinged)]
		if !e.disp.open(e, p.callID, func(l *lane) {
			p.lane = l
			l.push(p.next)
		}) {
			done(Pong{})
		}
	})
	return nil
}

// next asks the next target, or gives up.
func (p *ping) next() {
	if len(p.left) == 0 {
		p.done(Pong{From: p.asked.Addr})
		return
	}
	p.asked, p.left = p.left[0], p.left[1:]
	h, err := p.ep.socketFor(p.asked.Transport, p.asked.Addr)
	if err != nil { // lookUp has left only those that have one
		p.next()
		return
	}
	p.ep.hear(p.asked.Addr.Addr())
	p.began = time.Now()
	p.seq++
	local, _ := h.local()
	h.host, h.sips = p.host, p.sips
	r := &request{hop: h, method: "OPTIONS", uri: p.uri, branch: magicCookie + newTag(), callID: p.callID, cseq: p.seq, maxForwards: 70,
		from: "<sip:" + product + "@" + local + ">;tag=" + newTag(), to: "<" + p.uri + ">",
		headers: []header{{"Contact", h.contact()}, {"Accept", sdpType}}}
	addr := p.asked.Addr
	tx := p.lane.start(r, func(m *message) bool { return m.src == addr || m.src.Addr() == addr.Addr() }, nil, nil)
	late := p.lane.after(p.patience, func() {
		tx.abandon()
		p.next()
	})
	tx.onResponse = func(m *message) {
		if m.status < 200 {
			return
		}
		late.stop()
		p.done(Pong{Status: m.status, RetryAfter: retryAfter(m), From: addr, RTT: time.Since(p.began)})
	}
	tx.onFail = func(int) {
		late.stop()
		p.next()
	}
}

// hear lets an address that we ask answer, as long as its answer may be on its way.
func (e *Endpoint) hear(addr netip.Addr) {
	e.dialled.add(addr)
	time.AfterFunc(2*e.tm.giveUp(), func() { e.dialled.remove(addr) })
}
