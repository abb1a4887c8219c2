// Package codec turns G.711 payloads into samples and back, and each of its two laws into the other.
//
// It is tables and loops over borrowed slices: it owns nothing, starts no goroutine, keeps no state and allocates
// nothing, so any goroutine may call anything at any time. The tables are exported for the media engine, which passes
// a packet between PCMU and PCMA by one look-up a byte.
//
// Samples are 16-bit linear at 8 kHz; µ-law keeps the upper 14 bits of a sample, A-law the upper 13. A payload of any
// length is good: G.711 has one byte a sample and no frames. Codecs with memory are refused by name, not approximated.
//
// It speaks ITU-T G.711 (with G.191's rounding) under the names of RFC 3551 section 4.5.14.
package codec
