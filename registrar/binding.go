package registrar

import (
	"net/netip"
	"time"
)

// Binding is one place where a station is.
type Binding struct {
	Station   string
	Contact   string // the URI, as the station gave it
	Path      []string
	Source    netip.AddrPort // the flow: where the REGISTER came from
	Local     netip.AddrPort // our listener that it came to
	Transport string         // udp, tcp or tls
	CallID    string
	CSeq      uint32
	UserAgent string
	Expires   time.Time
	Since     time.Time // of the first REGISTER
}

// Contact is one Contact of a REGISTER.
type Contact struct {
	URI string
	// Expires is the expires parameter in seconds; -1 where there is none.
	Expires int
}

// Request is a REGISTER whose sender is proven.
type Request struct {
	Station   string
	Contacts  []Contact
	All       bool // Contact: *
	Expires   int  // the Expires header in seconds; -1 where there is none
	Path      []string
	Source    netip.AddrPort
	Local     netip.AddrPort
	Transport string
	CallID    string
	CSeq      uint32
	UserAgent string
}

// Answer is what a REGISTER is answered with.
type Answer struct {
	Status     int
	MinExpires time.Duration // with 423
	RetryAfter time.Duration // with 503
	Bindings   []Binding     // with 200: all of the station, newest first
}
