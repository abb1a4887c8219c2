package sip

import (
	"net/netip"
	"time"

	"assent/auth"
)

// Party is one end of a call as signalling names it.
type Party struct {
	User    string // user part, unescaped, as written (separators included); the number of a tel URI
	Host    string
	Display string
	URI     string // the whole URI as received; not used when sending
}

// Invite is a new inbound call. The receiver keeps it; Offer is its to keep.
type Invite struct {
	Leg         *Leg
	CallID      string
	From, To    Party
	Called      string   // user part of the Request-URI, unescaped
	Asserted    *Party   // P-Asserted-Identity (RFC 3325), nil if none
	Privacy     string   // Privacy headers (RFC 3323), joined by ";"
	Identities  []string // Identity headers (RFC 8224), as written; at most maxIdentities
	Source      netip.AddrPort
	Account     Account   // who has proven by digest to place the call; the zero value: nobody was asked
	Certified   []string  // names that the certificate of the caller's connection proves, in lower case
	Transport   string    // "udp", "tcp" or "tls"
	Offer       []byte    // SDP, nil for an offerless INVITE
	MaxForwards int       // as received; 70 where the header was missing
	Replaces    *Replaces // the dialog whose place the call is to take (RFC 3891), nil for none; the user finds it
}

// DialSpec describes an outgoing call.
type DialSpec struct {
	Target      string // "sip:agent-1@198.51.100.7:5060;transport=tcp", or "sips:…", which is TLS
	From        Party  // User, Host and Display; Host "" is our own address
	To          string // URI or user for the To header; "" is the target
	Offer       []byte // SDP; nil is not supported
	MaxForwards int    // 0 or less: 70
	Asserted    *Party // P-Asserted-Identity to send, nil for none
	Privacy     string // Privacy header to send, "" for none
	Identity    string // Identity header to send (RFC 8224), "" for none
	// Flow is how a station that registered is reached, in place of the target's host; the zero value: it did not.
	Flow Flow
	// Credentials answer the peer's challenges, to this INVITE and to later requests in its dialog.
	Credentials auth.Credentials
	Terms       Terms
	Replaces    *Replaces // the peer's dialog whose place the call takes (RFC 3891), nil for none
	// Allow says which sources may speak in this dialog; nil: the target's address, any port.
	Allow func(netip.AddrPort) bool
	// Timeout is the longest wait for an answer; then CANCEL. 0: only timer C (3 min without a sign of life).
	Timeout time.Duration
	// Silence is how long one of several targets may be silent until the next is tried; 0: 4 s.
	Silence time.Duration
}

// Flow is the way that a REGISTER came by.
type Flow struct {
	Remote    netip.AddrPort // where it came from
	Local     netip.AddrPort // our listener
	Transport string
	Route     []string // by which proxies (RFC 3327 section 5.4)
}

// Cause says why a leg is refused or ended.
type Cause struct {
	Status     int           // SIP status of a refusal; 0: 480 before the answer
	Q850       int           // sent as Reason: Q.850;cause=… (RFC 3326); 0: no header
	Text       string        // reason phrase of the Reason header
	RetryAfter time.Duration // Retry-After of a refusal, whole seconds; 0: none
}
