package sip

import "time"

// Event is what happens on a leg. A Sink tells them apart by type switch.
type Event interface{ event() }

// Sink receives the events of one leg, strictly in order and never concurrently. It must not block. SDP and bodies
// are the sink's to keep.
type Sink func(Event)

// Ringing is a provisional answer to our INVITE without SDP: 180, 181, 182, 183 or another above 100.
type Ringing struct{ Status int }

// Progress is a provisional answer to our INVITE that carries SDP (early media). A forked call may have several, each of
// another branch: the last one counts.
type Progress struct{ SDP []byte }

// Answered is the 2xx to our INVITE; its ACK is on its way. SDP is nil where what was agreed before stands: by the last
// Progress or Reoffer, or nothing at all.
type Answered struct{ SDP []byte }

// Confirmed is the ACK to a 200 of ours. SDP is the peer's answer where the 200 carried our offer, else nil. It comes
// once after Answer, and again only for an offerless re-INVITE that Reoffer.Accept answered with our offer.
type Confirmed struct{ SDP []byte }

// Reoffer is a new offer of the peer: re-INVITE, UPDATE, PRACK, or the 200 to Reinvite(nil). UPDATE and PRACK may bring
// it before the call is answered. SDP is nil
// for an offerless re-INVITE: then Accept takes our offer. The first call of Accept or Refuse counts; the others,
// and those after the leg's end, do nothing. Neither blocks. Without either the offer is refused after 64*T1.
type Reoffer struct {
	SDP    []byte
	Accept func(sdp []byte)
	Refuse func(Cause)
}

// Reanswered is the 2xx to our re-INVITE, with the peer's answer.
type Reanswered struct{ SDP []byte }

// Refresh asks for Reinvite with an offer that changes nothing: the peer takes no UPDATE, and the session would expire.
// It comes again until the session was refreshed.
type Refresh struct{}

// ReinviteFailed is the end of a re-INVITE of ours that was refused; the session goes on as before.
type ReinviteFailed struct{ Status int }

// Info is an INFO request in the dialog; it has been answered with 200.
type Info struct {
	ContentType string
	Body        []byte
}

// Redirected is a 3xx to our INVITE that names where to call instead; Ended follows.
type Redirected struct{ Contacts []Contact }

// Ended is the last event of every leg, and comes exactly once.
type Ended struct {
	By     string // ByRemote, ByLocal or ByTimeout
	Status int    // the final SIP status of the INVITE, 0 where none was
	Q850   int    // from the peer's Reason header, or our own Cause; 0 if unknown
	Reason string // one of the End constants
	// RetryAfter is when a peer that refuses may be asked again, as it says; 0: it says nothing.
	RetryAfter time.Duration
}

// Values of Ended.By.
const (
	ByRemote  = "remote"
	ByLocal   = "local"
	ByTimeout = "timeout"
)

// Values of Ended.Reason.
const (
	EndBye       = "bye"       // BYE, by either side
	EndCancelled = "cancelled" // CANCEL, by either side, or a Hangup before the answer
	EndRejected  = "rejected"  // a final answer of 300 or above to the INVITE
	EndNoAck     = "no_ack"    // our 200 was never acknowledged
	EndTimeout   = "timeout"   // nobody answered in time
	EndTransport = "transport" // the peer can't be reached
	EndGone      = "gone"      // the peer no longer knows the dialog (481, 408)
	EndRefused   = "refused"   // no agreement on an offer that only a BYE could refuse
	EndExpired   = "expired"   // the session was not refreshed in time (RFC 4028)
	EndInternal  = "internal"  // a fault of ours
)

func (Ringing) event()        {}
func (Progress) event()       {}
func (Answered) event()       {}
func (Confirmed) event()      {}
func (Reoffer) event()        {}
func (Reanswered) event()     {}
func (Refresh) event()        {}
func (ReinviteFailed) event() {}
func (Redirected) event()     {}
func (Refer) event()          {}
func (Info) event()           {}
func (Ended) event()          {}
