package media

import "time"

const (
	// settleFor is how long a new source on channel 1 is listened to before it is placed: its first packet may be late by
	// all of the network's jitter, and the least delayed of a few is near the truth. It stays well within the time that a
	// recorder waits for late audio.
	settleFor = 120 * time.Millisecond
	// maxSettling bounds the packets that wait for it.
	maxSettling = 16
	// maxSettlingBytes bounds their size together: as many packets of 20 ms of G.711, three times as long.
	maxSettlingBytes = maxSettling * 480
)

// settling are the first packets of a source that has no place on the timeline yet. The zero value is empty.
type settling struct {
	generation uint32 // of the source that they are from
	due        time.Duration
	packets    []settlingPacket
	bytes      []byte        // their payloads
	room       *settlingRoom // of both, as long as packets wait
}

// settlingRoom is memory for the packets that settle in one place. A driver keeps as many as were in use at once.
type settlingRoom struct {
	packets [maxSettling]settlingPacket
	bytes   [maxSettlingBytes]byte
}

// take lends room to an empty w.
func (w *settling) take(space *workspace) {
	if n := len(space.rooms); n > 0 {
		w.room, space.rooms = space.rooms[n-1], space.rooms[:n-1]
	} else {
		w.room = &settlingRoom{}
	}
	w.packets, w.bytes = w.room.packets[:0], w.room.bytes[:0]
}

// give returns the room of what was placed, without the audio that was in it.
func (w *settling) give(space *workspace) {
	if w.room != nil {
		*w.room = settlingRoom{}
		space.rooms = append(space.rooms, w.room)
	}
	w.packets, w.bytes, w.room = nil, nil, nil
}

// settlingPacket is a packet that was admitted, with a payload of its own.
type settlingPacket struct {
	in   inbound
	from uint64
}

// settle keeps a packet of a source that is new on channel i until the source can be placed. It is false if the packet
// is to be placed now, the source being anchored.
func (t *Tap) settle(i int, in *inbound, from uint64) bool {
	ch, now := &t.channels[i], t.core.at
	w := &ch.settling
	if w.generation != in.source.generation {
		t.settled(i)
		w.generation, w.due = in.source.generation, now+settleFor
		w.take(t.core.space)
	}
	if now >= w.due || len(w.packets) == cap(w.packets) || len(w.bytes)+len(in.payload) > cap(w.bytes) {
		t.settled(i)
		return false
	}
	w.packets = w.packets[:len(w.packets)+1]
	p := &w.packets[len(w.packets)-1]
	p.in = inbound{source: in.source, arrival: in.arrival, content: in.content, ticks: in.ticks}
	begin := len(w.bytes)
	w.bytes = append(w.bytes, in.payload...)
	p.in.payload, p.from = w.bytes[begin:], from
	t.core.wake(w.due)
	return true
}

// settled places what waits on channel i, by the least delay known now.
func (t *Tap) settled(i int) {
	ch := &t.channels[i]
	w := &ch.settling
	packets := w.packets
	w.due = 0
	defer w.give(t.core.space)
	if len(packets) == 0 || packets[0].in.source.generation != w.generation {
		return // nothing, or its sender is gone already
	}
	first := packets[0].in.ts
	for k := range packets {
		if distance(first, packets[k].in.ts) < 0 {
			first = packets[k].in.ts
		}
	}
	t.drain(i)
	t.timeline.anchor(i, packets[0].in.source, first)
	ch.near = neighbours{}
	for k := range packets {
		p := &packets[k]
		p.from = higher(p.from, ch.floors.known(p.in.source)) // a packet behind it may have raised it
		if t.gated {
			p.from = higher(p.from, ch.leg.floors.known(p.in.source))
		}
		if p.from == never {
			continue
		}
		t.silences(i, &p.in, p.in.ts+uint64(p.in.ticks))
		t.place(i, &p.in, p.from)
	}
}
