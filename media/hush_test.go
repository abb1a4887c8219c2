package media

import (
	"slices"
	"testing"
)

// hushed is the stretch of channel 0 that was marked as a key, and whether it is one stretch.
func (m *memory) hushed() (from, to int64, whole bool) {
	from, to = -1, -1
	for _, mark := range m.marks {
		if mark.channel != 0 || mark.kind != markDTMF {
			continue
		}
		if from < 0 {
			from, to, whole = mark.from, mark.to, true
		}
		whole = whole && mark.from <= to && mark.to >= from
		from, to = min(from, mark.from), max(to, mark.to)
	}
	return from, to, whole
}

func TestAnEventIsKeptOutFromBeforeItsBeginningToAfterItsEnd(t *testing.T) {
	for _, first := range []int{5, 0} { // the event's first packets may be lost
		w, caller, _, _, sink := taped(t)
		p := &peer{ssrc: 5}
		w.talk(caller, p, after, 5)
		for _, packet := range p.press(7, 10)[first:] {
			w.hears(caller, packet)
		}
		w.talk(caller, p, after, 20)
		if from, to, whole := sink.hushed(); from != 800-160 || to != 2400+320 || !whole {
			t.Errorf("hushed from %d to %d, want 640 to 2720, in one piece: %v", from, to, whole)
		}
		if slices.ContainsFunc(sink.marks, func(m mark) bool { return m.channel == 1 }) {
			t.Errorf("the other party is hushed too: %v", sink.marks)
		}
	}
}

func TestAToneIsKeptOutFromBeforeItsBeginningToAfterItsEnd(t *testing.T) {
	w, sink := newWorld(3), &memory{}
	caller := w.leg("caller", callerAddr, dtmfBy(MethodInband))
	w.record(caller, nil, sink, Permit{core: w.core})
	p := &peer{ssrc: 5}
	w.talk(caller, p, 0xFF, 5)
	w.tones(caller, p, '7') // 100 ms from sample 1600 on; a key's place is true to about 10 ms
	from, to, whole := sink.hushed()
	if from > 1600-160+80 || from < 1600-160-160 || to < 2400+320-80 || to > 2400+320+160 || !whole {
		t.Errorf("hushed from %d to %d, want about 1440 to 2720, in one piece: %v", from, to, whole)
	}
	w.talk(caller, p, after, 50)
	if _, again, _ := sink.hushed(); again != to {
		t.Errorf("hushed on to %d without a key", again)
	}
}

func TestARevokedBarrierPermitsNothingUntilTheNext(t *testing.T) {
	w, caller, _, tap, sink := taped(t)
	p := &peer{ssrc: 5, ts: 4000}
	w.talk(caller, p, after, 10)
	first := w.core.cut(nil)
	ended := w.core.revoke()
	if f := ended.Floors[0]; f.SSRC != 5 || f.RTPTime != extendedOrigin+4000+1600 || ended.Permit() != (Permit{gated: true}) {
		t.Errorf("revoked: %+v", ended)
	}
	tap.suspend("withdrawn")
	w.talk(caller, p, 0x90, 50)
	second := w.core.cut(nil)
	if second.At == first.At || second.Floors[0].RTPTime <= first.Floors[0].RTPTime {
		t.Errorf("the second barrier is the first: %+v", second)
	}
	tap.resume()
	w.talk(caller, p, after, 50)
	for i, s := range sink.channel[0] {
		if sink.placed[0][i] && i >= 1600 && i < 1600+50*160 {
			t.Fatalf("sample %d (%d) from between withdrawal and the next consent is placed", i, s)
		}
	}
	if len(sink.channel[0]) < 90*160 {
		t.Errorf("%d samples: nothing was recorded after the second barrier", len(sink.channel[0]))
	}
}

func TestASourceFromBeforeTheSecondBarrierIsNeverRecordedOnceForgotten(t *testing.T) {
	var w witnesses
	w.add(1)
	w.freeze()
	w.add(2)
	if !w.has(1) || w.has(2) {
		t.Error("the first barrier does not tell its witnesses")
	}
	w.thaw()
	w.add(2)
	w.add(3)
	w.freeze()
	if !w.has(1) || !w.has(2) || !w.has(3) || w.has(4) {
		t.Error("the second barrier does not tell its witnesses")
	}
}
