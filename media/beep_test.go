package media

import (
	"bytes"
	"fmt"
	"math"
	"testing"
	"time"

	"assent/media/codec"
	"assent/media/pcm"
	"assent/media/sdp"
)

// testBeep is the usual tone, more often than usual.
var testBeep = Beep{Hz: 1400, Length: 200 * time.Millisecond, Every: 2 * time.Second, GainDB: -24}

// beepsIn finds the stretches in which samples hold a tone of 1400 Hz: where they begin, how long they are, how loud.
func beepsIn(samples []int16, rateHz int) (begins []time.Duration, lengths []time.Duration, levels []float64) {
	g, window := pcm.NewGoertzel(1400, float64(rateHz)), rateHz/50
	quiet := 5 // windows in a row: an encoder that is new to a stream may waver
	for at := 0; at+window <= len(samples); at += window / 2 {
		level := g.Level(samples[at : at+window])
		if level < -32 {
			quiet++
			continue
		}
		if quiet >= 5 {
			begins, lengths, levels = append(begins, clockRate(rateHz).span(int64(at))), append(lengths, 0), append(levels, level)
		}
		quiet = 0
		last := len(lengths) - 1
		lengths[last], levels[last] = clockRate(rateHz).span(int64(at))-begins[last], max(levels[last], level)
	}
	return begins, lengths, levels
}

// beeping checks that samples hold so many beeps, as they were asked for.
func beeping(t *testing.T, who string, samples []int16, rateHz, want int) {
	t.Helper()
	begins, lengths, levels := beepsIn(samples, rateHz)
	if len(begins) != want {
		t.Errorf("%s heard %d beeps, want %d: %v", who, len(begins), want, begins)
		return
	}
	for i := range begins {
		if off := lengths[i] - testBeep.Length; off < -50*time.Millisecond || off > 50*time.Millisecond {
			t.Errorf("%s: beep %d lasts %v", who, i, lengths[i])
		}
		if math.Abs(levels[i]-testBeep.GainDB) > 2 {
			t.Errorf("%s: beep %d has %.1f dB, want %.0f", who, i, levels[i], testBeep.GainDB)
		}
		if i > 0 && (begins[i]-begins[i-1]-testBeep.Every).Abs() > 30*time.Millisecond {
			t.Errorf("%s: beeps at %v", who, begins)
		}
	}
}

// chat lets both parties say a sine of 400 Hz until a time after dawn; nil says nothing.
func (w *world) chat(caller, agent *leg, a, b *talker, until time.Duration) {
	for at := w.clock.Sub(dawn); at < until; at += 20 * time.Millisecond {
		for l, k := range map[*leg]*talker{caller: a, agent: b} {
			for range 20 * time.Millisecond / l.ptime {
				if k != nil {
					w.hears(l, k.next())
				}
			}
		}
		w.until(at + 20*time.Millisecond)
	}
}

func TestBothPartiesHearTheBeepInEveryCodecAndEachOtherBehindIt(t *testing.T) {
	const ptime, length = 20 * time.Millisecond, 5 * time.Second
	formats := goldenFormats()
	pairs := [][2]sdp.Codec{{formats[0], formats[1]}, {formats[0], g722}, {formats[3], formats[1]}}
	for _, f := range formats {
		pairs = append(pairs, [2]sdp.Codec{f, f})
	}
	for _, pair := range pairs {
		t.Run(fmt.Sprintf("%s-%d and %s", pair[0].Name, pair[0].ClockHz, pair[1].Name), func(t *testing.T) {
			w, sink := newWorld(1), &memory{}
			caller, agent := w.using("caller", callerAddr, pair[0], ptime), w.using("agent", agentAddr, pair[1], ptime)
			w.bridge(caller, agent)
			tap := w.record(caller, agent, sink, Permit{core: w.core})
			a := newTalker(pair[0], sineOf(formatOf(pair[0]).RateHz, length+time.Second), caller.ptime)
			b := newTalker(pair[1], sineOf(formatOf(pair[1]).RateHz, length+time.Second), agent.ptime)
			w.chat(caller, agent, a, b, 500*time.Millisecond)
			tap.announce(newBeeper(testBeep))
			w.chat(caller, agent, a, b, length)
			for who, l := range map[string]*leg{"caller": caller, "agent": agent} {
				heard := heardBy(t, w, l)
				beeping(t, who, heard, l.format.RateHz, 3)
				offBy := 1.5
				if l.format.HasMemory() { // its encoder delays: where the tone begins and ends the phase turns
					offBy = 6
				}
				g := pcm.NewGoertzel(400, float64(l.format.RateHz))
				for at := l.format.RateHz / 2; at+l.format.RateHz/10 <= len(heard); at += l.format.RateHz / 10 {
					if level := g.Level(heard[at : at+l.format.RateHz/10]); math.Abs(level+12.2) > offBy {
						t.Errorf("%s hears the other at %.1f dB at %v", who, level, clockRate(l.format.RateHz).span(int64(at)))
					}
				}
			}
			if tap.beeper.count != 3 {
				t.Errorf("%d beeps counted", tap.beeper.count)
			}
			for i := range sink.channel {
				beeping(t, fmt.Sprintf("channel %d of the recording", i), sink.channel[i], rateHz, 0)
			}
		})
	}
}

