package call

import (
	"context"
	"errors"
	"time"

	"assent/event"
	"assent/flowexec"
	"assent/media"
	"assent/media/sdp"
	"assent/sip"
)

// The ways in which a call ends or is refused, beside the caller's own hangup.
// They do not know SIP: causes maps each to what the caller is told.
var (
	ErrCallerLeft       = errors.New("the caller hung up")
	ErrAgentLeft        = errors.New("the far party hung up")
	ErrDraining         = errors.New("this node drains and takes no new calls")
	ErrShutdown         = errors.New("the service stops")
	ErrUnknownNumber    = errors.New("no trunk of this source serves the number")
	ErrUnknownSource    = errors.New("no trunk has this source")
	ErrTrunkFull        = errors.New("the trunk's limit of calls is reached")
	ErrTrunkRate        = errors.New("the trunk's limit of calls per second is reached")
	ErrTrunkDraining    = errors.New("the trunk is taken out of service")
	ErrNodeFull         = errors.New("the node's limit of calls is reached")
	ErrTakeover         = errors.New("the call asks for the place of another (Replaces), which nobody may take")
	ErrTooManyHops      = errors.New("Max-Forwards is used up")
	ErrRecorderRequired = errors.New("the trunk requires a recording, and none can be made")
	ErrNoIdentity       = errors.New("nobody vouches for the caller's number, and the trunk requires it")
	ErrStaleIdentity    = errors.New("who vouches for the caller's number did so too long ago")
	ErrIdentityInfo     = errors.New("the certificate of who vouches for the caller's number can't be had")
	ErrCredential       = errors.New("the certificate of who vouches for the caller's number is not trusted")
	ErrInvalidIdentity  = errors.New("what vouches for the caller's number does not hold")
	ErrMaxDuration      = errors.New("the trunk's max_duration is over")
	ErrHungUp           = errors.New("who runs the service hung up")
	ErrNoMedia          = errors.New("no RTP came for the trunk's rtp_timeout")
	ErrNoAck            = errors.New("the 200 was never acknowledged")
	ErrTransferFailed   = errors.New("the far party transferred the call and left, and nobody answered")
	ErrSessionExpired   = errors.New("nobody refreshed the session in time")
	ErrSignalling       = errors.New("the caller's dialog broke")
	ErrBadOffer         = errors.New("the offer is not SDP that can be read")
	ErrNotConfirmed     = errors.New("the caller never answered our offer")
	ErrPanic            = errors.New("internal fault")
)

// cause is what one way of ending means outside: who ended the call, what the
// caller's signalling is told (RFC 3261 section 21; Q.850 by RFC 3326), and the
// word for the CDR.
type cause struct {
	by     string
	status int // where the call was not answered yet
	q850   int
	reason string
}

const (
	byCaller = "caller"
	byAgent  = "agent"
	byCallee = "callee"
	bySystem = "system"
	byFlow   = "flow"
)

// normal is the ending of a flow that disconnects.
var normal = cause{byFlow, 480, 16, "normal"}

// internal is what any error without a row of its own means.
var internal = cause{bySystem, 500, 41, "internal_error"}

// vainTransfers are the endings of a call that was never answered, by the outcome of the flow's last transfer.
var vainTransfers = map[string]cause{
	outcomeBusy:     {byFlow, 486, 17, "busy"},
	outcomeNoAnswer: {byFlow, 480, 18, "no_answer"},
	outcomeTimeout:  {byFlow, 480, 19, "no_answer"},
	outcomeFull:     {byFlow, 480, 34, "queue_full"},
	outcomeFailure:  {byFlow, 480, 20, "no_station"},
}

// What a station that rings in vain is told: that another one answered, or that
// nobody waits any longer.
var (
	elsewhere  = cause{bySystem, 487, 26, "answered_elsewhere"}
	unanswered = cause{bySystem, 487, 19, "no_answer"}
	handedOver = cause{bySystem, 487, 16, "transferred"}
)

