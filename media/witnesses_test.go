package media

import (
	"slices"
	"testing"
	"time"

	"assent/media/codec"
)

// The caller's own SSRC is pushed out by stray ones; then its packets from before the barrier arrive.
func TestAForgottenSourceNeverComesBackAcrossTheBarrier(t *testing.T) {
	w, sink := newWorld(1), &memory{}
	caller, agent := w.leg("caller", callerAddr), w.leg("agent", agentAddr)
	p := &peer{ssrc: 5, ts: 1000, seq: 100}
	var early [][]byte
	for range 40 { // said before the barrier, and on the way for long
		early = append(early, p.say(frameOf(0x11)))
	}
	w.talk(caller, p, 0x12, 10)
	b := w.core.cut(nil)
	w.record(caller, agent, sink, b.Permit())
	w.talk(caller, p, 0x22, 30)
	w.until(w.clock.Sub(dawn) + time.Second) // it pauses
	for ssrc := range uint32(12) {
		stray := &peer{ssrc: 100 + ssrc, ts: ssrc * 77777}
		w.talk(caller, stray, 0x33, 5)
		w.until(w.clock.Sub(dawn) + 100*time.Millisecond)
	}
	for _, packet := range early {
		w.hears(caller, packet)
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
	bad := codec.DecodeULaw[0x11]
	if slices.Contains(sink.channel[0], bad) {
		t.Error("audio from before the barrier was recorded")
	}
	if !slices.Contains(sink.channel[0], codec.DecodeULaw[0x22]) {
		t.Error("nothing from after the barrier was recorded: this test shows nothing")
	}
}

func TestASecondSourceAtTheSameTimeDoesNotStretchTheRecording(t *testing.T) {
	w, caller, agent, sink, tap := settledWorld()
	c, a, stray := &peer{ssrc: 1}, &peer{ssrc: 2, ts: 77}, &peer{ssrc: 3, ts: 999999}
	for range 250 {
		w.hears(caller, c.say(frameOf(0x10)))
		w.hears(agent, a.say(frameOf(0x20)))
		w.until(w.clock.Sub(dawn) + 10*time.Millisecond)
		w.hears(caller, stray.say(frameOf(0x30)))
		w.until(w.clock.Sub(dawn) + 10*time.Millisecond)
	}
	if end := tap.close(); end > 250*160+800 {
		t.Errorf("5 s became %d samples", end)
	}
	for channel, want := range map[int]int16{0: codec.DecodeULaw[0x10], 1: codec.DecodeULaw[0x20]} {
		n := 0
		for _, s := range sink.channel[channel] {
			if s == want {
				n++
			}
		}
		if n < 240*160 {
			t.Errorf("channel %d has %d samples of its party, want nearly all of %d", channel, n, 250*160)
		}
	}
	if slices.Contains(sink.channel[0], codec.DecodeULaw[0x30]) {
		t.Error("the second source was recorded")
	}
}
