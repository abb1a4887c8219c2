package media

import (
	"testing"
	"time"

	"assent/media/sdp"
)

// talk lets a peer say frames of one byte, 20 ms each, without jitter.
func (w *world) talk(l *leg, p *peer, b byte, frames int) {
	for range frames {
		w.hears(l, p.say(frameOf(b)))
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
}

func TestTheFloorFollowsFromTheKeyTheAudioOrTheGuard(t *testing.T) {
	const end, guard = 1_000_000, 1600
	s := &source{rate: rateHz, ssrc: 7, end: end, audio: true}
	key := func(method string, ssrc uint32, at uint64) *Digit {
		return &Digit{Key: '1', Method: method, SSRC: ssrc, End: at, ClockHz: 8000}
	}
	for name, c := range map[string]struct {
		key    *Digit
		floor  uint64
		source string
	}{
		"event beyond the newest audio":    {key(MethodRFC4733, 7, end+800), end + 800, floorKey},
		"event before the newest audio":    {key(MethodRFC4733, 7, end-800), end, floorAudio},
		"event long before":                {key(MethodRFC4733, 7, end-8001), end + guard, floorGuard},
		"event far in the future":          {key(MethodRFC4733, 7, end+8001), end + guard, floorGuard},
		"event of another SSRC":            {key(MethodRFC4733, 8, end+800), end + guard, floorGuard},
		"event of another clock":           {&Digit{Method: MethodRFC4733, SSRC: 7, End: end, ClockHz: 16000}, end + guard, floorGuard},
		"tone that ends at the newest":     {key(MethodInband, 7, end), end + guard, floorGuard},
		"tone that ended before the guard": {key(MethodInband, 7, end-2000), end, floorAudio},
		"INFO":                             {&Digit{Key: '1', Method: MethodInfo}, end + guard, floorGuard},
		"stored consent":                   {nil, end + guard, floorGuard},
	} {
		if floor, source := s.floor(c.key, testGuard); floor != c.floor || source != c.source {
			t.Errorf("%s: floor %d by %s, want %d by %s", name, floor, source, c.floor, c.source)
		}
	}
}

func TestTheFirstCutDecidesAndLaterOnesReturnTheSame(t *testing.T) {
	w := newWorld(1)
	caller, p := w.leg("caller", callerAddr), &peer{ssrc: 5, ts: 1000}
	w.talk(caller, p, 0x90, 10)
	first := w.cut(nil)
	w.talk(caller, p, 0x90, 10)
	second := w.cut(&Digit{Key: '1'})
	if len(first.Floors) != 1 || len(second.Floors) != 1 || first.Floors[0] != second.Floors[0] || !first.At.Equal(second.At) {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if want := (Floor{Leg: "caller", SSRC: 5, RTPTime: extendedOrigin + 1000 + 1600 + 1600, Source: floorGuard}); first.Floors[0] != want {
		t.Errorf("floor %+v, want %+v", first.Floors[0], want)
	}
}

func TestAPacketAcrossTheFloorIsCutToTheSample(t *testing.T) {
	w := newWorld(1)
	caller, agent := w.leg("caller", callerAddr), w.leg("agent", agentAddr)
	p := &peer{ssrc: 5}
	w.talk(caller, p, 0x90, 10)
	floor := uint64(extendedOrigin + 10*160 + 100)
	b := w.cut(&Digit{Method: MethodRFC4733, SSRC: 5, End: floor, ClockHz: 8000})
	sink := &memory{}
	w.record(caller, agent, sink, b.Permit())
	w.talk(caller, p, after, 2)
	if len(sink.channel[0]) != 2*160-100 {
		t.Errorf("%d samples placed, want %d", len(sink.channel[0]), 2*160-100)
	}
	for _, n := range w.notices {
		if first, ok := n.(FirstSampleNotice); ok && (first.RTPTime != floor || first.SSRC != 5 || first.Channel != 0) {
			t.Errorf("first sample %+v, want at %d", first, floor)
		}
	}
}

func TestAPacketThatIsLateByMoreThanASecondStaysBelowTheFloor(t *testing.T) {
	w := newWorld(1)
	caller, agent := w.leg("caller", callerAddr), w.leg("agent", agentAddr)
	p := &peer{ssrc: 5}
	var late [][]byte
	for range 200 { // the first 50 are still on their way
		packet := p.say(frameOf(0x90))
		if len(late) < 50 {
			late = append(late, packet)
			continue
		}
		w.hears(caller, packet)
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
	sink := &memory{}
	w.record(caller, agent, sink, w.cut(nil).Permit())
	w.talk(caller, p, after, 50)
	for _, packet := range late {
		w.hears(caller, packet)
	}
	w.talk(caller, p, after, 50)
	assertOnlyAfter(t, sink, 0)
}

func assertOnlyAfter(t *testing.T, m *memory, channel int) {
	t.Helper()
	for i, sample := range m.channel[channel] {
		if m.placed[channel][i] && sample > 0 {
			t.Fatalf("sample %d of channel %d is from before the barrier", i, channel)
		}
	}
	if len(m.channel[channel]) == 0 {
		t.Errorf("channel %d has no audio", channel)
	}
}

func TestANewSSRCIsAdmittedOnlyAfterTheGuard(t *testing.T) {
	w := newWorld(1)
	caller, agent := w.leg("caller", callerAddr), w.leg("agent", agentAddr)
	w.talk(caller, &peer{ssrc: 4}, 0x90, 5)
	w.talk(caller, &peer{ssrc: 5}, 0x90, 50)
	sink := &memory{}
	w.record(caller, agent, sink, w.cut(nil).Permit())
	p := &peer{ssrc: 6, ts: 0xFFFFFF00}
	w.talk(caller, p, 0x90, 10) // the guard
	w.talk(caller, p, after, 50)
	assertOnlyAfter(t, sink, 0)
	w.talk(caller, &peer{ssrc: 4, seq: 5, ts: 800}, 0x90, 50) // an SSRC that was replaced before the cut is dead
	assertOnlyAfter(t, sink, 0)
}

func TestAnSSRCFromBeforeTheCutStaysDeadIfItSpeaksWhenTheRecordingBegins(t *testing.T) {
	w := newWorld(1)
	caller, agent := w.leg("caller", callerAddr), w.leg("agent", agentAddr)
	old, present := &peer{ssrc: 4}, &peer{ssrc: 5}
	w.talk(caller, old, 0x90, 5)
	w.talk(caller, present, 0x90, 5)
	b := w.cut(nil)
	w.talk(caller, old, 0x90, 5)
	sink := &memory{}
	w.record(caller, agent, sink, b.Permit())
	w.talk(caller, old, 0x90, 50)
	w.talk(caller, present, after, 50)
	assertOnlyAfter(t, sink, 0)
}

func TestAnSSRCThatFirstSentOnlyEventsMayStillSpeak(t *testing.T) {
	w := newWorld(1)
	caller, agent := w.leg("caller", callerAddr), w.leg("agent", agentAddr)
	p := &peer{ssrc: 5}
	for _, packet := range p.press(1, 5) {
		w.hears(caller, packet)
	}
	sink := &memory{}
	w.record(caller, agent, sink, w.cut(nil).Permit())
	w.until(time.Second)
	w.talk(caller, p, after, 50)
	assertOnlyAfter(t, sink, 0)
}

func TestAReInviteAtTheMomentOfTheCutOpensNothing(t *testing.T) {
	moved := agree(callerAddr, 1) // another codec, and another address
	moved.Remote = agentAddr
	for name, order := range map[string]func(w *world, l *leg) Barrier{
		"before": func(w *world, l *leg) Barrier { l.apply(moved); return w.cut(nil) },
		"after":  func(w *world, l *leg) Barrier { b := w.cut(nil); l.apply(moved); return b },
	} {
		w := newWorld(1)
		caller, agent := w.leg("caller", callerAddr), w.leg("agent", agentAddr)
		p := &peer{ssrc: 5}
		w.talk(caller, p, 0x90, 50)
		sink := &memory{}
		w.record(caller, agent, sink, order(w, caller).Permit())
		fresh := &peer{ssrc: 9, seq: 77, ts: 123456, pt: 8}
		for range 10 { // both the old sender and the new one are still talking of before
			w.core.receive(w.clock, caller, portRTP, callerAddr, p.say(frameOf(0x90)))
			w.talk(caller, fresh, 0x55|0x80, 1)
		}
		w.talk(caller, fresh, 0x20, 50)
		assertOnlyAfter(t, sink, 0)
		if caller.counts.Strangers != 10 {
			t.Errorf("%s: %d packets from the old address counted, want 10", name, caller.counts.Strangers)
		}
	}
}

func TestALeapOfTheTimestampCountsAsANewStream(t *testing.T) {
	w := newWorld(1)
	caller, agent := w.leg("caller", callerAddr), w.leg("agent", agentAddr)
	p := &peer{ssrc: 5}
	w.talk(caller, p, 0x90, 50)
	sink := &memory{}
	w.record(caller, agent, sink, w.cut(nil).Permit())
	p.ts += 1 << 20 // the sequence goes on
	w.talk(caller, p, 0x90, 10)
	w.talk(caller, p, after, 20)
	assertOnlyAfter(t, sink, 0)
	p.ts -= 1 << 21
	p.seq += 9000
	w.talk(caller, p, after, 20)
	assertOnlyAfter(t, sink, 0)
}

func TestAStreamOpenedAfterTheCutHasNoFloor(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	w.talk(caller, &peer{ssrc: 5}, 0x90, 5)
	b := w.cut(nil)
	agent := w.leg("agent", agentAddr)
	sink := &memory{}
	w.record(caller, agent, sink, b.Permit())
	w.until(time.Second)
	w.talk(agent, &peer{ssrc: 6}, after, 10)
	got := 0
	for _, placed := range sink.placed[1] {
		if placed {
			got++
		}
	}
	if got != 1600 {
		t.Errorf("%d samples of the agent recorded, want all 1600", got)
	}
}

func TestTheJitterBufferIsDiscardedAtTheCut(t *testing.T) {
	w := newWorld(1)
	inband := func(c *StreamConfig, _ *sdp.Agreement) { c.DTMF = MethodInband }
	caller, p := w.leg("caller", callerAddr, inband), &peer{ssrc: 5}
	w.talk(caller, p, 0x90, 3)
	p.say(frameOf(0x90)) // lost, so that the next ones wait
	w.hears(caller, p.say(frameOf(0x90)))
	w.hears(caller, p.say(frameOf(0x90)))
	if b := w.cut(nil); b.Floors[0].Discarded != 2 {
		t.Errorf("%d packets discarded, want 2", b.Floors[0].Discarded)
	}
}

func TestNothingIsRecordedWithoutAPermit(t *testing.T) {
	w := newWorld(1)
	if p := (Barrier{}).Permit(); p.core != nil {
		t.Error("the zero Barrier permits")
	}
	caller, agent := w.leg("caller", callerAddr), w.leg("agent", agentAddr)
	sink := &memory{}
	session := &Session{core: w.core, driver: &driver{}}
	caller.owner.session, agent.owner.session = session, session
	for name, p := range map[string]Permit{"zero": {}, "zero barrier": Barrier{}.Permit(), "another session": {core: newWorld(2).core}} {
		if session.permits(p, caller.owner, agent.owner, sink) {
			t.Errorf("%s: permitted", name)
		}
	}
	if !session.permits(w.cut(nil).Permit(), caller.owner, agent.owner, sink) {
		t.Error("the session's own barrier does not permit")
	}
}
