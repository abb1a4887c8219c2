package media

import (
	"testing"
	"time"

	"assent/media/codec"
	"assent/media/pcm"
	"assent/media/sdp"
)

func dtmfBy(method string) func(*StreamConfig, *sdp.Agreement) {
	return func(c *StreamConfig, _ *sdp.Agreement) { c.DTMF = method }
}

// withoutEvents is an agreement of a peer that has no telephone events.
func withoutEvents(_ *StreamConfig, a *sdp.Agreement) {
	a.Receive, a.Event, a.ReceiveEvent = a.Receive[:1], nil, nil
}

func TestAKeyByTelephoneEventCountsOnceWhateverIsLost(t *testing.T) {
	for name, keep := range map[string]func(i int) bool{
		"all":            func(int) bool { return true },
		"start lost":     func(i int) bool { return i > 2 },
		"ends lost":      func(i int) bool { return i < 4 },
		"one end only":   func(i int) bool { return i == 6 },
		"one start only": func(i int) bool { return i == 0 },
	} {
		w := newWorld(1)
		caller := w.leg("caller", callerAddr)
		p := &peer{ssrc: 5, ts: 0xFFFFFF00}
		w.talk(caller, p, after, 5)
		start := uint64(extendedOrigin + 0xFFFFFF00 + 800)
		for i, packet := range p.press(11, 5) {
			if keep(i) {
				w.hears(caller, packet)
			}
			w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
		}
		w.until(w.clock.Sub(dawn) + 100*time.Millisecond)
		keys := w.digits()
		if len(keys) != 1 || keys[0].Key != '#' || keys[0].Method != MethodRFC4733 || keys[0].SSRC != 5 || keys[0].Start != start {
			t.Errorf("%s: %+v, want one # from %d", name, keys, start)
		}
		if name == "all" && keys[0].End != start+800 {
			t.Errorf("the key ends at %d, want %d", keys[0].End, start+800)
		}
	}
}

func TestTheSettingSaysWhichKeysCount(t *testing.T) {
	for setting, want := range map[string]string{"": "eis", "auto": "eis", MethodRFC4733: "e", MethodInfo: "i", MethodInband: "t"} {
		change := []func(*StreamConfig, *sdp.Agreement){dtmfBy(setting)}
		w := newWorld(1)
		caller := w.leg("caller", callerAddr, change...)
		p := &peer{ssrc: 5}
		got := ""
		for _, packet := range p.press(1, 3) {
			w.hears(caller, packet)
		}
		got += map[bool]string{true: "e"}[len(w.digits()) > 0]
		w.notices = nil
		w.until(w.clock.Sub(dawn) + time.Second)
		caller.inject('1', MethodInfo)
		got += map[bool]string{true: "i"}[len(w.digits()) > 0]
		w.notices = nil
		w.until(w.clock.Sub(dawn) + time.Second)
		w.tones(caller, p, '5')
		if n := len(w.digits()); n > 0 {
			got += "t"
		}
		if setting == "" || setting == "auto" { // in-band only where there are no events
			other := newWorld(2)
			other.tones(other.leg("caller", callerAddr, withoutEvents), p, '5')
			got += map[bool]string{true: "s"}[len(other.digits()) == 1]
		}
		if got != want {
			t.Errorf("%q takes %q, want %q", setting, got, want)
		}
	}
}

// tones lets a peer press a key in the audio, for 100 ms between silences.
func (w *world) tones(l *leg, p *peer, key byte) {
	samples := make([]int16, 800)
	samples = append(samples, must(pcm.DTMF(key, 100*time.Millisecond, -10))...)
	samples = append(samples, make([]int16, 1600)...)
	frame := make([]byte, 160)
	for len(samples) >= 160 {
		codec.Encode(codec.PCMU, frame, samples[:160])
		samples = samples[160:]
		w.hears(l, p.say(frame))
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
}

func TestAToneHasItsPlaceInRTPTimeAndTheFloorLiesBehindIt(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr, dtmfBy(MethodInband))
	p := &peer{ssrc: 5, ts: 5000}
	w.talk(caller, p, 0xFF, 10)
	w.hears(caller, packetOf(0, false, p.seq-2, p.ts-320, 5, frameOf(0xFF))) // a duplicate
	p.seq++
	p.ts += 160 // a loss
	w.tones(caller, p, '7')
	keys := w.digits()
	if len(keys) != 1 || keys[0].Key != '7' || keys[0].SSRC != 5 {
		t.Fatalf("keys %+v", keys)
	}
	start := int64(keys[0].Start) - (extendedOrigin + 5000 + 11*160 + 800)
	if length := keys[0].End - keys[0].Start; start < -160 || start > 160 || length < 600 || length > 1000 {
		t.Errorf("the tone starts %d samples off and lasts %d", start, length)
	}
	if f := w.cut(&keys[0]).Floors[0]; f.RTPTime < keys[0].End+1600 {
		t.Errorf("floor %d, want the end %d and the guard", f.RTPTime, keys[0].End)
	}
}

