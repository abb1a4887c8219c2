package media

import (
	"net/netip"
	"time"

	"assent/media/sdp"
)

// StreamConfig is what a stream is made of.
type StreamConfig struct {
	// Leg names the stream in floors and figures.
	Leg string
	// Learn takes media from the first address that sends valid RTP, and from no other after it (rtp_source: learn).
	// Without it only the address and port in SDP are heard.
	Learn bool
	// DTMF says how keys are taken: "auto", "rfc4733", "info" or "inband"; "" is auto.
	DTMF string
	// Peer is the host that the SDP goes to. Where media.address is a wildcard, the SDP says the address by which that
	// host is reached; the zero value stands for any public host.
	Peer netip.Addr
	// Timeout is how long RTP may be missing before a TimeoutNotice; 0 is for ever.
	Timeout time.Duration
}

// Stream is one leg's media: a pair of ports, one agreement at a time. Its methods may be called from any goroutine but
// not from Notify or a Sink; all but Stats, Mark, Delivery and ForgetKeys return at once.
type Stream struct {
	// set once
	session *Session
	leg     *leg
	local   netip.AddrPort

	// owned by the driver
	sockets *sockets
}

// addressOf returns the address that SDP says to peer, who may be unknown.
func addressOf(e *Engine, at *sockets, peer netip.Addr) netip.AddrPort {
	said := e.public
	if peer = peer.Unmap(); e.routes != nil && peer.IsValid() && peer.Is4() == e.public.Is4() {
		said = e.routes.to(peer, e.public)
	}
	return netip.AddrPortFrom(said, at.number)
}

// of tells whether a stream belongs to s.
func (st *Stream) of(s *Session) bool { return st != nil && st.session == s && st.leg != nil }

// at returns the stream's leg, nil for no stream.
func (st *Stream) at() *leg {
	if st == nil {
		return nil
	}
	return st.leg
}

// Local returns the address that SDP is to say: RTP's; RTCP is one port higher.
func (st *Stream) Local() netip.AddrPort { return st.local }

// Apply puts an agreement into force, the first one or that of a re-INVITE.
func (st *Stream) Apply(a sdp.Agreement) {
	st.session.post(func() { st.leg.apply(a) })
}

// Play queues a clip behind what is queued already. While something is played the stream hears nothing else.
func (st *Stream) Play(clip *Clip, options PlayOptions) {
	st.session.post(func() { st.leg.playout.play(st.leg, clip, options) })
}

// Stop drops what is played and queued, notices too.
func (st *Stream) Stop() {
	st.session.post(func() { st.leg.playout.stop(st.leg) })
}

// Drained returns a channel that is closed once everything that was queued before has been sent, to the end of its last
// packet, or was stopped or skipped; at the latest when the stream closes.
func (st *Stream) Drained() <-chan struct{} {
	done := make(chan struct{})
	ended := func() { close(done) }
	if !st.session.driver.mail.post(func() {
		if !st.session.do(func() { st.leg.playout.drained(st.leg, done) }) {
			ended()
		}
	}) {
		ended()
	}
	return done
}

// Inject takes a key that came by signalling, say MethodInfo, where the stream's DTMF setting allows that.
func (st *Stream) Inject(key byte, method string) {
	st.session.post(func() { st.leg.inject(key, method) })
}

// ForgetKeys forgets the keys that are down: a press that began before is never told. It waits for the driver, so that
// no such key is told after it returned.
func (st *Stream) ForgetKeys() {
	st.session.call(st.leg.forgetKeys)
}

// Listen asks for one QuietNotice when the stream has been silent for that long from now on; 0 asks no more.
func (st *Stream) Listen(silence time.Duration) {
	st.session.post(func() { st.leg.awaitSilence(silence) })
}

// Stats returns the stream's figures so far, also after it was closed. It waits for the driver.
func (st *Stream) Stats() (s StreamStats) {
	if !st.session.driver.call(func() { s = st.leg.stats() }) {
		<-st.session.driver.ended
		s = st.leg.stats()
	}
	return s
}

// Mark notes where the stream stands in what it has sent, say before and after a notice. It waits for the driver.
func (st *Stream) Mark() (m Mark) {
	st.session.call(func() { m = st.leg.mark() })
	return m
}

// Delivery accounts for what was sent between two marks of the stream, as far as the peer has reported by now: a report
// on the end of a span comes within some seconds of it. After Close it knows nothing. It waits for the driver.
func (st *Stream) Delivery(from, to Mark) (d Delivery) {
	st.session.call(func() { d = st.leg.delivery(from, to) })
	return d
}

// Close ends the stream and gives its ports back. Its figures stay in the session's report.
func (st *Stream) Close() {
	st.session.post(func() {
		st.session.core.shut(st.leg)
		st.release()
	})
}

// release gives the ports back.
func (st *Stream) release() {
	if st.sockets == nil {
		return
	}
	st.session.driver.detach(st.sockets)
	st.sockets = nil
}
