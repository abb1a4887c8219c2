package sip

import "sync/atomic"

// counters are written by all goroutines.
type counters struct {
	received, sent, retransmitted, malformed, refused, unknown, foreign, overflow, readErrors, panics, handshakes, challenged, wrong, locked atomic.Uint64
	legs                                                                                                                                     atomic.Int64
}

// Stats is a snapshot of the endpoint's counters since Start, and of what it holds now.
type Stats struct {
	Received      uint64 // messages from known sources
	Sent          uint64 // messages, retransmissions included
	Retransmitted uint64
	Malformed     uint64 // received, and not fit to be a SIP message
	Refused       uint64 // requests answered with an error before any dialog saw them
	Unknown       uint64 // datagrams and connections of unknown sources, dropped unread
	Filtered      uint64 // packets that the kernel dropped: of unknown sources, or where a buffer was full
	Foreign       uint64 // messages for a dialog from a source that it does not allow
	Overflow      uint64 // messages lost because their call's queue was full
	Challenged    uint64 // requests whose sender was asked to prove who it is
	Wrong         uint64 // proofs with a user or password that is not right
	Locked        uint64 // requests of sources that guess, dropped
	ReadErrors    uint64
	Panics        uint64
	Handshakes    uint64 // TLS connections to us that failed, or showed no certificate of a trunk
	Legs          int    // dialogs, set-ups included, that have not ended
	Lanes         int    // Call-IDs with state, those that only wait for retransmissions included
	Connections   int    // TCP
}

// Stats may be called at any time.
func (e *Endpoint) Stats() Stats {
	s := &e.stats
	e.conns.mu.Lock()
	n := len(e.conns.by)
	e.conns.mu.Unlock()
	return Stats{
		Received: s.received.Load(), Sent: s.sent.Load(), Retransmitted: s.retransmitted.Load(),
		Malformed: s.malformed.Load(), Refused: s.refused.Load(), Unknown: s.unknown.Load(), Filtered: e.screen.dropped(), Foreign: s.foreign.Load(),
		Overflow: s.overflow.Load(), ReadErrors: s.readErrors.Load(), Challenged: s.challenged.Load(), Wrong: s.wrong.Load(), Locked: s.locked.Load(),
		Panics: s.panics.Load(), Handshakes: s.handshakes.Load(),
		Legs: int(s.legs.Load()), Lanes: int(e.disp.lanes.Load()), Connections: n,
	}
}
