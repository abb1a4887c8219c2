package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"assent/event"
	"assent/policy"
)

func someDecision() policy.Decision {
	return policy.Decision{Side: "trunk", Verdict: "no", Reason: "consent_missing", Steps: []policy.Step{
		{Row: 2, Reason: "trunk_disabled", Key: "trunks.carrier-a.recording.enabled", Source: "assent.yaml:20", Input: "true"},
		{Row: 3, Reason: "consent_missing", Input: "gate closed", Matched: true},
	}}
}

func TestRunningCallIsForgottenWhenItEnds(t *testing.T) {
	s, _ := newStore(t)
	c := Call{ID: "c1", Trunk: "carrier-a", Direction: "inbound", From: caller, To: "100", StartedAt: noon, ConfigVersion: "v1"}
	must(t, s.BeginCall(t.Context(), c))
	must(t, s.BeginCall(t.Context(), c))
	running, err := s.Running(t.Context())
	if err != nil || len(running) != 1 || running[0] != c {
		t.Errorf("running: %+v, %v", running, err)
	}
	must(t, s.EndCall(t.Context(), event.CDR{ID: "c1", StartedAt: noon}))
	if running, err = s.Running(t.Context()); err != nil || len(running) != 0 {
		t.Errorf("running after the end: %+v, %v", running, err)
	}
}

// childDies tells the test binary to be a process that dies with calls running.
const childDies = "ASSENT_TEST_STORE_DIES"

func TestCallsThatACrashLeftAreFoundAtTheNextStart(t *testing.T) {
	if url := os.Getenv(childDies); url != "" {
		s := reopen(t, url)
		for i := range 3 {
			must(t, s.BeginCall(t.Context(), Call{ID: fmt.Sprint("c", i), StartedAt: noon.Add(time.Duration(i) * time.Second)}))
		}
		must(t, s.EndCall(t.Context(), event.CDR{ID: "c1", StartedAt: noon}))
		self, err := os.FindProcess(os.Getpid())
		must(t, err)
		must(t, self.Kill())
		select {}
	}
	s, url := newStore(t)
	must(t, s.Close())
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), childDies+"="+url)
	if out, err := cmd.CombinedOutput(); err == nil || bytes.Contains(out, []byte("FAIL")) {
		t.Fatalf("the process did not die as it should: %v: %s", err, out)
	}
	s = reopen(t, url)
	running, err := s.Running(t.Context())
	if err != nil || len(running) != 2 || running[0].ID != "c0" || running[1].ID != "c2" {
		t.Errorf("left over: %+v, %v", running, err)
	}
	if _, err := s.CDR(t.Context(), "c1"); err != nil {
		t.Errorf("the call that had ended: %v", err)
	}
}

func TestFirstCDROfACallStays(t *testing.T) {
	s, _ := newStore(t)
	first := event.CDR{ID: "c1", Trunk: "carrier-a", StartedAt: noon, EndedAt: noon.Add(time.Minute), Ending: event.Ending{By: "caller", SIP: 200, Q850: 16}}
	must(t, s.EndCall(t.Context(), first))
	second := first
	second.Ending.By = "crash"
	must(t, s.EndCall(t.Context(), second))
	got, err := s.CDR(t.Context(), "c1")
	must(t, err)
	want, err := json.Marshal(first)
	must(t, err)
	if b, err := json.Marshal(got); err != nil || !bytes.Equal(b, want) {
		t.Errorf("CDR is %s, want %s", b, want)
	}
	if cdrs, err := s.CDRs(t.Context(), CDRFilter{}); err != nil || len(cdrs) != 1 {
		t.Errorf("%d CDRs, %v", len(cdrs), err)
	}
}

func TestUnknownCallIsNotFound(t *testing.T) {
	s, _ := newStore(t)
	if _, err := s.CDR(t.Context(), "none"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "none") {
		t.Errorf("error is %v", err)
	}
	if err := s.EndCall(t.Context(), event.CDR{}); err == nil {
		t.Error("a CDR without an id was taken")
	}
}

