package media

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"assent/media/codec"
	"assent/media/sdp"
)

// clipOf is a clip of n packets that can be told by its bytes.
func clipOf(b byte, frames int) *Clip {
	c := &Clip{}
	for id := range c.encoded {
		c.encoded[id] = bytes.Repeat([]byte{b}, frames*160)
	}
	return c
}

func TestAPacketIsSentOnAtOnceWithItsGapsAndItsPayload(t *testing.T) {
	w, caller, agent := bridged()
	p := &peer{ssrc: 5, seq: 65533, ts: 0xFFFFFF00}
	w.talk(caller, p, 1, 3)
	p.say(frameOf(9)) // lost
	first, second := p.say(frameOf(3)), p.say(frameOf(4))
	w.hears(caller, second)
	w.hears(caller, first)
	sent := w.wire.rtp(agent)
	if len(sent) != 5 {
		t.Fatalf("%d packets sent, want 5", len(sent))
	}
	for i, step := range []uint16{0, 1, 2, 5, 4} {
		if got := sent[i].seq() - sent[0].seq(); got != step {
			t.Errorf("packet %d: sequence step %d, want %d", i, got, step)
		}
		if got := sent[i].ts() - sent[0].ts(); got != uint32(step)*160 {
			t.Errorf("packet %d: timestamp step %d, want %d", i, got, step*160)
		}
		if sent[i].ssrc() != agent.out.ssrc || sent[i].to != agentAddr || sent[i].marker() != (i == 0) {
			t.Errorf("packet %d: %+v", i, sent[i])
		}
	}
	if !bytes.Equal(sent[3].payload(), frameOf(4)) {
		t.Error("the payload changed")
	}
}

func TestNothingOfTheSendersHeaderLeaksThrough(t *testing.T) {
	w, caller, agent := bridged()
	b := packetOf(0, false, 1, 1, 5, nil)
	b[0] |= 0x10 | 0x20 | 2                           // extension, padding, two contributors
	b = append(b, 1, 2, 3, 4, 5, 6, 7, 8)             // contributors
	b = append(b, 0xBE, 0xDE, 0, 1, 0x10, 0x55, 0, 0) // extension
	b = append(b, frameOf(7)...)
	b = append(b, 0, 0, 3)
	w.hears(caller, b)
	sent := w.wire.rtp(agent)
	if len(sent) != 1 || len(sent[0].b) != 172 || sent[0].b[0] != 0x80 || !bytes.Equal(sent[0].payload(), frameOf(7)) {
		t.Errorf("sent %+v", sent)
	}
}

func TestTheTwoLawsAreTranslatedAndEventsKeepTheirPayload(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	agent := w.leg("agent", agentAddr, func(_ *StreamConfig, a *sdp.Agreement) {
		*a = agree(agentAddr, codec.PCMA)
		event := *a.Event
		event.PayloadType = 97
		a.Event = &event
	})
	w.bridge(caller, agent)
	p := &peer{ssrc: 5}
	w.talk(caller, p, 0x31, 1)
	press := p.press(4, 2)
	w.hears(caller, press[0])
	w.hears(agent, packetOf(8, false, 1, 1, 6, frameOf(0x55)))
	sent := w.wire.rtp(agent)
	if sent[0].pt() != 8 || sent[0].payload()[0] != codec.ULawToALaw[0x31] {
		t.Errorf("audio as %d: %x", sent[0].pt(), sent[0].payload()[0])
	}
	if sent[1].pt() != 97 || !bytes.Equal(sent[1].payload(), press[0][rtpHeaderSize:]) || sent[1].ts()-sent[0].ts() != 160 {
		t.Errorf("event as %d: %x", sent[1].pt(), sent[1].payload())
	}
	if back := w.wire.rtp(caller); back[0].pt() != 0 || back[0].payload()[0] != codec.ALawToULaw[0x55] {
		t.Errorf("back as %d: %x", back[0].pt(), back[0].payload()[0])
	}
	agent.event = -1
	w.hears(caller, press[1])
	for _, p := range w.wire.rtp(agent)[len(sent):] {
		if p.pt() == 97 {
			t.Error("an event went to a peer that takes none")
		}
	}
}

