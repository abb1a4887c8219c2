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
	for name, with := range holds {
		t.Run(name, func(t *testing.T) {
			w := start(t, setup{TCP: name == "inactive"})
			w.tcp = name == "inactive"
			w.stations("answers")
			caller := w.calls("holds", with...)
			heldOnce(t, w, recorded("info"))
			directions(t, caller)
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
	for name, with := range holds {
		t.Run(name, func(t *testing.T) {
			w := start(t, setup{TCP: name == "inactive"})
			w.tcp = name == "inactive"
			w.stationBy("holds", with...)
			w.calls("yes-and-stays")
			w.agents[0].wait()
			heldOnce(t, w, recordedUntilTheStationLeft())
			directions(t, w.agents[0])
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
	if sidecar := read(t, w.Dir+"/recordings/"+cdr.Recording.ID+".json"); !strings.Contains(sidecar, `"hold"`) {
		t.Errorf("no gap of type hold in the sidecar: %s", sidecar)
	}
}

// directions checks our answers to the two re-INVITEs: what a hold allows, then
// both ways again (RFC 3264 section 6.1).
func directions(t *testing.T, s *sipp) {
	t.Helper()
	var got []string
	for _, message := range s.received() {
		if !strings.HasPrefix(message, "SIP/2.0 200") || !strings.HasSuffix(header(message, "CSeq"), "INVITE") ||
			strings.HasPrefix(header(message, "CSeq"), "1 ") {
			continue
		}
		direction := "sendrecv"
		for _, d := range []string{"sendonly", "recvonly", "inactive"} {
			if strings.Contains(message, "a="+d) {
				direction = d
			}
		}
		got = append(got, direction)
	}
	fits := map[string][]string{
		"sendonly": {"recvonly", "inactive"}, "inactive": {"inactive"}, "sendrecv": {"sendrecv", "sendonly", "recvonly", "inactive"},
	}
	offer := "sendrecv"
	for _, d := range []string{"sendonly", "inactive"} {
		if strings.Contains(s.messages(), "a="+d+"\r\n") && strings.Contains(s.offers(), "a="+d) {
			offer = d
		}
	}
	if len(got) != 2 || !slices.Contains(fits[offer], got[0]) || got[1] != "sendrecv" {
		t.Errorf("answered %s and then sendrecv with %v", offer, got)
	}
}

// offers is all that the party itself sent.
func (s *sipp) offers() string {
	var b strings.Builder
	for _, entry := range strings.Split(s.messages(), "-----------------------------------------------") {
		if strings.Contains(entry, " message sent (") {
			b.WriteString(entry)
		}
	}
	return b.String()
}
