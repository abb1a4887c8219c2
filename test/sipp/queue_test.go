package sipp

import (
	"testing"

	"assent/event"
)

func TestABusyStationLeadsToTheNext(t *testing.T) {
	byEachTransport(t, setup{Stations: 2}, func(_ *testing.T, w *world) {
		w.stations("busy", "answers")
		w.calls("yes-by-info")
		want := recorded("info")
		want.Station = "agent-1"
		w.hears(w.leaves(want))
	})
}

// The first station redirects, which is not followed; at the second's address
// nobody is; the third rings in vain; the fourth answers.
func TestStationsThatRedirectOrAreAwayLeadToTheNext(t *testing.T) {
	byEachTransport(t, setup{Stations: 4, Ring: "1s"}, func(_ *testing.T, w *world) {
		w.stations("redirects", "", "rings", "answers")
		w.calls("yes-by-info", "for", "3500")
		w.agents[2].wait()
		want := recorded("info")
		want.Station = "agent-3"
		w.hears(w.leaves(want))
	})
}

func TestAQueueWhereNobodyAnswersGoesOnInTheFlow(t *testing.T) {
	w := start(t, setup{Stations: 2, Ring: "1s"})
	w.stations("rings", "busy")
	w.calls("yes-and-stays")
	w.agents[0].wait()
	w.agents[1].wait()
	w.leaves(want{By: event.ByFlow, Reason: "normal", SIP: 200, Q850: 16, Consent: "granted", Queue: "support",
		Result: event.ResultNone, Why: "phase_ivr", Ledger: "consent barrier"})
}

func TestACallerWhoGivesUpIsCancelledAtTheStationToo(t *testing.T) {
	byEachTransport(t, setup{Flow: "straight", Trunk: "answer: on_agent"}, func(_ *testing.T, w *world) {
		w.stations("rings")
		w.calls("cancel")
		w.agents[0].wait()
		w.leaves(want{By: event.ByCaller, Reason: "cancelled", SIP: 487, Consent: "not_asked", Queue: "support",
			Result: event.ResultNone, Why: "consent_missing", NeverAnswered: true})
	})
}

func TestACallerIsAnsweredWhenTheAgentAnswers(t *testing.T) {
	w := start(t, setup{Flow: "straight", Trunk: "answer: on_agent"})
	w.stations("answers-late")
	w.calls("waits")
	cdr := w.leaves(unrecorded("not_asked", "consent_missing"))
	if took := cdr.AnsweredAt.Sub(cdr.StartedAt).Milliseconds(); took < 500 {
		t.Errorf("answered %d ms after the INVITE, before the agent was", took)
	}
}

func TestOfStationsThatRingTogetherTheFirstToAnswerHasTheCall(t *testing.T) {
	w := start(t, setup{Stations: 2, Strategy: "ring_all"})
	w.stations("rings", "answers")
	w.calls("yes-by-info")
	w.agents[0].wait()
	want := recorded("info")
	want.Station = "agent-1"
	w.hears(w.leaves(want))
}