func TestCDRsAreChosenAndPagedNewestFirst(t *testing.T) {
	s, _ := newStore(t)
	for i := range 6 {
		must(t, s.EndCall(t.Context(), event.CDR{
			ID: fmt.Sprint("c", i), Trunk: fmt.Sprint("t", i%2), Queue: "support", Station: fmt.Sprint("s", i%3), StartedAt: noon.Add(time.Duration(i) * time.Hour)}))
	}
	ids := func(f CDRFilter) (all string) {
		cdrs, err := s.CDRs(t.Context(), f)
		must(t, err)
		for _, c := range cdrs {
			all += c.ID
		}
		return all
	}
	for _, c := range []struct {
		f    CDRFilter
		want string
	}{
		{CDRFilter{}, "c5c4c3c2c1c0"},
		{CDRFilter{Trunk: "t1"}, "c5c3c1"},
		{CDRFilter{Trunk: "t1", Station: "s2"}, "c5"},
		{CDRFilter{Queue: "hr"}, ""},
		{CDRFilter{Limit: 2}, "c5c4"},
		{CDRFilter{Limit: 2, Before: "c4"}, "c3c2"},
		{CDRFilter{Since: noon.Add(4 * time.Hour)}, "c5c4"},
		{CDRFilter{Until: noon.Add(2 * time.Hour)}, "c1c0"},
		{CDRFilter{Trunk: "' OR 1=1 --"}, ""},
	} {
		if got := ids(c.f); got != c.want {
			t.Errorf("%+v chose %s, want %s", c.f, got, c.want)
		}
	}
}

func TestCDRIsUnfiledUntilItsLineIsWritten(t *testing.T) {
	s, _ := newStore(t)
	for _, id := range []string{"c1", "c2"} {
		must(t, s.EndCall(t.Context(), event.CDR{ID: id, StartedAt: noon}))
	}
	must(t, s.MarkFiled(t.Context(), "c1"))
	unfiled, err := s.Unfiled(t.Context())
	if err != nil || len(unfiled) != 1 || unfiled[0].ID != "c2" {
		t.Errorf("unfiled: %+v, %v", unfiled, err)
	}
}

func TestDecisionsComeBackInOrderWithTheirSteps(t *testing.T) {
	s, _ := newStore(t)
	for i := range 3 {
		must(t, s.PutDecision(t.Context(), "c1", noon.Add(time.Duration(i)*time.Second), fmt.Sprint("phase ", i), someDecision()))
	}
	must(t, s.PutDecision(t.Context(), "c2", noon, "answer", someDecision()))
	got, err := s.Decisions(t.Context(), "c1")
	if err != nil || len(got) != 3 {
		t.Fatalf("%d decisions, %v", len(got), err)
	}
	for i, d := range got {
		if d.Trigger != fmt.Sprint("phase ", i) || !d.At.Equal(noon.Add(time.Duration(i)*time.Second)) ||
			fmt.Sprint(d.Decision) != fmt.Sprint(someDecision()) {
			t.Errorf("decision %d is %+v", i, d)
		}
	}
}

func TestRecordingsAreKeptReplacedAndChosen(t *testing.T) {
	s, _ := newStore(t)
	r := Recording{ID: "r1", Call: "c1", Trunk: "carrier-a", Queue: "support", Station: "agent-1", File: "r1.wav",
		SHA256: "aa", SidecarSHA256: "bb", DurationMS: 1234, Result: "degraded", CreatedAt: noon}
	must(t, s.PutRecording(t.Context(), r))
	r.Result = "ok"
	must(t, s.PutRecording(t.Context(), r))
	must(t, s.PutRecording(t.Context(), Recording{ID: "r2", Call: "c2", Trunk: "carrier-b", Result: "ok", CreatedAt: noon.Add(time.Hour)}))
	got, err := s.Recording(t.Context(), "r1")
	if err != nil || got != r {
		t.Errorf("recording is %+v, %v", got, err)
	}
	if _, err := s.Recording(t.Context(), "r9"); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown recording: %v", err)
	}
	for _, c := range []struct {
		f    RecordingFilter
		want int
	}{
		{RecordingFilter{}, 2}, {RecordingFilter{Call: "c1"}, 1}, {RecordingFilter{Trunk: "carrier-b"}, 1}, {RecordingFilter{Result: "degraded"}, 0},
		{RecordingFilter{Since: noon.Add(time.Minute)}, 1}, {RecordingFilter{Until: noon}, 0}, {RecordingFilter{Queue: "support", Station: "agent-1"}, 1},
		{RecordingFilter{Before: "r2"}, 1}, {RecordingFilter{Limit: 1}, 1},
	} {
		all, err := s.Recordings(t.Context(), c.f)
		if err != nil || len(all) != c.want {
			t.Errorf("%+v chose %d, want %d (%v)", c.f, len(all), c.want, err)
		}
	}
}
