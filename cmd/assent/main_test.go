package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"assent/consent"
	"assent/event"
	"assent/policy"
	"assent/store"
)

// call0 is when the call of state was.
var call0 = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// told is what a command line wrote, and its exit code.
type told struct {
	code     int
	out, err string
}

func tell(args ...string) told {
	var out, err bytes.Buffer
	code := run(args, streams{&out, &err})
	return told{code, out.String(), err.String()}
}

// state is a folder as `assent init DIR` writes it, with one call in its store
// and its ledger; it returns the configuration's path and the call's id.
func state(t *testing.T) (config, call string) {
	t.Helper()
	dir := t.TempDir()
	if got := tell("init", dir); got.code != 0 {
		t.Fatalf("init: %+v", got)
	}
	call = event.NewID()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "data", "assent.db"), zap.NewNop())
	must(t, err)
	must(t, s.PutDecision(t.Context(), call, call0, "answer", policy.Evaluate(policy.Facts{Side: policy.SideTrunk, Trunk: "carrier-a"}, nil)))
	must(t, s.EndCall(t.Context(), event.CDR{ID: call, Trunk: "carrier-a", Direction: "inbound", StartedAt: call0, EndedAt: call0,
		Ending: event.Ending{By: "caller", SIP: 200, Q850: 16, Reason: "bye"}, Consent: event.CDRConsent{State: "declined"},
		Recording: event.CDRRecording{Decision: "no", Reason: "trunk_disabled", Result: "none"}}))
	must(t, s.Close())
	l, err := consent.Open(filepath.Join(dir, "data", "ledger"), zap.NewNop())
	must(t, err)
	<-l.Append(consent.Entry{Type: consent.TypeConsent, Call: call, Data: consent.ConsentData{State: "declined", Method: "rfc4733"}}).Done()
	must(t, l.Close())
	return filepath.Join(dir, "assent.yaml"), call
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestExitCodes(t *testing.T) {
	config, call := state(t)
	dir := t.TempDir()
	broken := write(t, filepath.Join(dir, "broken.yaml"), "trunks:\n  a: { colour: blue }\n")
	tie := write(t, filepath.Join(dir, "tie.yaml"), "flows: "+filepath.Join(filepath.Dir(config), "flows")+
		"\ntrunks:\n  a: { sources: [10.0.0.1], numbers: [\"*\"], flow: consent }\n  b: { sources: [10.0.0.1], numbers: [\"*\"], flow: consent }\n")
	flow := write(t, filepath.Join(dir, "flow.yaml"), "flow: x\nstart: nowhere\ntasks: {}\n")
	for _, c := range []struct {
		want int
		args []string
	}{
		{0, []string{"version"}},
		{0, []string{"--help"}},
		{0, []string{"check", config}},
		{0, []string{"init"}},
		{0, []string{"flow", "check", "--config", config}},
		{0, []string{"explain", "call", call, "--config", config}},
		{0, []string{"consent", "ls", "--config", config}},
		{0, []string{"consent", "show", call, "--config", config}},
		{0, []string{"consent", "verify", "--config", config}},
		{0, []string{"recording", "ls", "--config", config}},
		{2, nil},
		{2, []string{"nonsense"}},
		{2, []string{"check", "--nonsense"}},
		{2, []string{"recording", "ls", "-o", "xml"}},
		{2, []string{"explain", "call"}},
		{2, []string{"explain", "invite", "--from", "1", "--to", "2", "--source-ip", "nowhere", "--config", config}},
		{2, []string{"consent", "verify", "--checkpoint", "nonsense", "--config", config}},
		{3, []string{"check", broken}},
		{3, []string{"check", tie}},
		{3, []string{"check", filepath.Join(dir, "missing.yaml")}},
		{3, []string{"run", "--config", broken}},
		{3, []string{"recording", "ls", "--config", broken}},
		{3, []string{"flow", "check", "--config", config, flow}},
		{4, []string{"explain", "call", event.NewID(), "--config", config}},
		{4, []string{"explain", "invite", "--from", "1", "--to", "2", "--source-ip", "203.0.113.9", "--config", config}},
		{4, []string{"consent", "show", event.NewID(), "--config", config}},
		{4, []string{"recording", "show", event.NewID(), "--config", config}},
		{4, []string{"recording", "verify", event.NewID(), "--config", config}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			if got := tell(c.args...); got.code != c.want {
				t.Errorf("exit code %d, want %d\n%s%s", got.code, c.want, got.out, got.err)
			}
		})
	}
}

func TestWithoutAVerbTheVerbsArePrinted(t *testing.T) {
	for _, args := range [][]string{nil, {"nonsense"}} {
		got := tell(args...)
		for _, verb := range []string{"run", "demo", "init", "check", "explain call", "flow check", "recording verify", "consent verify", "version"} {
			if !strings.Contains(got.err, "\n  "+verb+" ") {
				t.Errorf("%q: %s is missing in\n%s", args, verb, got.err)
			}
		}
		if got.code != exitUsage || got.out != "" {
			t.Errorf("%q: exit code %d, %q", args, got.code, got.out)
		}
	}
	if got := tell("explain", "call"); strings.Contains(got.err, "demo") {
		t.Errorf("a wrong flag of a known verb prints all the others:\n%s", got.err)
	}
}

func TestConfigurationErrorsShowThePlace(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "assent.yaml"), "trunks:\n  a: { colour: blue }\n")
	if got := tell("check", path); !strings.Contains(got.err, "assent.yaml:2:8: ") || !strings.Contains(got.err, "^") {
		t.Errorf("got %q, want file:line:column and a caret", got.err)
	}
}

// Every verb that tells something tells it to programs too.
func TestJSONIsOneDocument(t *testing.T) {
	config, call := state(t)
	for _, args := range [][]string{
		{"version"},
		{"check", config},
		{"flow", "check", "--config", config},
		{"explain", "call", call, "--config", config},
		{"explain", "invite", "--from", "1", "--to", "+4980012345", "--source-ip", "127.0.0.1", "--config", config},
		{"recording", "ls", "--config", config},
		{"consent", "ls", "--config", config},
		{"consent", "show", call, "--config", config},
		{"consent", "verify", "--config", config},
	} {
		t.Run(strings.Join(args[:min(2, len(args))], " "), func(t *testing.T) {
			got := tell(append(args, "-o", "json")...)
			var v any
			if err := json.Unmarshal([]byte(got.out), &v); err != nil || v == nil || got.code != 0 {
				t.Errorf("exit code %d, %v: %q %q", got.code, err, got.out, got.err)
			}
		})
	}
}

func TestExplainCallShowsEveryRow(t *testing.T) {
	config, call := state(t)
	got := tell("explain", "call", call, "--config", config)
	for _, want := range []string{call, "trunk_disabled", "consent_missing", "allowed", "not reached", "YES"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is missing in\n%s", want, got.out)
		}
	}
}

func TestExplainInviteNamesTrunkFlowAndQueue(t *testing.T) {
	config, _ := state(t)
	got := tell("explain", "invite", "--from", "1", "--to", "+4980012345", "--source-ip", "127.0.0.1", "--config", config)
	for _, want := range []string{"carrier-a", "YES", "consent", "support"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is missing in\n%s", want, got.out)
		}
	}
}

func TestInitOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "assent.yaml"), "mine")
	if got := tell("init", dir); got.code == 0 {
		t.Error("init wrote over a configuration")
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "mine" {
		t.Errorf("it is %q now (%v)", b, err)
	}
}
