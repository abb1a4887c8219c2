package media

import (
	"net/netip"
	"time"

	"assent/media/codec"
)

// receiveRTP takes a datagram of the RTP port: who sent it is asked before anything else.
func (l *leg) receiveRTP(from netip.AddrPort, packet []byte) {
	learning := l.config.Learn && !l.locked
	if !l.agreed || from != l.remote && !learning {
		l.counts.Strangers++
		return
	}
	in := &l.core.space.in
	packet, genuine := l.unseal(packet)
	if !genuine {
		l.counts.Forged++
		return
	}
	if !in.parse(packet) {
		l.counts.Malformed++
		return
	}
	in.content = l.receive.of(in.header.PayloadType)
	switch {
	case in.kind == kindNone:
		l.counts.Unknown++
		return
	case !in.measure():
		l.counts.Malformed++
		return
	case !l.receives:
		l.counts.Unwanted++
		return
	case learning:
		l.locked, l.remote = true, from
		l.out.cut()
	}
	l.take(in)
}

// parse reads an RTP packet, which in borrows.
func (in *inbound) parse(packet []byte) bool {
	if len(packet) < rtpHeaderSize || len(packet) > maxPacket || packet[0]>>6 != 2 {
		return false
	}
	n, err := in.header.Unmarshal(packet)
	if err != nil {
		return false
	}
	end := len(packet)
	if in.header.Padding {
		end -= int(packet[end-1])
		if packet[len(packet)-1] == 0 {
			return false
		}
	}
	if end <= n {
		return false
	}
	in.packet, in.offset, in.payload = packet, n, packet[n:end]
	return true
}

// measure finds how much time a packet covers. It is false for audio that is none of its format.
func (in *inbound) measure() bool {
	in.ticks = 0
	if in.kind == kindAudio {
		in.ticks = in.format.Ticks(in.payload)
		return in.ticks > 0
	}
	return true
}

// take follows a valid packet through the stream: its place, then the other leg, then who listens.
func (l *leg) take(in *inbound) {
	if !l.locate(in) {
		return
	}
	l.heard = l.core.at
	l.alive.revive(l)
	if l.timeoutDue == 0 {
		l.expect(false)
	}
	switch in.kind {
	case kindEvent:
		l.forward(in)
		l.onEvent(in)
		for _, t := range l.core.taps {
			t.event(l, in)
		}
	case kindNoise:
		l.forward(in)
		for _, t := range l.core.taps {
			t.noise(l, in)
		}
	case kindAudio:
		in.source.hear(in.ts, in.ticks, l.core.at)
		owner := l.owns(in)
		l.forward(in)
		if owner {
			l.listen(in)
		}
	}
}

// quietOwner is how long the source that carries a stream's audio must have been silent before another one may take
// its place: three packets. A second source that talks at the same time is heard by the other party, and by nobody else.
const quietOwner = 60 * time.Millisecond

// owns tells whether a packet is of the source that carries the stream's audio, which may become that one with it.
func (l *leg) owns(in *inbound) bool {
	s := l.speaking()
	if in.verdict == fresh && (s == nil || l.core.at-s.spoke >= quietOwner) {
		l.audio = in.source.slot
	}
	return l.audio == in.source.slot
}

// listen hands audio to who listens: the detectors and the taps.
func (l *leg) listen(in *inbound) {
	if !l.began {
		l.began = true
		l.core.notify(FirstMediaNotice{Stream: l.owner})
	}
	if l.ears != nil {
		l.ears.push(l, in)
	}
	for _, t := range l.core.taps {
		t.audio(l, in)
	}
}

// locate finds a packet's source and its place in it, and counts it. It is false for a packet that goes no further.
func (l *leg) locate(in *inbound) bool {
	seq, ts, at, event := in.header.SequenceNumber, in.header.Timestamp, l.core.at, in.kind == kindEvent
	s, known := l.source(in.header.SSRC)
	in.source = s
	if !known || in.kind == kindAudio && in.rate != s.rate {
		l.begin(in)
		return true
	}
	in.arrival = s.place(seq, ts, event, at)
	switch in.verdict {
	case duplicate:
		s.doubles++
		return false
	case stale:
		s.late++
		return false
	case doubtful:
		if !s.restarts(seq) {
			l.counts.Doubtful++
			return false
		}
		l.begin(in)
		return true
	}
	s.accept(in.arrival, event, at)
	return true
}

// begin starts a new generation of the packet's source.
func (l *leg) begin(in *inbound) {
	l.generations++
	s, rate := in.source, in.rate
	if in.kind != kindAudio && l.format.Known() {
		rate = clockRate(l.format.ClockHz) // that of the audio that will follow
	}
	s.begin(l.generations, rate, in.header.SequenceNumber, in.header.Timestamp, l.core.at)
	in.arrival = arrival{verdict: fresh, seq: s.first, ts: s.newestTS}
}

