package media

import (
	"fmt"
	"math"
	"testing"
	"time"

	"assent/media/codec"
	"assent/media/pcm"
	"assent/media/sdp"
)

// recordedFrom lets two parties talk for a second and a half, and returns what a recording at rateHz holds of them from the
// barrier, half a second in, on. before and after is what each says.
func recordedFrom(t *testing.T, c sdp.Codec, rateHz int, before, after []int16, disturb func(k int, p [][]byte) [][]byte) (*memory, Barrier) {
	t.Helper()
	const ptime = 20 * time.Millisecond
	w := newWorld(1)
	caller, agent := w.using("caller", callerAddr, c, ptime), w.using("agent", agentAddr, c, ptime)
	w.bridge(caller, agent)
	f := formatOf(c)
	k := newTalker(c, append(before, after...), packetTime(f, ptime))
	sink := &memory{}
	var tap *Tap
	var barrier Barrier
	at := time.Duration(0)
	held := [][]byte{}
	for i := 0; ; i++ {
		packet := k.next()
		if packet == nil {
			break
		}
		if at >= 500*time.Millisecond && tap == nil {
			barrier = w.cut(nil)
			tap = &Tap{sink: sink, rateHz: rateHz, gated: true}
			w.core.tap(tap, caller, agent)
		}
		held = append(held, packet)
		if disturb != nil {
			held = disturb(i, held)
		}
		if disturb == nil || i%3 == 2 {
			for _, p := range held {
				w.hears(caller, p)
			}
			held = nil
		}
		at += packetTime(f, ptime)
		w.until(at)
	}
	w.until(at + time.Second)
	tap.close()
	return sink, barrier
}

func TestEveryCodecIsRecordedWholeAtTheRateOfTheRecording(t *testing.T) {
	for _, c := range goldenFormats() {
		for _, rateHz := range []int{8000, 16000, 48000} {
			t.Run(fmt.Sprintf("%s-%d at %d", c.Name, c.ClockHz, rateHz), func(t *testing.T) {
				f := formatOf(c)
				sink, _ := recordedFrom(t, c, rateHz, make([]int16, f.RateHz/2), sineOf(f.RateHz, 2*time.Second), nil)
				heard := sink.channel[0]
				if missing := len(heard) - 2*rateHz; missing < -rateHz*3/10 || missing > rateHz/50 { // the guard's 200 ms are left out
					t.Fatalf("%d samples of %d", len(heard), 2*rateHz)
				}
				begin := 0
				for begin < len(heard) && !sink.placed[0][begin] {
					begin++
				}
				for at := begin; at < len(heard); at++ {
					if !sink.placed[0][at] {
						t.Fatalf("sample %d of %d is missing", at, len(heard))
					}
				}
				steady := heard[begin+rateHz/10 : len(heard)-rateHz/10]
				if n := clicksIn(steady, rateHz); n > 0 {
					t.Errorf("%d clicks", n)
				}
				if levelDB := pcm.Level(steady); levelDB < -13.5 || levelDB > -11 {
					t.Errorf("%.1f dB, want -12.2", levelDB)
				}
			})
		}
	}
}

// What a decoder heard below the floor would sound above it: the recorder's begins behind it.
func TestNothingFromBelowTheFloorIsLeftInADecoder(t *testing.T) {
	for _, c := range goldenFormats() {
		f := formatOf(c)
		loud := make([]int16, f.RateHz*7/10) // to the end of the guard
		for i := range loud {
			loud[i] = int16(16000 * math.Sin(2*math.Pi*1000*float64(i)/float64(f.RateHz)))
		}
		sink, barrier := recordedFrom(t, c, 16000, loud, make([]int16, f.RateHz), nil)
		if len(barrier.Floors) == 0 || len(sink.channel[0]) == 0 {
			t.Fatalf("%s: nothing recorded", c.Name)
		}
		from := 320 // the tone's last packet may lie above the floor in part
		if c.Name == "opus" {
			from = 80 * 16 // a new decoder needs so long to converge (RFC 7845 section 4.6)
		}
		for i, s := range sink.channel[0][from:] {
			if s > 300 || s < -300 {
				t.Errorf("%s/%d: %d at %d, of the tone below the floor", c.Name, c.ClockHz, s, i+from)
				break
			}
		}
	}
}

func TestPacketsOutOfOrderAreDecodedInOrderForTheRecording(t *testing.T) {
	for _, c := range goldenFormats() {
		f := formatOf(c)
		swap := func(k int, held [][]byte) [][]byte { // three at a time, the last first
			if k%3 == 2 && len(held) == 3 {
				held[0], held[2] = held[2], held[0]
			}
			return held
		}
		sink, _ := recordedFrom(t, c, 16000, make([]int16, f.RateHz/2), sineOf(f.RateHz, 2*time.Second), swap)
		heard := sink.channel[0]
		steady := heard[len(heard)/4 : len(heard)*3/4]
		if n := clicksIn(steady, 16000); n > 0 || pcm.Level(steady) < -13.5 {
			t.Errorf("%s/%d: %d clicks, %.1f dB", c.Name, c.ClockHz, n, pcm.Level(steady))
		}
	}
}

func TestAClipIsHeardWholeInEveryCodecAndEncodedOnce(t *testing.T) {
	for _, c := range goldenFormats() {
		for _, ptime := range []time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 60 * time.Millisecond} {
			clip := NewClip(sineOf(8000, 500*time.Millisecond))
			var payloads [2][]sentPacket
			for i := range payloads {
				w := newWorld(uint64(i))
				caller := w.using("caller", callerAddr, c, ptime)
				caller.playout.play(caller, clip, PlayOptions{})
				w.until(time.Second)
				payloads[i] = w.wire.rtp(caller)
				heard := heardBy(t, w, caller)
				rate := formatOf(c).RateHz
				if got := len(heard) * 1000 / rate; got < 500 || got > 560 {
					t.Errorf("%s/%d in %v: %d ms were heard", c.Name, c.ClockHz, ptime, got)
				}
				if levelDB := pcm.Level(heard[rate/10 : rate*4/10]); levelDB < -13.5 || levelDB > -11 {
					t.Errorf("%s/%d in %v: %.1f dB, want -12.2", c.Name, c.ClockHz, ptime, levelDB)
				}
			}
			if codec.FormatPCMU.ID == formatOf(c).ID || codec.FormatPCMA.ID == formatOf(c).ID {
				continue
			}
			if n := len(clip.renditions); n != 1 {
				t.Errorf("%s/%d: encoded %d times", c.Name, c.ClockHz, n)
			}
		}
	}
}
