// Package dtmf turns what the network sends for a pressed key into that key, exactly once.
//
// Collector puts RFC 4733 telephone-event packets together; ParseInfo reads the bodies of SIP INFO; Merger drops the
// second report of a key that a peer sends by two methods; Generator and FormatInfo make what tells a peer of a key. In-band
// tones are found by pcm.Detector.
//
// The package is pure: no goroutine, no clock (time comes as an argument) and no I/O. A Collector or Merger belongs to
// the one goroutine that feeds it, and allocates nothing while it runs. Events other than the sixteen keys are ignored.
//
// It speaks RFC 4733 sections 2.3 and 2.5, and the application/dtmf-relay and application/dtmf bodies in use with
// RFC 6086, which no RFC defines.
package dtmf
