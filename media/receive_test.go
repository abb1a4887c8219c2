package media

import (
	"net/netip"
	"testing"
	"time"

	"assent/media/codec"
	"assent/media/sdp"
)

var stranger = netip.MustParseAddrPort("203.0.113.66:4000")

func learning(c *StreamConfig, _ *sdp.Agreement) { c.Learn = true }

// bridged is a world in which caller and agent hear each other.
func bridged(change ...func(*StreamConfig, *sdp.Agreement)) (w *world, caller, agent *leg) {
	w = newWorld(1)
	caller, agent = w.leg("caller", callerAddr, change...), w.leg("agent", agentAddr)
	w.bridge(caller, agent)
	return w, caller, agent
}

func TestAStrangersPacketsAreDroppedAndCountedAndNobodyHearsThem(t *testing.T) {
	w, caller, agent := bridged()
	sink := &memory{}
	w.record(caller, agent, sink, Permit{core: w.core})
	p := &peer{ssrc: 5}
	for _, from := range []netip.AddrPort{stranger, netip.AddrPortFrom(callerAddr.Addr(), 4002), agentAddr} {
		w.core.receive(w.clock, caller, portRTP, from, p.say(frameOf(0x90)))
		w.core.receive(w.clock, caller, portRTCP, from, make([]byte, 8))
	}
	if n := caller.stats().Strangers; n != 6 || len(w.wire.packets) != 0 || len(sink.channel[0]) != 0 || caller.stats().Packets != 0 {
		t.Errorf("%d strangers counted, %d packets sent on, %d samples recorded", n, len(w.wire.packets), len(sink.channel[0]))
	}
	w.talk(caller, &peer{ssrc: 9}, after, 1)
	if len(w.wire.rtp(agent)) != 1 {
		t.Error("the honest packet was not sent on")
	}
}