// causes is the one table from errors to signalling and the CDR.
var causes = []struct {
	err error
	cause
}{
	{ErrPanic, internal},
	{ErrCallerLeft, cause{byCaller, 487, 16, "hangup"}},
	{ErrAgentLeft, cause{byAgent, 480, 16, "hangup"}},
	{ErrDraining, cause{bySystem, 503, 42, "draining"}},
	{ErrShutdown, cause{bySystem, 503, 41, "shutdown"}},
	{ErrUnknownNumber, cause{bySystem, 404, 1, "unknown_number"}},
	{ErrUnknownSource, cause{bySystem, 403, 21, "unknown_source"}},
	{ErrTrunkFull, cause{bySystem, 503, 34, "trunk_calls_limit"}},
	{ErrTrunkRate, cause{bySystem, 503, 42, "trunk_rate_limit"}},
	{ErrTrunkDraining, cause{bySystem, 503, 42, "trunk_draining"}},
	{ErrNodeFull, cause{bySystem, 503, 42, "node_calls_limit"}},
	{ErrNoRoute, cause{bySystem, 404, 3, "no_route"}},
	{ErrBlocked, cause{bySystem, 403, 52, "destination_blocked"}},
	{ErrOutboundFull, cause{bySystem, 403, 52, "outbound_calls_limit"}},
	{ErrSpent, cause{bySystem, 403, 52, "outbound_budget"}},
	{ErrTakeover, cause{bySystem, 603, 21, "replaces"}}, // RFC 3891, section 3
	{ErrTooManyHops, cause{bySystem, 483, 25, "too_many_hops"}},
	{ErrRecorderRequired, cause{bySystem, 503, 41, "recorder_unavailable"}},
	{ErrNoIdentity, cause{bySystem, 428, 21, "no_identity"}},
	{ErrStaleIdentity, cause{bySystem, 403, 21, "stale_identity"}},
	{ErrIdentityInfo, cause{bySystem, 436, 21, "bad_identity_info"}},
	{ErrCredential, cause{bySystem, 437, 21, "unsupported_credential"}},
	{ErrInvalidIdentity, cause{bySystem, 438, 21, "invalid_identity"}},
	{ErrMaxDuration, cause{bySystem, 480, 16, "max_duration"}},
	{ErrHungUp, cause{bySystem, 480, 16, "operator"}},
	{ErrNoMedia, cause{bySystem, 480, 41, "rtp_timeout"}},
	{ErrNoAck, cause{bySystem, 408, 102, "no_ack"}},
	{ErrNotConfirmed, cause{bySystem, 408, 102, "no_answer_sdp"}},
	{ErrTransferFailed, cause{byAgent, 480, 20, "transfer_failed"}},
	{ErrSessionExpired, cause{bySystem, 408, 102, "session_expired"}},
	{sip.ErrReliableOff, cause{bySystem, 420, 127, "prack_refused"}},
	{sip.ErrNotReliable, cause{bySystem, 421, 127, "prack_required"}},
	{sip.ErrTooBrief, cause{bySystem, 422, 127, "session_interval_too_small"}},
	{ErrSignalling, cause{bySystem, 500, 41, "signalling_failed"}},
	{ErrBadOffer, cause{bySystem, 400, 111, "bad_sdp"}},
	{sdp.ErrNoCodec, cause{bySystem, 488, 88, "no_common_codec"}},
	{sdp.ErrNoAudio, cause{bySystem, 488, 65, "no_audio"}},
	{sdp.ErrAddress, cause{bySystem, 488, 88, "bad_media_address"}},
	{sdp.ErrUnencrypted, cause{bySystem, 488, 88, "srtp_required"}},
	{sdp.ErrCrypto, cause{bySystem, 488, 88, "no_common_srtp"}},
	{sdp.ErrMismatch, cause{bySystem, 488, 88, "bad_answer"}},
	{media.ErrNoPorts, cause{bySystem, 503, 47, "no_ports"}},
	{media.ErrClosed, cause{bySystem, 503, 41, "shutdown"}},
	{flowexec.ErrFailed, cause{bySystem, 500, 41, "flow_failed"}},
	{context.Canceled, cause{bySystem, 487, 16, "cancelled"}},
	{context.DeadlineExceeded, cause{bySystem, 480, 102, "timeout"}},
}

// causeOf finds the row of err; nil is a flow that came to its end.
func causeOf(err error) cause {
	if err == nil {
		return normal
	}
	for _, row := range causes {
		if errors.Is(err, row.err) {
			return row.cause
		}
	}
	return internal
}

// sip renders the cause for a leg: its status where the leg is unanswered, its
// Q.850 cause in a BYE.
func (c cause) sip(retryAfter time.Duration) sip.Cause {
	return sip.Cause{Status: c.status, Q850: c.q850, Text: c.reason, RetryAfter: retryAfter}
}

// ending renders the cause for the CDR.
func (c cause) ending() event.Ending {
	return event.Ending{By: c.by, SIP: c.status, Q850: c.q850, Reason: c.reason}
}
