package dtmf

import (
	"fmt"
	"time"
)

// endPackets is how often the last packet of an event is sent (RFC 4733 section 2.5.1.4).
const endPackets = 3

// defaultVolume is the level that our events claim, in -dBm0.
const defaultVolume = 10

// Generator makes the packets that tell a peer of a pressed key.
type Generator struct {
	SSRC    uint32
	ClockHz int           // of the stream; 0 means 8000
	Ptime   time.Duration // between two packets; 0 means 20 ms
}

// Timed is a packet and when to send it, counted from the press.
type Timed struct {
	Packet
	At time.Duration
}

// Press returns the packets of a press of digit that begins at the extended RTP time start and lasts for length: one
// each packet time, the last one three times, in segments where one event is too short for it.
func (g Generator) Press(digit byte, start uint64, length time.Duration) ([]Timed, error) {
	event, ok := EventOf(digit)
	if !ok {
		return nil, fmt.Errorf("send key %q: want 0-9, *, # or A-D", digit)
	}
	clock, ptime := g.ClockHz, g.Ptime
	if clock <= 0 {
		clock = 8000
	}
	if ptime <= 0 {
		ptime = 20 * time.Millisecond
	}
	p := Packet{SSRC: g.SSRC, Timestamp: start, Marker: true, Event: event, Volume: defaultVolume}
	total := uint64(length.Seconds() * float64(clock))
	step := max(uint64(ptime.Seconds()*float64(clock)), 1)
	var packets []Timed
	at := time.Duration(0)
	for done := min(step, total); ; done = min(done+step, total) {
		for start+done-p.Timestamp > maxDuration {
			p.Duration = maxDuration
			packets = append(packets, Timed{p, at})
			p.Timestamp += maxDuration
			p.Marker = false
		}
		p.Duration = uint16(start + done - p.Timestamp)
		p.End = done == total
		if p.End {
			return appendEnds(packets, p, at, ptime), nil
		}
		packets = append(packets, Timed{p, at})
		p.Marker = false
		at += ptime
	}
}

func appendEnds(packets []Timed, p Packet, at, ptime time.Duration) []Timed {
	for range endPackets {
		packets = append(packets, Timed{p, at})
		p.Marker = false
		at += ptime
	}
	return packets
}