func TestNothingIsAcceptedBeforeAnAgreement(t *testing.T) {
	w := newWorld(1)
	st := &Stream{}
	st.leg = w.core.open(StreamConfig{Learn: true}, st)
	w.core.receive(w.clock, st.leg, portRTP, callerAddr, (&peer{}).say(frameOf(1)))
	if s := st.leg.stats(); s.Packets != 0 || s.Strangers != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestLearningLocksToTheFirstValidSource(t *testing.T) {
	w, caller, _ := bridged(learning)
	nat := netip.MustParseAddrPort("203.0.113.5:9999")
	w.core.receive(w.clock, caller, portRTP, stranger, []byte("not RTP at all"))
	w.core.receive(w.clock, caller, portRTP, stranger, packetOf(96, false, 1, 1, 1, frameOf(1)))
	w.core.receive(w.clock, caller, portRTP, nat, packetOf(0, false, 1, 1, 1, frameOf(1)))
	w.core.receive(w.clock, caller, portRTP, stranger, packetOf(0, false, 2, 161, 1, frameOf(1)))
	w.core.receive(w.clock, caller, portRTP, callerAddr, packetOf(0, false, 3, 321, 1, frameOf(1)))
	if s := caller.stats(); s.Packets != 1 || s.Strangers != 2 || s.Rejected != 2 {
		t.Errorf("stats %+v", s)
	}
	caller.apply(agree(callerAddr, codec.PCMU)) // a re-INVITE that names the same address
	if caller.remote != nat {
		t.Errorf("sends to %v after a re-INVITE, want the learned %v", caller.remote, nat)
	}
	caller.apply(agree(netip.MustParseAddrPort("192.0.2.99:4"), codec.PCMU))
	if caller.locked || caller.remote.Port() != 4 {
		t.Errorf("still locked to %v after the peer moved", caller.remote)
	}
}

func TestWhatIsNoRTPOfTheAgreementIsRefused(t *testing.T) {
	w, caller, agent := bridged()
	padded := packetOf(0, false, 4, 0, 1, []byte{1, 2, 3, 200})
	padded[0] |= 0x20
	for name, b := range map[string][]byte{
		"version 0":           append([]byte{0}, packetOf(0, false, 1, 0, 1, frameOf(1))[1:]...),
		"short":               {0x80, 0, 0},
		"empty payload":       packetOf(0, false, 2, 0, 1, nil),
		"other payload type":  packetOf(18, false, 3, 0, 1, frameOf(1)),
		"padding beyond all":  padded,
		"longer than a frame": packetOf(0, false, 5, 0, 1, make([]byte, maxPacket)),
	} {
		w.hears(caller, b)
		if len(w.wire.rtp(agent)) != 0 {
			t.Fatalf("%s: sent on", name)
		}
	}
	if s := caller.stats(); s.Packets != 0 || s.Rejected != 6 {
		t.Errorf("stats %+v", s)
	}
}

func TestLossDisorderAndDuplicatesAreCountedAcrossTheWrap(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	p := &peer{ssrc: 5, seq: 65530, ts: 0xFFFFFE00}
	var packets [][]byte
	for range 20 {
		packets = append(packets, p.say(frameOf(1)))
	}
	order := []int{0, 1, 2, 4, 3, 5, 5, 6, 7, 9, 10, 8, 8, 11, 12, 14, 15, 16, 17, 18, 19} // 13 is lost
	for _, i := range order {
		w.hears(caller, packets[i])
	}
	want := StreamStats{Packets: 19, Lost: 1, Late: 2, Duplicates: 2}
	if s := caller.stats(); s.Packets != want.Packets || s.Lost != want.Lost || s.Late != want.Late || s.Duplicates != want.Duplicates {
		t.Errorf("stats %+v, want %+v", s, want)
	}
	s := caller.speaking()
	if want := uint64(extendedOrigin + 0xFFFFFE00 + 20*160); s.end != want {
		t.Errorf("audio ends at %#x, want %#x", s.end, want)
	}
	if p := caller.stats().LossPercent(); p != 5 {
		t.Errorf("loss %v %%", p)
	}
}

func TestOnePacketThatFitsNothingChangesNothingButTwoStartAnew(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	p := &peer{ssrc: 5, seq: 100, ts: 1000}
	w.talk(caller, p, after, 5)
	before := caller.speaking().generation
	w.hears(caller, packetOf(0, false, 40000, 77, 5, frameOf(after)))
	w.talk(caller, p, after, 5)
	if s := caller.speaking(); s.generation != before || s.lost() != 0 {
		t.Errorf("a stray packet began a new numbering")
	}
	p.seq, p.ts = 40000, 1<<31
	w.talk(caller, p, after, 2)
	if s := caller.speaking(); s.generation == before || caller.stats().Doubtful() != 2 {
		t.Errorf("generation %d after a restart, %+v", s.generation, caller.stats())
	}
}

// lost is the source's loss.
func (s *source) lost() uint64 { return s.sum().lost() }

// Doubtful is what was rejected in these tests.
func (s StreamStats) Doubtful() uint64 { return s.Rejected }

func TestJitterIsThatOfTheStandardAndEventsDoNotDisturbIt(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	p := &peer{ssrc: 5}
	for i := range 400 { // 20 ms in RTP time, 15 and 25 ms apart
		w.hears(caller, p.say(frameOf(1)))
		w.until(w.clock.Sub(dawn) + time.Duration(15+10*(i%2))*time.Millisecond)
	}
	if j := caller.stats().Jitter; j < 4700*time.Microsecond || j > 5300*time.Microsecond {
		t.Errorf("jitter %v, want about 5 ms", j)
	}
	before := caller.stats().Jitter
	for _, packet := range p.press(3, 20) {
		w.hears(caller, packet)
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
	if j := caller.stats().Jitter; j != before {
		t.Errorf("jitter %v after events, %v before", j, before)
	}
}

func TestATimeoutIsNoticedOnceAndOnlyWhileThePeerIsToSend(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr, func(c *StreamConfig, _ *sdp.Agreement) { c.Timeout = 5 * time.Second })
	p := &peer{ssrc: 5}
	timeouts := func() (n int) {
		for _, notice := range w.notices {
			if _, ok := notice.(TimeoutNotice); ok {
				n++
			}
		}
		return n
	}
	w.talk(caller, p, after, 100)
	w.until(6900 * time.Millisecond)
	if timeouts() != 0 {
		t.Fatal("too early")
	}
	w.until(20 * time.Second)
	if timeouts() != 1 {
		t.Fatalf("%d notices, want 1", timeouts())
	}
	w.talk(caller, p, after, 1)
	hold := agree(callerAddr, codec.PCMU)
	hold.Direction = sdp.SendOnly
	caller.apply(hold)
	w.until(60 * time.Second)
	if timeouts() != 1 {
		t.Fatal("noticed while the peer was not to send")
	}
	caller.apply(agree(callerAddr, codec.PCMU))
	w.until(70 * time.Second)
	if timeouts() != 2 {
		t.Fatalf("%d notices, want a second one after the hold", timeouts())
	}
}
