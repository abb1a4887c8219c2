package codec

import (
	"strings"

	"assent/media/pcm"
)

// ID names a codec that we can encode and decode. The zero value is PCMU.
type ID uint8

// The codecs, with the names that SDP gives them (RFC 3551 section 4.5.14).
const (
	PCMU ID = iota // G.711 µ-law
	PCMA           // G.711 A-law
)

// Parse finds the codec with an SDP encoding name, in any case.
func Parse(name string) (ID, bool) {
	switch {
	case strings.EqualFold(name, "PCMU"):
		return PCMU, true
	case strings.EqualFold(name, "PCMA"):
		return PCMA, true
	}
	return 0, false
}

// String returns the codec's SDP encoding name.
func (id ID) String() string {
	if id == PCMA {
		return "PCMA"
	}
	return "PCMU"
}

// Silence returns the byte that this codec sends for a sample of zero.
func (id ID) Silence() byte {
	if id == PCMA {
		return 0xD5
	}
	return 0xFF
}

// Fill overwrites b with silence.
func (id ID) Fill(b []byte) {
	silence := id.Silence()
	for i := range b {
		b[i] = silence
	}
}

// Decode writes the samples of src to dst, as many as fit, and returns how many. It borrows both slices.
func Decode(id ID, dst []int16, src []byte) int {
	table := &DecodeULaw
	if id == PCMA {
		table = &DecodeALaw
	}
	n := min(len(dst), len(src))
	dst = dst[:n]
	for i, b := range src[:n] {
		dst[i] = table[b]
	}
	return n
}

// Encode writes the bytes of src to dst, as many as fit, and returns how many. It borrows both slices.
func Encode(id ID, dst []byte, src []int16) int {
	n := min(len(dst), len(src))
	dst = dst[:n]
	if id == PCMA {
		for i, s := range src[:n] {
			dst[i] = EncodeALaw(s)
		}
		return n
	}
	for i, s := range src[:n] {
		dst[i] = EncodeULaw(s)
	}
	return n
}

// Transcode turns payload, encoded with from, into the encoding of to, in place.
func Transcode(to, from ID, payload []byte) {
	if to == from {
		return
	}
	table := &ULawToALaw
	if from == PCMA {
		table = &ALawToULaw
	}
	for i, b := range payload {
		payload[i] = table[b]
	}
}

// DecodeULaw gives the sample of each µ-law byte (ITU-T G.711, table 2).
var DecodeULaw = pcm.MuLaw

// DecodeALaw gives the sample of each A-law byte (ITU-T G.711, table 1).
var DecodeALaw = pcm.ALaw
