package sip

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// Leg is one dialog, answered or placed by us. Its methods are safe for concurrent use and never wait for the peer:
// they queue, in order, what the leg's lane then does.
type Leg struct {
	// set once
	ep     *Endpoint
	lane   *lane
	id     string
	callID string
	uac    bool
	outlet outlet
	asked  asked    // of an incoming call: what its INVITE says of extensions
	names  []string // that the peer proves by certificate, over TLS

	// shared
	phase   atomic.Int32 // written by the lane; Answer moves early to answered
	remote  atomic.Pointer[netip.AddrPort]
	infos   atomic.Int32           // INFO requests without an answer
	peerTag atomic.Pointer[string] // the dialog's remote tag, once there is one
	busy    atomic.Bool            // a re-INVITE of ours is queued or outstanding

	// owned by the lane
	d        dialog
	terms    Terms
	session  sessionTimer
	in       *incoming // a call to us that has no final answer
	out      *calling  // our INVITE
	acks     *awaitAck // a 2xx of ours that waits for its ACK
	offer    *reoffer  // the peer's offer that waits for our word
	re       *reinvite // our re-INVITE
	referral *referral // the peer's REFER that we work on
	telling  *telling  // a REFER's last NOTIFY that has no answer yet
	bye      bool      // our BYE has no answer yet
	guest    bool      // the peer is heard for this call alone
}

// Phases of a leg. Only these steps exist: early → answered → up → over, and any → over.
const (
	phaseEarly    int32 = iota // no 2xx yet
	phaseAnswered              // our 200 is out, its ACK is not here
	phaseUp
	phaseOver
)

// Errors of a leg's methods.
var (
	ErrOver    = errors.New("the leg has ended")
	ErrState   = errors.New("the leg is not in a state for this")
	ErrPending = errors.New("an earlier request of this kind has no answer yet")
)

// ID is unique among all legs of the process and not guessable; it is the dialog's local tag.
func (g *Leg) ID() string { return g.id }

// CallID is the leg's own Call-ID.
func (g *Leg) CallID() string { return g.callID }

// Remote is the address that the peer speaks from; for an outgoing leg the address dialled, invalid until it is known.
func (g *Leg) Remote() netip.AddrPort {
	if a := g.remote.Load(); a != nil {
		return *a
	}
	return netip.AddrPort{}
}

// Listen names the receiver of the leg's events and the sources that may speak in the dialog (nil: the INVITE's
// address, any port). Events before it are kept for it. Call it before the Invite callback returns.
func (g *Leg) Listen(sink Sink, allow func(netip.AddrPort) bool) {
	g.outlet.listen(sink, allow)
	if flush := func() { g.outlet.flush(g.ep) }; !g.do(flush) {
		flush() // ended before anybody listened, and its lane is gone: nobody else delivers
	}
}

// Ring sends 180 Ringing. It does nothing once the call is answered, or on an outgoing leg.
func (g *Leg) Ring() { g.do(func() { g.provisional(180, nil) }) }

// Progress sends 183 with SDP (early media). It does nothing once the call is answered. It keeps sdp.
func (g *Leg) Progress(sdp []byte) { g.do(func() { g.provisional(183, sdp) }) }

// Answer sends 200 with SDP and repeats it until the ACK; Confirmed or Ended follows. It keeps sdp. ErrState: already
// answered, or an outgoing leg; ErrOver: the caller was faster.
func (g *Leg) Answer(sdp []byte) error {
	if g.uac {
		return ErrState
	}
	if !g.phase.CompareAndSwap(phaseEarly, phaseAnswered) {
		if g.phase.Load() == phaseOver {
			return ErrOver
		}
		return ErrState
	}
	g.do(func() { g.answer(sdp) })
	return nil
}

// Reject refuses a call that is not answered yet, with c.Status (480 if 0). Ended follows. An answered one is hung up.
func (g *Leg) Reject(c Cause) { g.do(func() { g.hangup(c) }) }

// Hangup ends the leg in whatever state it is: by CANCEL, BYE or a final answer. Ended follows at once; what must
// still be told to the peer is told behind it. A second call does nothing.
func (g *Leg) Hangup(c Cause) { g.do(func() { g.hangup(c) }) }

