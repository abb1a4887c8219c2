package sipp

import (
	"net"
	"strings"
	"testing"
)

// byEachTransport runs a story with SIP over UDP, and over TCP on both sides.
func byEachTransport(t *testing.T, s setup, story func(t *testing.T, w *world)) {
	t.Parallel()
	for name, tcp := range map[string]bool{"UDP": false, "TCP": true} {
		t.Run(name, func(t *testing.T) {
			s := s
			s.TCP = tcp
			w := start(t, s)
			w.tcp = tcp
			story(t, w)
		})
	}
}

func TestYesOnTheKeypadIsRecordedFromThenOn(t *testing.T) {
	raw, err := net.ListenPacket("ip4:udp", "127.0.0.1")
	if err != nil {
		t.Skipf("SIPp's play_dtmf sends from a raw socket, which this user may not: %v", err)
	}
	_ = raw.Close() // it was only asked for
	byEachTransport(t, setup{}, func(_ *testing.T, w *world) {
		w.stations("answers")
		w.calls("yes")
		w.hears(w.leaves(recorded("rfc4733")))
	})
}

func TestYesBySIPInfoIsRecordedFromThenOn(t *testing.T) {
	byEachTransport(t, setup{}, func(_ *testing.T, w *world) {
		w.stations("answers")
		w.calls("yes-by-info")
		w.hears(w.leaves(recorded("info")))
	})
}

func TestNoIsConnectedAndNotRecorded(t *testing.T) {
	byEachTransport(t, setup{}, func(_ *testing.T, w *world) {
		w.stations("answers")
		w.calls("no")
		w.leaves(unrecorded("declined", "consent_missing"))
	})
}

func TestSilenceIsConnectedAndNotRecorded(t *testing.T) {
	w := start(t, setup{Flow: "asks-twice"})
	w.stations("answers")
	w.calls("silence")
	w.leaves(unrecorded("no_input", "consent_missing"))
}

func TestAKeyDuringTheNoticeIsNoConsent(t *testing.T) {
	w := start(t, setup{Flow: "long-notice"})
	w.stations("answers")
	w.calls("key-during-notice")
	w.leaves(unrecorded("no_input", "consent_missing"))
}

func TestAKeyTypedAheadIsNoConsent(t *testing.T) {
	w := start(t, setup{Flow: "long-notice"})
	w.stations("answers")
	w.calls("key-typed-ahead")
	w.leaves(unrecorded("no_input", "consent_missing"))
}

func TestOpeningTheGateTwiceChangesNothing(t *testing.T) {
	w := start(t, setup{Flow: "twice"})
	w.stations("answers")
	w.calls("yes-by-info")
	w.hears(w.leaves(recorded("info")))
}

func TestAHangupWhilePromptsDrainLeavesTheGateClosed(t *testing.T) {
	w := start(t, setup{Flow: "drain"})
	w.calls("hangup-while-draining")
	want := unrecorded("granted", "consent_missing")
	want.Queue, want.Station = "", ""
	w.leaves(want)
	if strings.Contains(w.Log(), "recording.gate_opened") {
		w.t.Error("the gate was opened after the caller had left")
	}
}

func TestSecretDigitsStayOutOfTheLog(t *testing.T) {
	w := start(t, setup{Flow: "secret"})
	w.calls("secret")
	w.leaves(want{By: "flow", Reason: "normal", Consent: "not_asked", Result: "none", Why: "consent_missing"})
	log := w.Log()
	for _, digits := range []string{"739164", `"digit":"7"`, `"key":"7"`, "Signal="} {
		if strings.Contains(log, digits) {
			w.t.Errorf("the log contains %s", digits)
		}
	}
}

func TestAQueueThatForbidsRecordingIsObeyed(t *testing.T) {
	w := start(t, setup{QueueOff: true})
	w.stations("answers")
	w.calls("yes-by-info")
	want := unrecorded("granted", "queue_disabled")
	want.Ledger = "consent barrier"
	w.leaves(want)
}

func TestATrunkThatForbidsRecordingIsObeyed(t *testing.T) {
	w := start(t, setup{Recording: "{ enabled: false, consent: required }"})
	w.stations("answers")
	w.calls("yes-by-info")
	want := unrecorded("granted", "trunk_disabled")
	want.Ledger = "consent barrier"
	w.leaves(want)
}

func TestATrunkThatAsksForNoConsentRecordsWithAnEntryAllTheSame(t *testing.T) {
	w := start(t, setup{Flow: "straight", Recording: "{ enabled: true, consent: not_required }"})
	w.stations("answers")
	w.calls("waits")
	want := recorded("")
	want.Consent, want.Ledger = "not_asked", "consent started sealed"
	w.hears(w.leaves(want))
}
