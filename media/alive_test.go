package media

import (
	"testing"
	"time"

	"github.com/pion/rtcp"

	"assent/media/sdp"
)

// audioNotices lists what was told of audio that ceased or came back.
func (w *world) audioNotices() (list []AudioNotice) {
	for _, n := range w.notices {
		if a, ok := n.(AudioNotice); ok {
			list = append(list, a)
		}
	}
	return list
}

func TestAStreamThatFallsSilentIsToldOnceAndWhenItSpeaksAgain(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	p := &peer{ssrc: 5}
	w.talk(caller, p, 1, 100)
	if n := w.audioNotices(); len(n) != 0 {
		t.Fatalf("told of %+v while audio came", n)
	}
	w.until(w.clock.Sub(dawn) + 12*time.Second)
	if n := w.audioNotices(); len(n) != 1 || !n[0].Lost || n[0].Sent || n[0].Stream != caller.owner {
		t.Fatalf("told of %+v, want one loss", n)
	}
	p.ts += 12 * 8000
	w.talk(caller, p, 1, 10)
	if n := w.audioNotices(); len(n) != 2 || n[1].Lost {
		t.Fatalf("told of %+v, want that it came back", n)
	}
	if s := caller.stats(); s.Silent < 12*time.Second-100*time.Millisecond || s.Silent > 12*time.Second+100*time.Millisecond || s.OneWay != "" {
		t.Errorf("silent for %v, one way %q", s.Silent, s.OneWay)
	}
}

func TestAHoldIsNoSilence(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	w.talk(caller, &peer{ssrc: 5}, 1, 10)
	a := agree(callerAddr, 0)
	a.Direction = sdp.SendOnly
	caller.apply(a)
	w.until(w.clock.Sub(dawn) + time.Minute)
	if n := w.audioNotices(); len(n) != 0 {
		t.Fatalf("told of %+v while nothing was to come", n)
	}
	a.Direction = sdp.SendRecv
	caller.apply(a)
	w.until(w.clock.Sub(dawn) + 4*time.Second)
	if n := w.audioNotices(); len(n) != 0 {
		t.Errorf("told of %+v at once", n)
	}
	w.until(w.clock.Sub(dawn) + 2*time.Second)
	if n := w.audioNotices(); len(n) != 1 {
		t.Errorf("told of %+v, want one loss", n)
	}
}

func TestAudioThatFlowsOneWayIsFoundEitherWay(t *testing.T) {
	w := newWorld(1)
	mute := w.leg("caller", callerAddr)
	w.plays(mute, 500)
	if s := mute.stats(); s.OneWay != OneWayOut {
		t.Errorf("a peer that sends nothing: %q", s.OneWay)
	}
	deaf, p := w.leg("agent", agentAddr), &peer{ssrc: 6}
	for range 3 {
		w.plays(deaf, 100)
		w.talk(deaf, p, 1, 100)
		w.rtcp(deaf, &rtcp.ReceiverReport{SSRC: 9})
	}
	if s := deaf.stats(); s.OneWay != OneWayIn {
		t.Errorf("a peer that hears nothing: %q", s.OneWay)
	}
	told := false
	for _, n := range w.audioNotices() {
		told = told || n.Stream == deaf.owner && n.Lost && n.Sent
	}
	if !told {
		t.Error("nobody was told that the peer hears nothing")
	}
	w.plays(deaf, 100)
	w.reports(deaf, 0)
	if s := deaf.stats(); s.OneWay != "" {
		t.Errorf("a peer that hears us now: %q", s.OneWay)
	}
}

func TestAPeerThatWasSentNothingIsNotDeaf(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	w.plays(caller, 100)
	w.reports(caller, 0)
	for range 5 { // we ask, and wait in silence for a key
		w.until(w.clock.Sub(dawn) + 5*time.Second)
		w.rtcp(caller, &rtcp.ReceiverReport{SSRC: 9})
	}
	if n := caller.reports.theirs.unheard; n != 0 {
		t.Errorf("%d reports count as unheard though nothing was sent", n)
	}
}

func TestAFlickeringPeerIsToldOfNowAndThen(t *testing.T) {
	w := newWorld(1)
	caller := w.leg("caller", callerAddr)
	for range 200 {
		for range 2 {
			w.plays(caller, 50)
			w.rtcp(caller, &rtcp.ReceiverReport{SSRC: 9})
		}
		w.reports(caller, 0)
	}
	passed := w.clock.Sub(dawn)
	n := 0
	for _, a := range w.audioNotices() {
		if a.Sent {
			n++
		}
	}
	if n == 0 || n > 2*int(passed/aliveEvery)+2 {
		t.Errorf("%d notices in %v", n, passed)
	}
}
