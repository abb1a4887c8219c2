package app_test

import (
	"strings"
	"testing"

	"assent/app"
	"assent/event"
)

func TestReloadIsAllOrNothing(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]func(*stage){
		"unknown key":    func(s *stage) { s.edit("assent.yaml", "language: en", "language: en\ncolour: blue") },
		"broken flow":    func(s *stage) { s.edit("flows/main.yaml", "queue: support", "queue: nowhere") },
		"missing prompt": func(s *stage) { s.edit("flows/main.yaml", "prompt: question", "prompt: nothing_there") },
		"another store":  func(s *stage) { s.edit("assent.yaml", "assent.db", "other.db") },
		"another listener": func(s *stage) {
			s.edit("assent.yaml", `"udp://127.0.0.1:0"`, `"udp://127.0.0.1:0", "tcp://127.0.0.1:0"`)
		},
		"another ledger": func(s *stage) { s.edit("assent.yaml", "./ledger", "./other") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t).start()
			broken(s)
			s.edit("assent.yaml", "numbers: [", `numbers: ["+1555", `) // good by itself
			if err := s.app.Reload(); err == nil {
				t.Fatal("the reload was accepted")
			}
			if len(s.all(event.ConfigRejected)) != 1 || len(s.all(event.ConfigReloaded)) != 0 {
				t.Error("want one config.rejected and no config.reloaded")
			}
			c := s.dial() // the old configuration serves
			s.hangup(c)
			s.cdr()
		})
	}
}

func TestReloadServesNewCallsByTheNewConfiguration(t *testing.T) {
	t.Parallel()
	s := prepare(t).start()
	before := s.dial()
	s.saw(event.ConsentAsked)
	s.edit("assent.yaml", "recording: { enabled: true, consent: required }", "recording: { enabled: false, consent: required }")
	must(t, s.app.Reload())
	after := s.dial()
	s.until("the second call", func() bool { return len(s.all(event.ConsentAsked)) == 2 })
	s.hangup(before)
	s.hangup(after)
	s.until("both CDRs", func() bool { return len(s.cdrs()) == 2 })
	list := s.cdrs()
	if list[0].ConfigVersion == list[1].ConfigVersion {
		t.Error("both calls name the same configuration")
	}
	reasons := list[0].Recording.Reason + " " + list[1].Recording.Reason
	if !strings.Contains(reasons, "trunk_disabled") || !strings.Contains(reasons, "consent_missing") {
		t.Errorf("reasons %s, want consent_missing for the first call and trunk_disabled for the second", reasons)
	}
}

func TestRunningCallKeepsTheQueueThatItBeganWith(t *testing.T) {
	t.Parallel()
	s := prepare(t).start()
	c := s.dial()
	s.saw(event.ConsentAsked)
	s.edit("assent.yaml", "  support: {", "  renamed: {")
	s.edit("flows/main.yaml", "queue: support", "queue: renamed")
	must(t, s.app.Reload())
	s.press(c, "1")
	s.until("the talk, or the end", func() bool { return len(s.all(event.CallBridged)) > 0 || len(s.all(event.CallEnded)) > 0 })
	s.hangup(c)
	cdr := s.cdr()
	if cdr.Queue != "support" || cdr.Station != "agent-1" || len(s.all(event.FlowFailed)) != 0 {
		t.Errorf("queue %q, station %q, flow failed %v: the call lost what it began with", cdr.Queue, cdr.Station, s.all(event.FlowFailed))
	}
}

func TestStartRefusesWhatCannotBeOpenedAndClosesTheRest(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.file("ledger", "a file where a folder should be")
	a, err := app.New(s.options())
	must(t, err)
	err = a.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "consent.ledger") {
		t.Fatalf("error %v, want one that names consent.ledger", err)
	}
	must(t, removeFile(s.path("ledger")))
	s.start() // the store was closed: it can be opened again
}

func TestTwoServicesCannotShareOneLedger(t *testing.T) {
	t.Parallel()
	s := prepare(t).start()
	other, err := app.New(s.options())
	must(t, err)
	if err := other.Start(t.Context()); err == nil {
		t.Error("a second service started on the same state")
	}
}