// source returns the slot of an SSRC, and whether it was known. An unknown one gets the slot that was heard least
// lately, but never that of the present audio.
func (l *leg) source(ssrc uint32) (*source, bool) {
	free := -1
	for i := range l.sources {
		s := &l.sources[i]
		switch {
		case s.generation != 0 && s.ssrc == ssrc:
			return s, true
		case i == l.audio:
		case free < 0 || s.heard < l.sources[free].heard:
			free = i
		}
	}
	s := &l.sources[free]
	l.dropped.add(s.sum())
	*s = source{slot: free, ssrc: ssrc, returned: l.before.has(ssrc)}
	l.before.add(ssrc)
	return s, false
}

// forward sends a packet on to the bridged leg: at once, if its codec is the other one's or a table leads there, or
// else by way of the leg's converter.
func (l *leg) forward(in *inbound) {
	if l.member != nil {
		l.member.hear(in)
		return
	}
	d := l.peer
	if in.kind == kindEvent && !l.passes(in, d) {
		return
	}
	if d == nil || !d.sends || l.covers(in, d) {
		return
	}
	switch feed := d.playout.feed; {
	case in.kind == kindAudio && in.format == d.format:
		d.playout.feed = nil
		l.relay(in, d, d.payload)
	case in.kind == kindAudio && in.format.Companded() && d.format.Companded():
		d.playout.feed = nil
		codec.Transcode(d.format.ID, in.format.ID, in.companded(l.core.space))
		l.relay(in, d, d.payload)
	case in.kind == kindAudio:
		l.convert(in, d)
	case in.kind == kindNoise && feed != nil:
		l.convert(in, d)
	case in.kind == kindNoise && d.noise >= 0:
		l.relay(in, d, uint8(d.noise))
	case in.kind == kindEvent && d.event >= 0:
		in.rescale(l.core.space, d.eventRate)
		if feed != nil {
			feed.event(in, d)
			return
		}
		l.relay(in, d, uint8(d.event))
	}
}

// covers tells whether audio looks like the tone of a key that d is told of in another way, and is kept from it. The
// packet or two in which a tone begins have passed by then, less than what is a key for anybody.
func (l *leg) covers(in *inbound, d *leg) bool {
	if in.kind != kindAudio || l.ears == nil || l.ears.tones == nil {
		return false
	}
	if !l.ears.tones.Suspected() || d.keyWay() == keyTone {
		return false
	}
	d.out.cut()
	return true
}

// companded returns a copy of a packet's payload, in which it may be changed: who listens still wants the original.
func (in *inbound) companded(space *workspace) []byte {
	n := copy(space.bytes[rtpHeaderSize:], in.payload)
	in.packet, in.offset = space.bytes[:rtpHeaderSize+n], rtpHeaderSize
	return in.packet[rtpHeaderSize:]
}

// relay sends a packet on: its header is written anew, in place, and its payload stays.
func (l *leg) relay(in *inbound, d *leg, payloadType uint8) {
	if d.playout.playing() || d.keys.busy() {
		return
	}
	packet := in.packet[in.offset-rtpHeaderSize : in.offset+len(in.payload)]
	seq, ts, marker, ok := d.out.forward(in.source, in.arrival, in.ticks, l.core.at)
	if !ok {
		return
	}
	d.playout.joined = false
	if in.kind == kindAudio {
		if n, mixed := d.beep.mix(d, packet[rtpHeaderSize:], ts); mixed {
			packet = l.core.space.bytes[:rtpHeaderSize+n]
		}
	}
	d.out.header(packet, payloadType, marker || in.header.Marker, seq, ts)
	d.transmit(packet, len(packet)-rtpHeaderSize)
}

// transmit sends an RTP packet to the peer.
func (l *leg) transmit(packet []byte, payload int) {
	packet, sealed := l.seal(packet)
	if !sealed {
		return
	}
	l.out.packets++
	l.out.octets += uint64(payload)
	l.core.out.send(l, portRTP, l.remote, packet)
}

// unseal decrypts an RTP packet of the peer, where that was agreed on. It is false for one that is not the peer's.
func (l *leg) unseal(packet []byte) ([]byte, bool) {
	switch {
	case !l.encrypted:
		return packet, true
	case l.secret == nil || len(packet) > maxPacket:
		return nil, false
	}
	space := l.core.space
	return l.secret.open(space.opened[:], packet, &space.srtp, l.core.at)
}

// seal encrypts an RTP packet of ours, where that was agreed on.
func (l *leg) seal(packet []byte) ([]byte, bool) {
	switch {
	case !l.encrypted:
		return packet, true
	case l.secret == nil:
		return nil, false
	}
	space := l.core.space
	return l.secret.seal(space.sealed[:], packet, &space.srtp)
}
