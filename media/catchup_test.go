package media

import (
	"testing"
	"time"
)

func TestARecordingsTimeWaitsForWhatAStalledDriverHasNotSeen(t *testing.T) {
	w, caller, agent := bridged()
	sink := &memory{}
	w.record(caller, agent, sink, w.cut(nil).Permit())
	p := &peer{ssrc: 5}
	for i := range time.Duration(10) {
		w.hears(caller, p.say(frameOf(after)))
		w.until((i + 1) * 20 * time.Millisecond)
	}
	w.space.heard = w.clock
	reached := sink.reached
	w.until(1200 * time.Millisecond) // nothing is read in the last second
	if sink.reached > reached+rateHz/10 {
		t.Errorf("the recording's time went on to %d ms", sink.reached*1000/rateHz)
	}
	w.space.heard = w.clock
	w.until(1400 * time.Millisecond)
	if sink.reached < reached+rateHz*9/10 {
		t.Errorf("the recording's time stays at %d ms", sink.reached*1000/rateHz)
	}
}