func TestAPartyThatHearsNothingGetsTheBeepAlone(t *testing.T) {
	for _, c := range goldenFormats() {
		w := newWorld(1)
		caller, agent := w.using("caller", callerAddr, c, 20*time.Millisecond), w.using("agent", agentAddr, c, 20*time.Millisecond)
		w.bridge(caller, agent)
		tap := w.record(caller, agent, &memory{}, Permit{core: w.core})
		tap.announce(newBeeper(testBeep))
		w.until(5 * time.Second)
		beeping(t, c.Name+" caller", heardBy(t, w, caller), caller.format.RateHz, 3)
		beeping(t, c.Name+" agent", heardBy(t, w, agent), agent.format.RateHz, 3)
		if sent := len(w.wire.rtp(caller)); sent > int(3*(testBeep.Length+2*beepRest)/caller.ptime) {
			t.Errorf("%s: %d packets for three beeps", c.Name, sent)
		}
	}
}

func TestABeepIsMixedIntoAPromptAndIntoMusic(t *testing.T) {
	w, caller, _, tap, _ := taped(t)
	caller.playout.play(caller, NewClip(sineOf(8000, 300*time.Millisecond)), PlayOptions{Loop: true})
	w.until(100 * time.Millisecond)
	tap.announce(newBeeper(testBeep))
	w.until(4500 * time.Millisecond)
	beeping(t, "caller", heardBy(t, w, caller), 8000, 3)
	continuous(t, w.wire.rtp(caller))
}

func TestNothingBeepsInAPauseNorBehindTheEndOfTheRecording(t *testing.T) {
	w, caller, agent, tap, _ := taped(t)
	w.bridge(caller, agent)
	a, b := newTalker(pcmu, sineOf(8000, time.Minute), 20*time.Millisecond), newTalker(pcmu, sineOf(8000, time.Minute), 20*time.Millisecond)
	w.chat(caller, agent, a, b, time.Second)
	tap.suspend("hold")
	tap.announce(newBeeper(testBeep))
	w.chat(caller, agent, a, b, 4*time.Second)
	beeping(t, "who is not recorded", heardBy(t, w, caller), 8000, 0)
	tap.resume() // beeps at once, and is paused again in the middle of it
	w.chat(caller, agent, a, b, 4100*time.Millisecond)
	tap.suspend("secure_pause")
	w.chat(caller, agent, a, b, 7*time.Second)
	begins, lengths, _ := beepsIn(heardBy(t, w, agent), 8000)
	if len(begins) != 1 || lengths[0] > 120*time.Millisecond {
		t.Errorf("heard %v for %v in a tenth of a second of recording", begins, lengths)
	}
	tap.resume()
	w.chat(caller, agent, a, b, 7500*time.Millisecond)
	tap.close()
	w.chat(caller, agent, a, b, 12*time.Second)
	if begins, _, _ := beepsIn(heardBy(t, w, agent), 8000); len(begins) != 2 {
		t.Errorf("heard %v; the last recording ended at 7.5s", begins)
	}
}

