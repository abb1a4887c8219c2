package sipp

import (
	"strings"
	"testing"
)

// The recording goes on with the second station; the first one hears by NOTIFY
// that it was answered, and is let go.
func TestAStationTransfersTheCallerToAnother(t *testing.T) {
	byEachTransport(t, setup{Stations: 2}, func(_ *testing.T, w *world) {
		w.agents = []*sipp{w.stationAt(0, "transfers", "to", "agent-1"), w.stationAt(1, "answers")}
		w.calls("yes-by-info", "for", "3500")
		w.agents[0].wait()
		want := recorded("info")
		want.Station = "agent-1"
		w.tones(w.leaves(want)) // the pause ends within a frame, so that the length is not that of whole ones
		w.agents[1].neverGot("overtone.example")
	})
}

// Both legs have PRACK and a session timer, each by itself; the station holds by
// UPDATE.
func TestBothLegsAreAcknowledgedEarlyAndTimedEachByItself(t *testing.T) {
	byEachTransport(t, setup{Flow: "straight", Trunk: "answer: on_agent"}, func(t *testing.T, w *world) {
		w.stations("reliable")
		w.calls("reliable")
		w.agents[0].wait()
		w.leaves(unrecorded("not_asked", "consent_missing"))
		if held := strings.Count(w.Log(), `"msg":"call.held"`); held != 2 {
			t.Errorf("held and resumed: %d events, want 2", held)
		}
	})
}