// continuous checks that a leg's packets go on by one in sequence, and that their time keeps to the clock.
func continuous(t *testing.T, sent []sentPacket) {
	t.Helper()
	for i := 1; i < len(sent); i++ {
		if step := sent[i].seq() - sent[i-1].seq(); step != 1 {
			t.Errorf("packet %d: sequence step %d", i, step)
		}
		step := time.Duration(int32(sent[i].ts()-sent[i-1].ts())) * tick
		if elapsed := sent[i].at.Sub(sent[i-1].at); step < 20*time.Millisecond || step > max(elapsed, 20*time.Millisecond)+20*time.Millisecond {
			t.Errorf("packet %d: timestamp step %v after %v", i, step, elapsed)
		}
	}
}

func TestPromptsBridgesAndNewSourcesMakeOneStream(t *testing.T) {
	w, caller, agent := bridged()
	agent.playout.play(agent, clipOf(0x11, 5), PlayOptions{})
	w.until(150 * time.Millisecond)
	late := packetOf(0, false, 9, 9, 5, frameOf(1))
	w.talk(caller, &peer{ssrc: 5, seq: 10, ts: 169}, 0x22, 5)
	w.hears(caller, late) // from before the switch: its number is taken
	w.until(400 * time.Millisecond)
	w.talk(caller, &peer{ssrc: 6, seq: 60000, ts: 1 << 31}, 0x33, 5)
	agent.playout.play(agent, clipOf(0x44, 5), PlayOptions{})
	w.talk(caller, &peer{ssrc: 6, seq: 60005, ts: 1<<31 + 800}, 0x33, 10)
	sent := w.wire.rtp(agent)
	continuous(t, sent)
	markers, order := 0, []byte{}
	for i, p := range sent {
		if b := p.payload()[0]; i == 0 || b != order[len(order)-1] {
			order = append(order, b)
		}
		if p.marker() {
			markers++
		}
	}
	if string(order) != "\x11\x22\x33\x44\x33" || markers != 5 {
		t.Errorf("heard %x with %d markers", order, markers)
	}
}

func TestTwoSourcesThatTakeTurnsKeepTheirOwnClocks(t *testing.T) {
	w, caller, agent := bridged()
	audio, events := &peer{ssrc: 5, ts: 1000}, &peer{ssrc: 6, seq: 500, ts: 90000}
	for _, packet := range events.press(5, 5) {
		w.hears(caller, packet)
		w.talk(caller, audio, 1, 1)
	}
	var stamps = map[uint32]bool{}
	for i, p := range w.wire.rtp(agent) {
		if want := w.wire.rtp(agent)[0].seq() + uint16(i); p.seq() != want {
			t.Errorf("packet %d: sequence %d, want %d", i, p.seq(), want)
		}
		if p.pt() == eventType {
			stamps[p.ts()] = true
		}
	}
	if len(stamps) != 1 {
		t.Errorf("one key has %d timestamps", len(stamps))
	}
}

func TestHoldAndResumeFollowTheDirections(t *testing.T) {
	for direction, want := range map[sdp.Direction][2]int{ // packets sent to and taken from the caller
		sdp.SendRecv: {5, 5}, sdp.SendOnly: {5, 0}, sdp.RecvOnly: {0, 5}, sdp.Inactive: {0, 0},
	} {
		w, caller, agent := bridged()
		a := agree(callerAddr, codec.PCMU)
		a.Direction = direction
		caller.apply(a)
		w.talk(caller, &peer{ssrc: 5}, 1, 5)
		w.talk(agent, &peer{ssrc: 6}, 1, 5)
		if sent, taken := len(w.wire.rtp(caller)), len(w.wire.rtp(agent)); sent != want[0] || taken != want[1] {
			t.Errorf("%s: %d sent, %d taken, want %v", direction, sent, taken, want)
		}
		caller.apply(agree(callerAddr, codec.PCMU))
		w.talk(agent, &peer{ssrc: 6, seq: 5, ts: 800}, 1, 5)
		continuous(t, w.wire.rtp(caller))
		if sent := len(w.wire.rtp(caller)); sent != want[0]+5 {
			t.Errorf("%s: %d sent after resume, want %d", direction, sent, want[0]+5)
		}
	}
}

