package app_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"assent/app"
	"assent/event"
)

func TestCallLeavesEvidenceThatVerifiesAndNoNumberInTheLog(t *testing.T) {
	t.Parallel()
	s := prepare(t).start()
	c := s.dial()
	s.press(c, "1")
	s.saw(event.RecordingStarted)
	s.hangup(c)
	cdr := s.cdr()
	if err := app.VerifyRecording(cdr.Recording.File, s.path("ledger")); err != nil {
		t.Errorf("%+v: %v", cdr.Recording, err)
	}
	info, err := os.Stat(cdr.Recording.File)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the recording's mode is %v, want 0600", info.Mode())
	}
	lines := s.logs.All()
	for _, e := range lines {
		text := e.Message + fmt.Sprint(e.ContextMap())
		for _, number := range []string{callerNumber[1:], calledNumber[1:]} {
			if strings.Contains(text, number) {
				t.Errorf("the log shows a number: %s", text)
			}
		}
	}
	for _, want := range []event.Type{event.CallStarted, event.ConsentGranted, event.RecordingGateOpened, event.CallEnded} {
		if s.logs.FilterMessage(string(want)).Len() != 1 {
			t.Errorf("%d lines tell %s, want one", s.logs.FilterMessage(string(want)).Len(), want)
		}
	}
	if ledger, err := os.ReadFile(s.path("ledger/ledger.jsonl")); err != nil || strings.Contains(string(ledger), callerNumber[1:]) {
		t.Errorf("the ledger shows the caller's number (%v)", err)
	}
}

func TestReadinessFollowsTheDrainAndNotTheRecorder(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.file("recordings", "a file where a folder should be")
	s.start()
	if code, body := s.get("/readyz"); code != 200 || strings.Contains(body, `"recordings":"ok"`) {
		t.Errorf("%d %s: recording trouble is told, and is no 503", code, body)
	}
	c := s.dial()
	ctx, end := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	running := s.app
	go func() { stopped <- running.Stop(ctx) }()
	s.until("503", func() bool {
		code, body := s.get("/readyz")
		return code == 503 && strings.Contains(body, "draining")
	})
	if code, _ := s.get("/healthz"); code != 200 {
		t.Errorf("/healthz is %d while draining, want 200", code)
	}
	s.hangup(c)
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	end()
	s.app = nil
	if by := s.cdr().Ending.By; by != "caller" {
		t.Errorf("ended by %s: the drain did not wait for the caller", by)
	}
}

func TestMetricsAreServedToLoopback(t *testing.T) {
	t.Parallel()
	s := prepare(t).start()
	c := s.dial()
	s.hangup(c)
	s.cdr()
	s.until("the end of the call", func() bool { return s.app.Calls() == 0 })
	code, body := s.get("/metrics")
	for _, want := range []string{
		`assent_calls_started_total{direction="inbound",trunk="carrier"} 1`, "assent_calls_active 0", "assent_recording_unconsented_samples_total 0",
	} {
		if code != 200 || !strings.Contains(body, want) {
			t.Errorf("%d, %s is missing", code, want)
		}
	}
}
