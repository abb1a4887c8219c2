package dtmf

import "strings"

// keys lists the digits by their event codes (RFC 4733 section 3.2, table 3).
const keys = "0123456789*#ABCD"

// payloadSize is the length of one event block (RFC 4733 section 2.3).
const payloadSize = 4

// maxDuration is the longest event that one packet can report, in RTP time units (RFC 4733 section 2.3.5).
const maxDuration = 0xFFFF

// Packet is one telephone-event packet, taken out of RTP.
type Packet struct {
	SSRC      uint32
	Timestamp uint64 // extended RTP time: when the event (or this segment of it) began
	Marker    bool   // a hint that the event begins; senders forget it and networks lose it
	End       bool   // the E bit
	Event     uint8  // the event's code; 0 to 15 are keys
	Volume    uint8  // 0 to 63, in -dBm0
	Duration  uint16 // how long the event has lasted so far, in RTP time units
}

// ParsePayload reads the first event block of a telephone-event payload into a Packet, whose header fields the caller
// fills in. It borrows b, and is false if b is too short (RFC 4733 section 2.3).
func ParsePayload(b []byte) (Packet, bool) {
	if len(b) < payloadSize {
		return Packet{}, false
	}
	return Packet{
		Event:    b[0],
		End:      b[1]&0x80 != 0,
		Volume:   b[1] & 0x3F,
		Duration: uint16(b[2])<<8 | uint16(b[3]),
	}, true
}

// AppendPayload appends the packet's event block to dst and returns it.
func (p Packet) AppendPayload(dst []byte) []byte {
	second := p.Volume & 0x3F
	if p.End {
		second |= 0x80
	}
	return append(dst, p.Event, second, byte(p.Duration>>8), byte(p.Duration))
}

// Digit returns the key of an event code, and false for an event that is no key.
func Digit(event uint8) (byte, bool) {
	if int(event) >= len(keys) {
		return 0, false
	}
	return keys[event], true
}

// EventOf returns the event code of a key: 0 to 9, *, # and A to D in either case.
func EventOf(digit byte) (uint8, bool) {
	if digit >= 'a' && digit <= 'd' {
		digit -= 'a' - 'A'
	}
	i := strings.IndexByte(keys, digit)
	return uint8(max(i, 0)), i >= 0
}
