package media

import (
	"fmt"
	"testing"
	"time"

	"assent/media/codec"
	"assent/media/dtmf"
	"assent/media/pcm"
	"assent/media/sdp"
)

// way is a leg's DTMF setting, and whether its peer has telephone events.
type way struct {
	dtmf   string
	events bool
}

// keysWorld bridges two legs.
func keysWorld(caller, agent way) (w *world, from, to *leg) {
	w = newWorld(1)
	set := func(v way) func(*StreamConfig, *sdp.Agreement) {
		return func(c *StreamConfig, a *sdp.Agreement) {
			c.DTMF = v.dtmf
			if !v.events {
				withoutEvents(c, a)
			}
		}
	}
	from, to = w.leg("caller", callerAddr, set(caller)), w.leg("agent", agentAddr, set(agent))
	w.bridge(from, to)
	return w, from, to
}

// heardKeys lists the keys that a leg's peer was told of: by event, by tone, and by INFO.
func (w *world) heardKeys(l *leg) string {
	var byEvent, byTone, byInfo string
	events := dtmf.NewCollector(0, func(k dtmf.Key) { byEvent += string(k.Digit) })
	tones := pcm.NewDetector(func(p pcm.Press) { byTone += string(p.Key) })
	var last uint32
	for _, p := range w.wire.rtp(l) {
		if p.pt() == eventType {
			e, _ := dtmf.ParsePayload(p.payload())
			e.SSRC, e.Timestamp = p.ssrc(), uint64(p.ts())
			events.Push(p.at, e)
			continue
		}
		if gap := int32(p.ts() - last); last != 0 && gap > 0 {
			tones.Write(make([]int16, min(gap, 8000)))
		}
		samples := make([]int16, len(p.payload()))
		codec.Decode(codec.PCMU, samples, p.payload())
		tones.Write(samples)
		last = p.ts() + uint32(len(samples))
	}
	tones.Flush()
	events.Tick(w.now.Add(time.Hour))
	for _, n := range w.notices {
		if k, ok := n.(KeyNotice); ok && k.Stream == l.owner {
			byInfo += string(k.Key)
		}
	}
	return fmt.Sprintf("%s/%s/%s", byEvent, byTone, byInfo)
}

// presses lets the peer of l press a key by telephone event, in its time.
func (w *world) presses(l *leg, p *peer, event byte, packets int) {
	for _, b := range p.press(event, packets) {
		w.hears(l, b)
		w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
	}
}

func TestAKeyReachesTheOtherPartyOnceInTheWayThatItUnderstands(t *testing.T) {
	outs := map[string]way{
		"event": {"auto", true}, "tone": {"auto", false}, "info": {MethodInfo, true}, "none": {MethodRFC4733, false},
		"event by setting": {MethodRFC4733, true}, "tone by setting": {MethodInband, true},
	}
	want := map[string]string{"event": "5//", "event by setting": "5//", "tone": "/5/", "tone by setting": "/5/", "info": "//5", "none": "//"}
	for name, out := range outs {
		for method, in := range map[string]way{MethodRFC4733: {"auto", true}, MethodInfo: {MethodInfo, true}, MethodInband: {MethodInband, false}} {
			w, caller, agent := keysWorld(in, out)
			p := &peer{ssrc: 5}
			w.talk(caller, p, 0xFF, 20)
			switch method {
			case MethodRFC4733:
				w.presses(caller, p, 5, 6)
			case MethodInfo:
				caller.inject('5', MethodInfo)
			case MethodInband:
				w.tones(caller, p, '5')
			}
			w.talk(caller, p, 0xFF, 50)
			if got := w.heardKeys(agent); got != want[name] {
				t.Errorf("%s to %s: heard %q, want %q", method, name, got, want[name])
			}
			if keys := w.digits(); len(keys) != 1 || keys[0].Key != '5' {
				t.Errorf("%s to %s: noticed %+v", method, name, keys)
			}
		}
	}
}