func TestABeepThatIsPlayedAloneStopsWithTheRecording(t *testing.T) {
	w, caller, _, tap, _ := taped(t)
	caller.playout.play(caller, clipOf(0x11, 100), PlayOptions{})
	w.until(time.Second)
	caller.playout.stop(caller)
	tap.announce(newBeeper(testBeep))
	w.until(time.Second + beepPatience + 60*time.Millisecond)
	caller.playout.play(caller, clipOf(0x22, 5), PlayOptions{})
	tap.close()
	w.until(2 * time.Second)
	sent := w.wire.rtp(caller)
	if last := sent[len(sent)-5:]; !bytes.Equal(last[0].payload(), frameOf(0x22)) || last[0].at.Sub(dawn) > 1300*time.Millisecond {
		t.Errorf("the prompt behind the beep began %v after dawn", last[0].at.Sub(dawn))
	}
}

func TestAStationThatTakesOverHearsTheNextBeepAndTheOneThatLeftHearsNoMore(t *testing.T) {
	w, caller, agent, tap, _ := taped(t)
	other := w.leg("other", agentAddr)
	w.bridge(caller, agent)
	a := newTalker(pcmu, sineOf(8000, time.Minute), 20*time.Millisecond)
	tap.announce(newBeeper(testBeep))
	w.chat(caller, agent, a, nil, 60*time.Millisecond)
	tap.replace(other)
	w.bridge(caller, other)
	w.chat(caller, other, a, nil, 3*time.Second)
	if _, lengths, _ := beepsIn(heardBy(t, w, agent), 8000); len(lengths) != 1 || lengths[0] > 80*time.Millisecond {
		t.Errorf("the first station heard %v", lengths)
	}
	beeping(t, "the second station", heardBy(t, w, other), 8000, 1)
}

func TestBeepingAllocatesNothingPerPacket(t *testing.T) {
	for _, c := range goldenFormats() {
		w := newWorld(1)
		w.wire.mute = true
		caller, agent := w.using("caller", callerAddr, c, 20*time.Millisecond), w.using("agent", agentAddr, c, 20*time.Millisecond)
		w.bridge(caller, agent)
		tap := w.record(caller, agent, &clicks{}, Permit{core: w.core})
		tap.announce(newBeeper(Beep{Hz: 1400, Length: 200 * time.Millisecond, Every: 300 * time.Millisecond, GainDB: -24}))
		p, frame, at := &peer{ssrc: 5, pt: c.PayloadType}, newTalker(c, sineOf(formatOf(c).RateHz, time.Second), caller.ptime).next()[rtpHeaderSize:], time.Duration(0)
		packet := make([]byte, rtpHeaderSize+len(frame))
		ticks := uint32(caller.format.Ticks(frame))
		step := func() {
			copy(packet, p.say(frame))
			p.ts += ticks - uint32(len(frame))
			w.hears(caller, packet)
			at += 20 * time.Millisecond
			w.until(at)
		}
		for range 200 {
			step()
		}
		caller.reports.due, agent.reports.due = 0, 0
		said := testing.AllocsPerRun(50, func() { p.say(frame) })
		before := tap.beeper.count
		if n := testing.AllocsPerRun(200, step) - said; n > 0 {
			t.Errorf("%s/%d: %v allocations a packet", c.Name, c.ClockHz, n)
		}
		if tap.beeper.count < before+10 {
			t.Errorf("%d beeps were measured", tap.beeper.count-before)
		}
	}
}

func TestAPacketThatCannotBeMixedGoesOnAsItCame(t *testing.T) {
	if !codec.HasOpus {
		t.Skip("this build has no Opus")
	}
	opus := goldenFormats()[5]
	w := newWorld(1)
	caller, agent := w.using("caller", callerAddr, opus, 20*time.Millisecond), w.using("agent", agentAddr, opus, 20*time.Millisecond)
	w.bridge(caller, agent)
	tap := w.record(caller, agent, &memory{}, Permit{core: w.core})
	tap.announce(newBeeper(testBeep))
	for i := range 100 { // three frames of 20 ms with no sound in them, and then nonsense
		payload := []byte{9<<3 | 3, 3}
		if i%2 == 1 {
			payload = []byte{9<<3 | 3, 0}
		}
		w.hears(caller, packetOf(111, false, uint16(i), uint32(i*2880), 5, payload))
		w.until(w.clock.Sub(dawn) + 60*time.Millisecond)
	}
	if sent := w.wire.rtp(agent); len(sent) < 50 {
		t.Errorf("%d packets went on", len(sent))
	}
}