func TestAKeyThatComesByTwoMethodsCountsOnce(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	p := &peer{ssrc: 5}
	for _, packet := range p.press(1, 3) {
		w.hears(caller, packet)
	}
	caller.inject('1', MethodInfo)
	caller.inject('x', MethodInfo)
	if n := len(w.digits()); n != 1 {
		t.Errorf("%d keys, want 1", n)
	}
}

func TestSilenceIsNoticedOnceWhenItLastedLongEnough(t *testing.T) {
	loud := make([]byte, 160)
	codec.Encode(codec.PCMU, loud, pcm.Tone(440, 20*time.Millisecond, -20))
	quiet := func(w *world) (n int) {
		for _, notice := range w.notices {
			if _, ok := notice.(QuietNotice); ok {
				n++
			}
		}
		return n
	}
	for name, silence := range map[string]func(w *world, l *leg, p *peer){
		"quiet audio": func(w *world, l *leg, p *peer) { w.talk(l, p, 0xFE, 100) },
		"no packets":  func(w *world, _ *leg, _ *peer) { w.until(w.clock.Sub(dawn) + 2*time.Second) },
	} {
		w := newWorld(1)
		caller := w.leg("caller", callerAddr)
		p := &peer{ssrc: 5}
		caller.awaitSilence(1500 * time.Millisecond)
		for range 200 {
			w.hears(caller, p.say(loud))
			w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
		}
		if quiet(w) != 0 {
			t.Errorf("%s: noticed during sound", name)
		}
		silence(w, caller, p)
		if quiet(w) != 1 || caller.ears != nil {
			t.Errorf("%s: %d notices, want 1; ears still open: %v", name, quiet(w), caller.ears != nil)
		}
		caller.awaitSilence(time.Second)
		caller.awaitSilence(0)
		w.until(w.clock.Sub(dawn) + 5*time.Second)
		if quiet(w) != 1 {
			t.Errorf("%s: noticed although nobody asked", name)
		}
	}
}

func TestTheJitterBufferOrdersAndWaitsNoLongerThanItMust(t *testing.T) {
	var b jitterBuffer
	b.reset(defaultJitter)
	push := func(seq uint64) bool {
		in := &inbound{payload: []byte{1}, content: content{kind: kindAudio, format: codec.FormatPCMU}, ticks: 1}
		in.seq, in.ts = seq, seq*160
		return b.push(in, 0)
	}
	pop := func(now time.Duration) uint64 {
		if p, ok := b.pop(now, b.delay(0)); ok {
			return p.seq
		}
		return 0
	}
	for _, seq := range []uint64{10, 12, 11, 12, 14} {
		push(seq)
	}
	for i, want := range []uint64{10, 11, 12, 0} {
		if got := pop(time.Millisecond); got != want {
			t.Errorf("packet %d is %d, want %d", i, got, want)
		}
	}
	if got := pop(20 * time.Millisecond); got != 14 {
		t.Errorf("after the wait %d, want 14", got)
	}
	if push(13) {
		t.Error("a packet that is too late was taken")
	}
	if d := b.delay(time.Second); d != 200*time.Millisecond {
		t.Errorf("waits %v at most, want 200 ms", d)
	}
	push(16)
	if n := b.reset(defaultJitter); n != 1 || b.held != 0 || b.config != defaultJitter {
		t.Errorf("discarded %d", n)
	}
}
