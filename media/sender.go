package media

import (
	"encoding/binary"
	"time"
)

const rtpHeaderSize = 12

// sender is the sending state of a stream: one SSRC, one sequence, one clock, whoever supplies the audio.
type sender struct {
	ssrc    uint32
	rate    clockRate // of its timestamps
	origin  uint64    // the sequence number before the first, extended
	started bool

	seq   uint64        // newest sequence number sent, extended
	ts    uint64        // newest RTP time sent, extended
	at    time.Duration // when ts was sent
	frame int64         // RTP time in the packet at ts

	epoch   uint32 // counts the ends of routes: what was forwarded by before begins anew
	carried uint32 // generation of the source that was forwarded last

	packets, octets uint64
	reported        uint64    // packets at the last sender report
	before          [2]uint64 // packets and octets of the SSRCs before
}

// route is how packets of one source are numbered as ours.
type route struct {
	to     *sender
	epoch  uint32
	base   uint64 // older packets came before the route was taken
	seqOff uint64
	tsOff  uint64
}

// cut ends all routes: the next packet forwarded goes on where the sender stands.
func (o *sender) cut() { o.epoch++ }

// turn changes the rate of the timestamps. An SSRC has one, so that another begins (RFC 7160 section 4.1), and its
// sequence goes on.
func (o *sender) turn(rate clockRate, ssrc uint32) {
	if o.started && o.rate != rate {
		o.ssrc, o.before, o.reported = ssrc, [2]uint64{o.packets, o.octets}, o.packets
		o.origin, o.frame = o.seq-o.packets, 0
	}
	o.rate = rate
}

// clock returns the RTP time of a packet that begins now after what was sent: the time since in samples, and at least
// the last packet's length.
func (o *sender) clock(now time.Duration) uint64 {
	if !o.started {
		return o.ts
	}
	return o.ts + uint64(max(o.frame, o.rate.ticks(now-o.at)))
}

// next numbers a packet of our own with RTP time ts.
func (o *sender) next(ts uint64, ticks int, now time.Duration) (seq uint64) {
	o.cut()
	o.seq++
	o.sent(o.seq, ts, int64(ticks), now)
	return o.seq
}

// more numbers a further packet of our own at the same RTP time.
func (o *sender) more() (seq uint64) {
	o.cut()
	o.seq++
	return o.seq
}

// sent notes a packet if it is the newest.
func (o *sender) sent(seq, ts uint64, ticks int64, now time.Duration) {
	o.started = true
	if distance(o.seq, seq) >= 0 {
		o.seq = seq
	}
	if distance(o.ts, ts) >= 0 {
		o.ts, o.at, o.frame = ts, now, ticks
	}
}

// forward numbers a packet of s so that gaps, disorder and timestamp steps of the source stay as they are. marker is
// true where the audio begins anew. It is false for a packet from before the route was taken.
func (o *sender) forward(s *source, a arrival, ticks int, now time.Duration) (seq, ts uint64, marker, ok bool) {
	r := &s.route
	switch {
	case r.to != o || r.epoch != o.epoch:
		if a.verdict != fresh {
			return 0, 0, false, false
		}
		*r = route{to: o, epoch: o.epoch, base: a.seq, seqOff: o.seq + 1 - a.seq, tsOff: o.clock(now) - a.ts}
		o.carried, marker = s.generation, true
	case o.carried != s.generation: // two sources take turns
		if a.verdict != fresh {
			return 0, 0, false, false
		}
		r.base, r.seqOff = a.seq, o.seq+1-a.seq
		o.carried = s.generation
	case distance(r.base, a.seq) < 0:
		return 0, 0, false, false
	}
	seq, ts = a.seq+r.seqOff, a.ts+r.tsOff
	o.sent(seq, ts, int64(ticks), now)
	return seq, ts, marker, true
}

// header writes an RTP header without extensions to b (RFC 3550 section 5.1).
func (o *sender) header(b []byte, payloadType uint8, marker bool, seq, ts uint64) {
	const version2 = 2 << 6
	b[0], b[1] = version2, payloadType&0x7F
	if marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], uint16(seq))
	binary.BigEndian.PutUint32(b[4:], uint32(ts))
	binary.BigEndian.PutUint32(b[8:], o.ssrc)
}
