package sipp

import (
	"slices"
	"strings"
	"testing"

	"assent/event"
)

// holds are the ways to put the other side on hold (RFC 3264 section 8.4; the
// last is that of RFC 2543).
var holds = map[string][]string{
	"sendonly": {"direction", "sendonly"},
	"inactive": {"direction", "inactive"},
	"wildcard": {"direction", "sendrecv", "connection", "0.0.0.0"},
}

func TestTheCallerHoldsAndResumes(t *testing.T) {
	t.Parallel()
	for name, with := range holds {
		t.Run(name, func(t *testing.T) {
			w := start(t, setup{TCP: name == "inactive"})
			w.tcp = name == "inactive"
			w.stations("answers")
			caller := w.calls("holds", with...)
			heldOnce(t, w, recorded("info"))
			answersTo(t, with[1], caller)
		})
	}
	t.Run("offerless", func(t *testing.T) {
		w := start(t, setup{})
		w.stations("answers")
		w.calls("holds-offerless")
		heldOnce(t, w, recorded("info"))
	})
}

func TestTheStationHoldsAndResumes(t *testing.T) {
	t.Parallel()
	for name, with := range holds {
		t.Run(name, func(t *testing.T) {
			w := start(t, setup{TCP: name == "inactive"})
			w.tcp = name == "inactive"
			w.agents = []*sipp{w.stationAt(0, "holds", with...)}
			w.calls("yes-and-stays")
			w.agents[0].wait()
			heldOnce(t, w, recordedUntilTheStationLeft())
			answersTo(t, with[1], w.agents[0])
		})
	}
	t.Run("offerless", func(t *testing.T) {
		w := start(t, setup{})
		w.stations("holds-offerless")
		w.calls("yes-and-stays")
		w.agents[0].wait()
		heldOnce(t, w, recordedUntilTheStationLeft())
	})
}

func recordedUntilTheStationLeft() want {
	want := recorded("info")
	want.By = event.ByAgent
	return want
}

// heldOnce checks that the call was held and resumed once, and that the hold is
// a gap in the recording and no audio.
func heldOnce(t *testing.T, w *world, want want) {
	t.Helper()
	cdr := w.leaves(want)
	if held := strings.Count(w.Log(), `"msg":"call.held"`); held != 2 {
		t.Errorf("held and resumed: %d events, want 2", held)
	}
	if sidecar := w.sidecar(cdr); !strings.Contains(sidecar, `"hold"`) {
		t.Errorf("no gap of type hold in the sidecar: %s", sidecar)
	}
}

// answersTo checks our answers to the two re-INVITEs: what the offered direction
// allows, then both ways again (RFC 3264 section 6.1).
func answersTo(t *testing.T, offered string, s *sipp) {
	t.Helper()
	allowed := map[string][]string{"sendonly": {"recvonly", "inactive"}, "inactive": {"inactive"}}[offered]
	for _, reinvite := range []struct {
		cseq    string
		allowed []string
	}{{"3 INVITE", allowed}, {"4 INVITE", []string{"sendrecv"}}} {
		for _, message := range s.received() {
			if !strings.HasPrefix(message, "SIP/2.0 200") || header(message, "CSeq") != reinvite.cseq || reinvite.allowed == nil {
				continue
			}
			if got := direction(message); !slices.Contains(reinvite.allowed, got) {
				t.Errorf("re-INVITE %s was answered with %s, want one of %v", reinvite.cseq, got, reinvite.allowed)
			}
		}
	}
}

// direction is that of a message's SDP; none said is both ways.
func direction(message string) string {
	for _, d := range []string{"sendonly", "recvonly", "inactive"} {
		if strings.Contains(message, "\r\na="+d) {
			return d
		}
	}
	return "sendrecv"
}
