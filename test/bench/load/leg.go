package load

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"sync/atomic"
)

const (
	ptAudio   = 0
	ptEvent   = 101
	keyRounds = 5 // a press lasts 100 ms
	keyEnds   = 3 // its last packet is sent three times (RFC 4733 section 2.5.1.4)
)

// leg is one party's audio.
type leg struct {
	to     netip.AddrPort // the service's port; set before speaks
	speak  atomic.Bool
	key    atomic.Uint32 // a key to press; 0 is none
	plain  atomic.Uint32 // packets heard that carry no mark: prompts, music
	passed atomic.Uint32 // frames that the far party has heard

	// the pacer's own; read by others once it has stopped
	buffers    [keyEnds][packetBytes]byte
	begun      bool
	sequence   uint16
	pressed    byte
	pressRound uint32
	pressStamp uint32
	sent       bits // rounds in which a marked frame left
	arrived    bits // of those, what the far party heard
	newest     uint32
	index      uint32
}

// frame makes this round's packet, or packets, ready and posts them.
func (l *leg) frame(s *socket, c *Call, from side, round uint32, now int64) {
	if l.pressed == 0 {
		if key := l.key.Swap(0); key != 0 {
			l.pressed, l.pressRound, l.pressStamp = byte(key), round, round*frameBytes
		}
	}
	if l.pressed != 0 {
		l.event(s, round)
		return
	}
	p := l.buffers[0][:]
	l.header(p, ptAudio, !l.begun, round*frameBytes)
	mark{call: c.index, from: from, round: round, sent: now}.put(p[12:])
	l.begun = true
	l.sent.set(round)
	s.post(p, l.to)
}

// event posts one round of a key press (RFC 4733 section 2.5.1).
func (l *leg) event(s *socket, round uint32) {
	held := round - l.pressRound + 1
	times := 1
	payload := [4]byte{byte(strings.IndexByte("0123456789*#", l.pressed)), 10}
	binary.BigEndian.PutUint16(payload[2:], uint16(held*frameBytes))
	if held >= keyRounds {
		payload[1] |= 0x80
		times, l.pressed = keyEnds, 0
	}
	for i := range times {
		p := l.buffers[i][:]
		l.header(p, ptEvent, held == 1, l.pressStamp)
		s.post(p[:12+copy(p[12:], payload[:])], l.to)
	}
}

// header writes the RTP header (RFC 3550 section 5.1).
func (l *leg) header(p []byte, payloadType byte, marker bool, timestamp uint32) {
	p[0], p[1] = 2<<6, payloadType
	if marker {
		p[1] |= 0x80
	}
	binary.BigEndian.PutUint16(p[2:], l.sequence)
	binary.BigEndian.PutUint32(p[4:], timestamp)
	binary.BigEndian.PutUint32(p[8:], 0x10ad0000+l.index)
	l.sequence++
}