func TestAKeyThatComesByTwoMethodsIsPassedOnOnce(t *testing.T) {
	for _, infoFirst := range []bool{false, true} {
		w, caller, agent := keysWorld(way{"auto", true}, way{"auto", true})
		p := &peer{ssrc: 5}
		w.talk(caller, p, 0xFF, 20)
		if infoFirst {
			caller.inject('7', MethodInfo)
		}
		w.presses(caller, p, 7, 6)
		if !infoFirst {
			caller.inject('7', MethodInfo)
		}
		w.talk(caller, p, 0xFF, 50)
		w.presses(caller, p, 7, 6) // another press
		w.talk(caller, p, 0xFF, 50)
		if got := w.heardKeys(agent); got != "77//" {
			t.Errorf("INFO first %v: heard %q, want two keys", infoFirst, got)
		}
	}
}

func TestAKeyPressedForTheFlowIsNeverPassedOn(t *testing.T) {
	for name, out := range map[string]way{"event": {"auto", true}, "tone": {MethodInband, true}, "info": {MethodInfo, true}} {
		w, caller, agent := keysWorld(way{"auto", true}, out)
		w.unbridge()
		p := &peer{ssrc: 5}
		w.talk(caller, p, 0xFF, 20)
		w.presses(caller, p, 1, 6) // the consent
		packets := p.press(4, 500) // a key of a card number, held for ten seconds
		for i, b := range packets {
			if i == 3 {
				w.bridge(caller, agent)
			}
			w.hears(caller, b)
			w.until(w.clock.Sub(dawn) + 20*time.Millisecond)
		}
		w.talk(caller, p, 0xFF, 50)
		if got := w.heardKeys(agent); got != "//" {
			t.Errorf("%s: heard %q", name, got)
		}
		if keys := w.digits(); len(keys) != 1 || keys[0].Key != '1' {
			t.Errorf("%s: noticed %+v", name, keys)
		}
		w.presses(caller, p, 9, 6) // pressed for the other party
		w.talk(caller, p, 0xFF, 50)
		if got := w.heardKeys(agent); len(got) != 3 {
			t.Errorf("%s: heard %q, want the 9 alone", name, got)
		}
	}
}

func TestKeysThatAreSentKeepTheStreamsNumbersAndTheAudioGoesOn(t *testing.T) {
	w, caller, agent := keysWorld(way{MethodInfo, true}, way{"auto", true})
	p := &peer{ssrc: 5}
	w.talk(caller, p, 0x31, 50)
	for _, key := range []byte("12#") {
		caller.inject(key, MethodInfo)
	}
	w.talk(caller, p, 0x31, 100)
	sent := w.wire.rtp(agent)
	ends, starts := 0, map[uint32]bool{}
	for i, s := range sent {
		if i > 0 && s.seq() != sent[i-1].seq()+1 {
			t.Fatalf("packet %d: sequence %d after %d", i, s.seq(), sent[i-1].seq())
		}
		if s.pt() != eventType {
			continue
		}
		if s.marker() == starts[s.ts()] {
			t.Errorf("packet %d: marker %v", i, s.marker())
		}
		starts[s.ts()] = true
		if e, _ := dtmf.ParsePayload(s.payload()); e.End {
			ends++
		}
	}
	if len(starts) != 3 || ends != 9 {
		t.Errorf("%d keys with %d end packets, want three keys and three ends each", len(starts), ends)
	}
	last := sent[len(sent)-1]
	elapsed := last.at.Sub(sent[0].at)
	if drift := int64(last.ts()-sent[0].ts()) - int64(elapsed/tick); last.pt() == eventType || drift < -320 || drift > 320 {
		t.Errorf("after the keys the audio is %d ticks off", drift)
	}
	for range 100 {
		caller.inject('1', MethodInfo)
		w.until(w.clock.Sub(dawn) + 600*time.Millisecond)
	}
	if len(agent.keys.waiting) > maxKeysOut {
		t.Errorf("%d keys wait", len(agent.keys.waiting))
	}
}

func TestKeysAtAnotherClockHaveTheirLength(t *testing.T) {
	w, caller, agent := keysWorld(way{MethodInfo, true}, way{"auto", true})
	agent.eventRate = 48000
	caller.inject('3', MethodInfo)
	w.until(w.clock.Sub(dawn) + time.Second)
	sent := w.wire.rtp(agent)
	e, _ := dtmf.ParsePayload(sent[len(sent)-1].payload())
	if !e.End || e.Duration != 4800 {
		t.Errorf("%+v, want 100 ms at 48 kHz", e)
	}
}
