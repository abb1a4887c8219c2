package media

import (
	"testing"
	"time"

	"assent/media/sdp"
)

// settledWorld is a tapped call whose caller talks.
func settledWorld() (w *world, caller, agent *leg, sink *memory, tap *Tap) {
	w, sink = newWorld(1), &memory{}
	caller, agent = w.leg("caller", callerAddr), w.leg("agent", agentAddr)
	tap = w.record(caller, agent, sink, Permit{core: w.core})
	return w, caller, agent, sink, tap
}

func TestALateFirstPacketOfTheStationCostsNoSlips(t *testing.T) {
	w, caller, agent, sink, tap := settledWorld()
	c, a := &peer{ssrc: 1}, &peer{ssrc: 2, ts: 77}
	for frame := range 100 {
		w.hears(caller, c.say(frameOf(byte(frame))))
		packet := a.say(frameOf(0x20))
		if frame == 0 { // 18 ms late: it comes just before the next one
			w.until(w.clock.Sub(dawn) + 18*time.Millisecond)
			w.hears(agent, packet)
			w.until(w.clock.Sub(dawn) + 2*time.Millisecond)
			continue
		}
		w.hears(agent, packet)
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
	tap.close()
	if len(sink.slips) > 0 {
		t.Errorf("%d slips: %v", len(sink.slips), sink.slips)
	}
	missing := 0
	for _, placed := range sink.placed[1][sink.first(1):] {
		if !placed {
			missing++
		}
	}
	if missing > 0 || sink.first(1) > 80 {
		t.Errorf("%d samples missing, first at %d; want none and a start within 10 ms", missing, sink.first(1))
	}
}

// first is the position of a channel's first sample.
func (m *memory) first(channel int) int {
	for i, placed := range m.placed[channel] {
		if placed {
			return i
		}
	}
	return len(m.placed[channel])
}

func TestAHoldWithoutAudioIsOneGapUntilAudioComesAgain(t *testing.T) {
	w, caller, agent, sink, tap := settledWorld()
	c, a := &peer{ssrc: 1}, &peer{ssrc: 2, ts: 77}
	both := func(frames int, agentToo bool) {
		for range frames {
			w.hears(caller, c.say(frameOf(0x10)))
			packet := a.say(frameOf(0x20)) // its clock runs on while it is silent
			if agentToo {
				w.hears(agent, packet)
			}
			w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
		}
	}
	both(30, true)
	tap.suspend("hold")
	agent.apply(agreeOn(sdp.Inactive))
	both(40, false)
	agent.apply(agreeOn(sdp.SendRecv))
	tap.resume()
	both(5, false) // it takes a moment to speak again
	both(40, true)
	end := tap.close()
	for channel := range 2 {
		told := make([]bool, end)
		for i := range told {
			told[i] = i < len(sink.placed[channel]) && sink.placed[channel][i]
		}
		for _, m := range sink.marks {
			for i := max(m.from, 0); m.channel == channel && i < min(m.to, end); i++ {
				told[i] = true
			}
		}
		last := len(sink.placed[channel])
		for i := sink.first(channel); i < last; i++ {
			if !told[i] {
				t.Fatalf("channel %d: position %d is neither audio nor marked", channel, i)
			}
		}
	}
}

func TestWhoseClockStoodStillWhileHeldIsRecordedWhereHeSpeaksAgain(t *testing.T) {
	for name, early := range map[string]int{"speaks after the resume": 0, "speaks a moment before it": 3} {
		for held := range 2 {
			w, caller, agent, sink, tap := settledWorld()
			legs, peers := [2]*leg{caller, agent}, [2]*peer{{ssrc: 1}, {ssrc: 2, ts: 77}}
			both := func(frames int, silent int, b byte) {
				for range frames {
					for i, p := range peers {
						if i != silent {
							w.hears(legs[i], p.say(frameOf(b)))
						}
					}
					w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
				}
			}
			both(50, -1, after)
			tap.suspend("hold")
			both(100-early, held, 0x90) // who holds sends nothing, and its clock stands still
			both(early, -1, 0x90)
			tap.resume()
			both(100, -1, after)
			tap.close()
			assertOnlyAfter(t, sink, held)
			missing := 0
			for pos := 150*160 + 160; pos < 249*160; pos++ { // a frame to find the place
				if pos >= len(sink.placed[held]) || !sink.placed[held][pos] {
					missing++
				}
			}
			if missing > 0 {
				t.Errorf("%s: %d samples are missing on channel %d after the hold", name, missing, held)
			}
			for pos := 51 * 160; pos < 149*160; pos++ {
				if sink.placed[held][pos] {
					t.Fatalf("%s: channel %d has audio in the hold, at %d", name, held, pos)
				}
			}
		}
	}
}

func agreeOn(d sdp.Direction) sdp.Agreement {
	a := agree(agentAddr, 0)
	a.Direction = d
	return a
}

func TestAKeyThatWasDownIsForgotten(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	p := &peer{ssrc: 5}
	for i, packet := range p.press(1, 20) {
		if i == 10 {
			caller.forgetKeys()
		}
		w.hears(caller, packet)
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
	w.until(w.clock.Sub(dawn) + 200*time.Millisecond)
	if keys := w.digits(); len(keys) != 0 {
		t.Fatalf("%+v: a press that began before counts", keys)
	}
	for _, packet := range p.press(2, 5) {
		w.hears(caller, packet)
	}
	if keys := w.digits(); len(keys) != 1 || keys[0].Key != '2' {
		t.Errorf("%+v, want the next key", keys)
	}
}
