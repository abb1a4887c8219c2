package media

import (
	"sync"
	"time"

	"assent/media/dtmf"
	"assent/media/pcm"
)

// keyWay is how a stream's peer is told of a key that the other party has pressed.
type keyWay uint8

const (
	keyNone  keyWay = iota // in no way: the trunk's is rfc4733, and the peer has no telephone events
	keyEvent               // by telephone events (RFC 4733)
	keyInfo                // by SIP INFO, which the call sends
	keyTone                // by tones in the audio
)

// keyWay follows from the stream's DTMF setting and from what the peer has: one way, so that no key counts twice there.
func (l *leg) keyWay() keyWay {
	switch {
	case l.config.DTMF == MethodInfo:
		return keyInfo
	case l.config.DTMF == MethodInband:
		return keyTone
	case l.event >= 0:
		return keyEvent
	case l.config.DTMF == MethodRFC4733:
		return keyNone
	}
	return keyTone
}

// keyLength is how long a key is held that we send: longer than the 40 ms that a receiver may want (ITU-T Q.24), and
// with a pause as long as what Q.24 wants before the next.
const (
	keyLength = 100 * time.Millisecond
	keyPause  = 60 * time.Millisecond
	keyLevel  = -9 // dBFS of either tone, the usual -6 dBm0 or so of the sum
)

// tellKey lets the other party hear a key, in the way that its leg understands, unless it has heard it already: events
// that go on as packets, and tones, which are audio. A key that was pressed before the two were bridged is nobody's
// business but the flow's.
func (l *leg) tellKey(d Digit) {
	other := l.peer
	if other == nil || !other.sends {
		return
	}
	switch way := other.keyWay(); {
	case way == keyEvent && d.Method != MethodRFC4733:
		other.keys.press(other, d.Key)
	case way == keyTone && d.Method != MethodInband:
		if clip, known := keyClips()[d.Key]; known {
			other.playout.play(other, clip, PlayOptions{})
		}
	case way == keyInfo:
		l.core.notify(KeyNotice{Stream: other.owner, Key: d.Key, Length: keyLength})
	}
}

// keyClips are the tones of all keys, made when one is wanted first.
var keyClips = sync.OnceValue(makeKeyClips)

// makeKeyClips makes the tones of all keys, each with its pause.
func makeKeyClips() map[byte]*Clip {
	clips := map[byte]*Clip{}
	for event := range uint8(16) {
		key, _ := dtmf.Digit(event)
		tones, err := pcm.DTMF(key, keyLength, keyLevel)
		if err != nil {
			continue // all sixteen are known there
		}
		clips[key] = NewClip(append(tones, make([]int16, pcm.Samples(keyPause))...))
	}
	return clips
}

// keyGate decides, once for each press by telephone event, whether its packets go on to the other leg. A press that has
// begun before the two were bridged never does, nor one that was told by another method already.
type keyGate struct {
	presses [2]gatedPress // the present one, and the one before, whose packets may come late
}

type gatedPress struct {
	known bool
	ssrc  uint32
	ts    uint64 // of its newest segment
	event uint8
	open  bool
}

// passes tells whether a packet of a telephone event goes on to d, which may be nil.
func (l *leg) passes(in *inbound, d *leg) bool {
	p, ok := dtmf.ParsePayload(in.payload)
	if !ok {
		return false
	}
	for i := range l.gate.presses {
		if press := &l.gate.presses[i]; press.holds(in, p) {
			return press.open && d != nil
		}
	}
	press := gatedPress{known: true, ssrc: in.source.ssrc, ts: in.ts, event: p.Event, open: l.opens(p, d)}
	l.gate.presses[1], l.gate.presses[0] = l.gate.presses[0], press
	return press.open
}

// opens decides on a new press.
func (l *leg) opens(p dtmf.Packet, d *leg) bool {
	if d == nil || !d.sends || d.keyWay() != keyEvent || !allows(l.config.DTMF, MethodRFC4733, true) {
		return false
	}
	key, known := dtmf.Digit(p.Event)
	return !known || !l.merger.Echoes(key, MethodRFC4733, l.core.now)
}

// holds tells whether a packet is of this press, or of the segment that follows it (RFC 4733 section 2.5.1.3).
func (g *gatedPress) holds(in *inbound, p dtmf.Packet) bool {
	const segment = 0xFFFF
	if !g.known || g.ssrc != in.source.ssrc || g.event != p.Event {
		return false
	}
	if in.ts == g.ts+segment {
		g.ts = in.ts
	}
	return in.ts == g.ts || in.ts+segment == g.ts
}
