package app_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"assent/event"
	"assent/recorder"
)

// found waits until the audit has told of such a reason.
func (s *stage) found(reason string) event.Event {
	s.t.Helper()
	var hit event.Event
	s.until("the audit's "+reason, func() bool {
		return slices.ContainsFunc(s.all(event.AuditFailed), func(e event.Event) bool { hit = e; return e.Reason == reason })
	})
	return hit
}

// A sidecar is planted that says that the recording begins before the caller's yes.
func TestDoctoredRecordingStopsRecordingOnItsTrunk(t *testing.T) {
	t.Parallel()
	s := ended(t)
	cdr := s.cdr()
	path := strings.TrimSuffix(cdr.Recording.File, ".wav") + ".json"
	b, err := os.ReadFile(path)
	must(t, err)
	var side recorder.Sidecar
	must(t, json.Unmarshal(b, &side))
	below := uint64(0)
	for i, first := range side.FirstSample {
		for _, f := range side.Barrier {
			if f.SSRC == first.SSRC {
				side.FirstSample[i].RTPTime, below = f.RTPTime-100, 100
			}
		}
	}
	if below == 0 {
		t.Fatalf("no first sample has a floor: %+v, %+v", side.FirstSample, side.Barrier)
	}
	b, err = json.MarshalIndent(side, "", "  ")
	must(t, err)
	must(t, os.WriteFile(path, append(b, '\n'), 0o600))

	s.start()
	e := s.found("unconsented")
	if e.Trunk != "carrier" || e.Recording.ID != cdr.Recording.ID || !strings.Contains(e.Detail, "100 samples") {
		t.Errorf("%+v", e)
	}
	s.found("not_valid")
	if _, body := s.get("/metrics"); !strings.Contains(body, "assent_recording_unconsented_samples_total 100") {
		t.Error("the metric does not say 100")
	}
	next := s.agreed()
	if next.Recording.AudioKept() || next.Recording.Reason != "recorder_unavailable" || next.Ending.By != "caller" {
		t.Errorf("recording %+v, ending %+v", next.Recording, next.Ending)
	}
}

func TestAuditOfHonestStateFindsNothing(t *testing.T) {
	t.Parallel()
	s := ended(t)
	s.start()
	s.until("the audit of the recording", func() bool {
		_, body := s.get("/metrics")
		return strings.Contains(body, "assent_audit_recordings_total 1")
	})
	if found := s.all(event.AuditFailed); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	if cdr := s.agreed(); !cdr.Recording.AudioKept() {
		t.Errorf("recording %+v", cdr.Recording)
	}
}

func TestWhatStoreLedgerAndFolderDoNotAgreeOnIsTold(t *testing.T) {
	t.Parallel()
	s := ended(t)
	cdr := s.cdr()
	must(t, os.Remove(cdr.Recording.File))
	foreign := event.NewID()
	s.file("recordings/"+foreign+".wav", "no recording of ours")
	s.start()
	if e := s.found("file_missing"); e.Recording.ID != cdr.Recording.ID {
		t.Errorf("%+v", e)
	}
	if e := s.found("file_unsealed"); e.Recording.ID != foreign {
		t.Errorf("%+v", e)
	}
	s.until("the figure", func() bool {
		_, body := s.get("/metrics")
		return strings.Contains(body, "assent_audit_mismatches 4") // both are without their other half too
	})
	if cdr := s.agreed(); !cdr.Recording.AudioKept() {
		t.Errorf("a mismatch of lists stops no recording: %+v", cdr.Recording)
	}
}
