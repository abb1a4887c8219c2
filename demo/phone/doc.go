// Package phone is a plain SIP telephone: it calls and it answers, speaks and
// listens, presses keys, holds and hangs up, over one UDP socket for signalling
// and one for audio.
//
// The demonstration and the end-to-end tests use it as carrier and as agent. It
// shares no code with the service's own sip and media packages, on purpose: a
// mistake that both ends make would go unseen. So it knows just what a phone on
// a clean network needs (RFC 3261, 3264, 3550, 4733; PCMU and PCMA), writes its
// messages as text, and is no part of the running service.
//
// A Phone runs one goroutine that reads its signalling; each Call runs one that
// sends audio every 20 ms and one that receives. All end with Close and Hangup.
package phone
