package media

import (
	"errors"
	"slices"
	"testing"

	"assent/media/codec"
)

// The attacks of strangers, over real sockets: who is not the peer reaches neither the other party nor the recording.

// siege is a bridged, recorded call, and a socket of somebody else's.
type siege struct {
	t               *testing.T
	engine          *Engine
	session         *Session
	caller, agent   phone
	left, right     *Stream
	stranger        phone
	sink            *memory
	tap             *Tap
	honest          *peer
	marker, strange byte
}

func besiege(t *testing.T, io, ports string) *siege {
	t.Helper()
	g := &siege{t: t, engine: startEngineBy(t, io, ports), caller: newPhone(t), agent: newPhone(t), stranger: newPhone(t),
		sink: &memory{}, honest: &peer{ssrc: 5}, strange: 0x99}
	g.session = g.engine.NewSession(SessionConfig{Guard: testGuard})
	g.left, g.right = openStream(t, g.session, "caller", g.caller.addr()), openStream(t, g.session, "agent", g.agent.addr())
	g.session.Bridge(g.left, g.right)
	g.tap = g.session.Tap(g.session.NotRequired(), g.left, g.right, rateHz, g.sink)
	return g
}

// attack lets the stranger send a packet to the caller's port.
func (g *siege) attack(b []byte) { g.stranger.say(g.left.Local(), b) }

// talk lets the caller say a packet, which the agent hears next, and nothing before it.
func (g *siege) talk() {
	g.t.Helper()
	g.marker++
	g.caller.say(g.left.Local(), g.honest.say(frameOf(g.marker)))
	for {
		b := g.agent.hear()
		if isRTCP(b) {
			continue
		}
		if b[rtpHeaderSize] != g.marker {
			g.t.Fatalf("the agent hears %x, want %x", b[rtpHeaderSize], g.marker)
		}
		return
	}
}

// over ends the call and checks that the recording holds the honest packets alone.
func (g *siege) over() StreamStats {
	g.t.Helper()
	g.tap.Close()
	stats := g.left.Stats()
	loud := make([]int16, 1)
	codec.Decode(codec.PCMU, loud, []byte{g.strange})
	if slices.Contains(g.sink.channel[0], loud[0]) {
		g.t.Error("the stranger is in the recording")
	}
	if len(g.sink.channel[0]) == 0 {
		g.t.Error("nothing was recorded")
	}
	return stats
}

func TestAStrangerReachesNobodyEvenBeforeTheFirstHonestPacket(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		g := besiege(t, io, "31100-31199")
		copycat, own := &peer{ssrc: 5}, &peer{ssrc: 77}
		for range 50 {
			g.attack(copycat.say(frameOf(g.strange)))
			g.attack(own.say(frameOf(g.strange)))
		}
		for range 30 {
			g.talk()
			g.attack(copycat.say(frameOf(g.strange)))
			g.attack(packetOf(0, false, g.honest.seq, g.honest.ts, 5, frameOf(g.strange))) // the very next number
		}
		g.talk()
		if s := g.over(); s.Packets != 31 || s.Strangers != 160 || s.Lost+s.Duplicates+s.Late != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestOnlyThePeerMayChangeItsSSRC(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		g := besiege(t, io, "31200-31299")
		for range 5 {
			g.talk()
		}
		taker := &peer{ssrc: 99}
		for range 20 {
			g.attack(taker.say(frameOf(g.strange)))
		}
		g.talk()
		g.honest = &peer{ssrc: 6, seq: 40000, ts: 1 << 30}
		for range 20 { // after the gap that a take-over of the audio wants
			g.talk()
		}
		if s := g.over(); s.Packets != 26 || s.Strangers != 20 {
			t.Errorf("%+v", s)
		}
	})
}

func TestOtherVersionsOfRTPAreDropped(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		g := besiege(t, io, "31300-31399")
		g.talk()
		for version := range byte(4) {
			b := packetOf(0, false, g.honest.seq, g.honest.ts, 5, frameOf(g.strange))
			b[0] = b[0]&0x3F | version<<6
			if version != 2 {
				g.caller.say(g.left.Local(), b)
			}
		}
		g.talk()
		if s := g.over(); s.Packets != 2 || s.Rejected != 3 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAFloodIsCountedAndTheCallGoesOn(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		g := besiege(t, io, "31400-31499")
		junk := [][]byte{make([]byte, 1), make([]byte, 1400), packetOf(0, false, 1, 1, 5, frameOf(g.strange)), packetOf(101, true, 2, 2, 5, []byte{1, 0x80, 0, 100})}
		sent := 0
		for range 50 {
			for _, b := range junk {
				for range 10 {
					g.attack(b)
					sent++
				}
			}
			g.talk() // through all of it
		}
		s := g.over()
		if s.Packets != 50 || s.Strangers != uint64(sent) {
			t.Errorf("%d of %d junk packets counted, %+v", s.Strangers, sent, s)
		}
		if e := g.engine.Stats(); e.Strangers != uint64(sent) {
			t.Errorf("the engine counts %d", e.Strangers)
		}
	})
}

func TestAPortRestsAfterItsCall(t *testing.T) {
	eachWay(t, func(t *testing.T, io string) {
		e := startEngineBy(t, io, "31500-31501")
		s := e.NewSession(SessionConfig{Guard: testGuard})
		openStream(t, s, "caller", callerAddr)
		s.Close()
		next := e.NewSession(SessionConfig{Guard: testGuard})
		defer next.Close()
		if _, err := next.Open(StreamConfig{Leg: "caller"}); !errors.Is(err, ErrNoPorts) {
			t.Errorf("the port of a call that just ended is given to the next: %v", err)
		}
		if stats := e.Stats(); stats.PortsResting != 1 {
			t.Errorf("%+v", stats)
		}
	})
}
