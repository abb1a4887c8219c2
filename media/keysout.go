package media

import (
	"time"

	"assent/media/dtmf"
)

// maxKeysOut bounds the keys that wait to be sent: more than anyone types while one is under way.
const maxKeysOut = 32

// keysOut sends keys by telephone event, one after the other, in place of the audio that is forwarded. The zero value
// has none.
type keysOut struct {
	waiting []byte
	packets []dtmf.Timed  // of the key under way
	next    int           // of packets
	began   time.Duration // when the key under way began
	due     time.Duration // when the next packet, or the next key, is; 0 is never
	start   uint64        // RTP time of the key under way
}

// busy tells whether a key is under way.
func (k *keysOut) busy() bool { return k.next < len(k.packets) }

// press queues a key.
func (k *keysOut) press(l *leg, key byte) {
	if len(k.waiting) == maxKeysOut {
		return
	}
	k.waiting = append(k.waiting, key)
	if k.due == 0 {
		k.due = l.core.at
		k.tick(l)
	}
}

// tick sends what is due.
func (k *keysOut) tick(l *leg) {
	for k.due != 0 && k.due <= l.core.at {
		if !k.busy() && !k.begin(l) {
			k.due = 0
			return
		}
		k.send(l)
	}
	if k.due != 0 {
		l.core.wake(k.due)
	}
}

// begin starts the next key, and is false if there is none that could be sent.
func (k *keysOut) begin(l *leg) bool {
	if len(k.waiting) == 0 || l.event < 0 || !l.sends {
		k.waiting = nil
		return false
	}
	key := k.waiting[0]
	k.waiting = k.waiting[1:]
	k.began, k.start, k.next = l.core.at, l.out.clock(l.core.at), 0
	g := dtmf.Generator{SSRC: l.out.ssrc, ClockHz: int(l.eventRate), Ptime: l.ptime}
	packets, err := g.Press(key, k.start, keyLength)
	k.packets = packets
	return err == nil
}

// send sends the next packet of the key under way.
func (k *keysOut) send(l *leg) {
	p := k.packets[k.next]
	packet := l.core.space.bytes[:rtpHeaderSize]
	var seq uint64
	if k.next == 0 {
		seq = l.out.next(k.start, 0, k.began)
	} else {
		seq = l.out.more()
	}
	l.out.header(packet, uint8(l.event), p.Marker, seq, p.Timestamp)
	packet = p.AppendPayload(packet)
	if k.next++; k.busy() {
		k.due = k.began + k.packets[k.next].At
	} else {
		k.packets, k.next = nil, 0
		k.due = l.core.at + keyPause
	}
	if l.sends {
		l.playout.joined = false
		l.transmit(packet, len(packet)-rtpHeaderSize)
	}
}
