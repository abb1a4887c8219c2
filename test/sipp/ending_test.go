package sipp

import (
	"strings"
	"testing"

	"assent/event"
)

func TestTheCallersHangupReachesTheStationWithItsCause(t *testing.T) {
	byEachTransport(t, setup{}, func(t *testing.T, w *world) {
		w.stations("answers")
		w.calls("yes-by-info", "cause", "31")
		w.agents[0].wait()
		want := recorded("info")
		want.Q850 = 31
		w.leaves(want)
		hasCause(t, w.agents[0].got("BYE", 0), "31")
	})
}

func TestTheStationsHangupReachesTheCallerWithItsCause(t *testing.T) {
	byEachTransport(t, setup{}, func(t *testing.T, w *world) {
		w.agents = []*sipp{w.stationAt(0, "hangs-up", "cause", "41")}
		caller := w.calls("yes-and-stays")
		want := recorded("info")
		want.By, want.Q850 = event.ByAgent, 41
		w.leaves(want)
		hasCause(t, caller.got("BYE", 0), "41")
	})
}

func hasCause(t *testing.T, bye, cause string) {
	t.Helper()
	if reason := header(bye, "Reason"); !strings.HasPrefix(reason, "Q.850") || !strings.Contains(reason, "cause="+cause) {
		t.Errorf("Reason of the BYE is %q, want Q.850;cause=%s", reason, cause)
	}
}

// Nobody acknowledges the 200: it is repeated for 64·T1, then BYE comes.
func TestACallThatIsNeverAcknowledgedIsEnded(t *testing.T) {
	w := start(t, setup{Flow: "waiting"})
	caller := w.calls("no-ack")
	answers := 0
	for _, message := range caller.received() {
		if strings.HasPrefix(message, "SIP/2.0 200") {
			answers++
		}
	}
	if answers < 8 { // T1, then twice as long each time up to T2: 11 in 32 s
		t.Errorf("the 200 came %d times", answers)
	}
	w.leaves(want{By: event.BySystem, Reason: "no_ack", Q850: 102, Consent: "not_asked", Result: event.ResultNone, Why: "consent_missing"})
}