// busyCall runs a call in which everything happens, recorded or not, and returns all that left.
func busyCall(taped bool) []sentPacket {
	w, caller, agent := bridged()
	random := rand.New(rand.NewPCG(9, 9))
	net := &network{random: random}
	peers := map[*leg]*peer{caller: {ssrc: 5, seq: 65500, ts: 0xFFFFF000}, agent: {ssrc: 6}}
	agent.apply(agree(agentAddr, codec.PCMA))
	peers[agent].pt = 8
	for n := range 1000 {
		for _, l := range []*leg{caller, agent} {
			frame := make([]byte, 160)
			for i := range frame {
				frame[i] = byte(random.Uint32())
			}
			net.send(time.Duration(n)*20*time.Millisecond, l, peers[l].say(frame))
		}
	}
	for i, packet := range peers[caller].press(1, 6) {
		net.send(10*time.Second+time.Duration(i)*20*time.Millisecond, caller, packet)
	}
	var tap *Tap
	at := func(at time.Duration, do func()) { net.flights = append(net.flights, flight{at: at, do: do}) }
	at(time.Second, func() {
		if taped {
			tap = w.record(caller, agent, &memory{}, w.cut(nil).Permit())
		}
	})
	at(2*time.Second, func() { caller.playout.play(caller, clipOf(0x66, 30), PlayOptions{BargeIn: true}) })
	at(12*time.Second, func() {
		if taped {
			tap.suspend("hold")
		}
	})
	at(13*time.Second, func() {
		if taped {
			tap.resume()
		}
	})
	at(22*time.Second, func() { w.close() })
	net.deliver(w)
	return w.wire.packets
}

func TestRecordingDoesNotChangeOneByteThatLeaves(t *testing.T) {
	with, without := busyCall(true), busyCall(false)
	if len(with) != len(without) || len(with) < 1900 {
		t.Fatalf("%d packets left with the tap, %d without", len(with), len(without))
	}
	for i := range with {
		if !bytes.Equal(with[i].b, without[i].b) || !with[i].at.Equal(without[i].at) || with[i].to != without[i].to {
			t.Fatalf("packet %d differs: %x at %v, %x at %v", i, with[i].b, with[i].at, without[i].b, without[i].at)
		}
	}
}

func TestForwardingPlayingAndTappingAllocateNothing(t *testing.T) {
	w, caller, agent := bridged()
	w.wire.mute = true
	alaw := w.leg("third", callerAddr, func(_ *StreamConfig, a *sdp.Agreement) { *a = agree(callerAddr, codec.PCMA) })
	w.record(caller, agent, &clicks{}, w.cut(nil).Permit())
	alaw.playout.play(alaw, clipOf(1, 50), PlayOptions{Loop: true})
	caller.awaitSilence(time.Hour)
	p, q, buffer := &peer{ssrc: 5}, &peer{ssrc: 6}, make([]byte, maxPacket)
	frame := frameOf(after)
	step := func() {
		for l, from := range map[*leg]*peer{caller: p, agent: q} {
			b := append(buffer[:0], packetHeader(from)...)
			w.hears(l, append(b, frame...))
		}
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
	for range 50 {
		step()
	}
	caller.reports.due, agent.reports.due, alaw.reports.due = 0, 0, 0 // RTCP, once in five seconds, may
	if n := testing.AllocsPerRun(500, step); n != 0 {
		t.Errorf("%v allocations for two packets forwarded and tapped, and one played", n)
	}
	if caller.stats().Packets < 500 || alaw.out.packets < 500 {
		t.Errorf("nothing was measured: %+v", caller.stats())
	}
}

var headerRoom [rtpHeaderSize]byte

// packetHeader writes the next header of a peer without allocating.
func packetHeader(p *peer) []byte {
	o := sender{ssrc: p.ssrc}
	o.header(headerRoom[:], p.pt, false, uint64(p.seq), uint64(p.ts))
	p.seq++
	p.ts += 160
	return headerRoom[:]
}
