// Package codec turns payloads into samples and back: G.711 in both laws, G.722, L16 and Opus.
//
// A Format is what SDP agreed on; NewDecoder and NewEncoder make the state of one stream. A state belongs to one
// goroutine; there is no other state, no goroutine, and nothing allocates per packet. G.711 has none: its loops and
// tables are exported too, for the media engine, which passes a packet between PCMU and PCMA by one look-up a byte.
//
// Samples are 16-bit linear of one channel. A payload is hostile: what is no payload of the format is an error, and what
// is too long for the caller's slice is too.
//
// Opus is the system's libopus through a binding, so it needs cgo; the tag nolibopusfile, which the Makefile gives,
// takes the binding in without its reader of files. Any other build is complete but for Opus, says so by HasOpus, and
// refuses by ErrNoOpus.
//
// It speaks ITU-T G.711 (with G.191's rounding) and G.722, RFC 3551 section 4.5, RFC 6716 and RFC 7587.
package codec