// Reinvite offers a new session; Reanswered or ReinviteFailed follows. With nil it asks the peer for an offer:
// Reoffer or ReinviteFailed follows. It keeps sdp. It waits for its turn behind the peer's own re-INVITE, and repeats
// itself after 491 (RFC 3261, section 14.1). ErrPending: one is still under way.
func (g *Leg) Reinvite(sdp []byte) error {
	switch g.phase.Load() {
	case phaseEarly:
		return ErrState
	case phaseOver:
		return ErrOver
	}
	if !g.busy.CompareAndSwap(false, true) {
		return ErrPending
	}
	g.do(func() { g.reinvite(sdp) })
	return nil
}

// Info sends an INFO request in the dialog. It keeps body. ErrPending: too many are unanswered.
func (g *Leg) Info(contentType string, body []byte) error {
	switch g.phase.Load() {
	case phaseEarly:
		return ErrState
	case phaseOver:
		return ErrOver
	}
	if g.infos.Add(1) > maxInfos {
		g.infos.Add(-1)
		return ErrPending
	}
	if !g.do(func() { g.info(clean(contentType), body) }) {
		g.infos.Add(-1)
	}
	return nil
}

// do queues f in the leg's lane. A lane that is gone has no legs left.
func (g *Leg) do(f func()) bool { return g.lane.post(f) }

// allowed reports whether src may speak in this dialog.
func (g *Leg) allowed(src netip.AddrPort) bool {
	if allow := g.outlet.filter(); allow != nil {
		return allow(src)
	}
	return src.Addr() == g.Remote().Addr()
}

// hears reports whether m may speak in this dialog: it comes from an allowed source, or by a connection whose
// certificate names who the dialog is with.
func (g *Leg) hears(m *message) bool {
	return g.allowed(m.src) || slices.ContainsFunc(m.names, func(name string) bool { return slices.Contains(g.names, name) })
}

// reachable reports whether requests in this dialog may be sent to addr: where its requests may come from, and to the
// host of who has proved a name, since a new connection must prove it too.
func (g *Leg) reachable(addr netip.AddrPort) bool {
	return g.allowed(addr) || len(g.names) > 0 && addr.Addr() == g.Remote().Addr()
}

// emit hands ev to the sink.
func (g *Leg) emit(ev Event) { g.outlet.emit(g.ep, ev) }

// finish ends the leg for its user: Ended, exactly once.
func (g *Leg) finish(ev Ended) {
	if g.over() {
		return
	}
	g.phase.Store(phaseOver)
	g.busy.Store(false)
	g.session.stop()
	g.emit(ev)
	g.release()
	g.ep.stats.legs.Add(-1)
}

func (g *Leg) over() bool { return g.phase.Load() == phaseOver }

// settled reports whether the lane may forget the leg: it is over, and no ACK or answer to BYE is awaited.
func (g *Leg) settled() bool { return g.over() && g.acks == nil && !g.bye }

// fail ends the leg after a fault of ours.
func (g *Leg) fail() {
	defer g.ep.guard("leg", func() {
		g.acks, g.bye = nil, false
		g.finish(Ended{By: ByLocal, Reason: EndInternal})
	})
	if g.over() {
		return
	}
	g.tellEnd(Cause{Status: 500, Q850: 41})
	g.finish(Ended{By: ByLocal, Status: 500, Q850: 41, Reason: EndInternal})
}

// outlet delivers a leg's events in order. Only the lane emits and flushes.
type outlet struct {
	mu    sync.Mutex
	sink  Sink
	allow func(netip.AddrPort) bool
	held  []Event
}

func (o *outlet) listen(sink Sink, allow func(netip.AddrPort) bool) {
	o.mu.Lock()
	o.sink, o.allow = sink, allow
	o.mu.Unlock()
}

func (o *outlet) filter() func(netip.AddrPort) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.allow
}

// emit keeps the event where nobody listens; beyond maxEventsHeld all but the last are lost.
func (o *outlet) emit(ep *Endpoint, ev Event) {
	o.mu.Lock()
	if _, last := ev.(Ended); last || len(o.held) < maxEventsHeld {
		o.held = append(o.held, ev)
	}
	o.mu.Unlock()
	o.flush(ep)
}

func (o *outlet) flush(ep *Endpoint) {
	o.mu.Lock()
	sink, held := o.sink, o.held
	if sink == nil {
		held = nil
	} else {
		o.held = nil
	}
	o.mu.Unlock()
	for _, ev := range held {
		deliver(ep, sink, ev)
	}
}

// deliver calls the sink; its panic is its own.
func deliver(ep *Endpoint, sink Sink, ev Event) {
	defer ep.guard("sink", nil)
	sink(ev)
}
