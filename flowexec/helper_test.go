package flowexec_test

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/zap"

	"assent/flowexec"
	"assent/flowexec/actions"
	"assent/flowexec/flowtest"
	"assent/source"
)

// verbs is built once: its HTTP client belongs to it.
var verbs = actions.All()

// prompts are the prompts of a test by language; "" is the folder of all.
type prompts map[string][]string

func (p prompts) Has(name, language string) bool {
	for _, folder := range []string{language, ""} {
		for _, known := range p[folder] {
			if known == name {
				return true
			}
		}
	}
	return false
}

func (p prompts) Names() []string {
	var all []string
	for _, names := range p {
		all = append(all, names...)
	}
	return all
}

// world is a configuration with one of each.
func world() flowexec.World {
	return flowexec.World{
		Speech:   func() error { return errors.New("no command") },
		Language: "en",
		Prompts:  prompts{"en": {"welcome", "consent_question", "goodbye", "apology"}, "de": {"welcome"}, "": {"calm"}},
		Queues:   map[string]bool{"support": true, "hr": false},
		Trunks:   []string{"carrier-a"},
		Stations: []string{"agent-1"},
	}
}

// compile compiles a flow that must have no errors; a flow without "tasks:" is
// one task named main.
func compile(t *testing.T, text string, w flowexec.World) *flowexec.Flow {
	t.Helper()
	if !strings.Contains(text, "tasks:") {
		text = "flow: test\nstart: main\ntasks:\n  main:\n" + text
	}
	flow, problems := flowexec.Compile("test.yaml", []byte(text), verbs, w)
	if flow == nil {
		t.Fatalf("compile: %v", source.Problems(problems))
	}
	return flow
}

// run runs a flow of any world against a caller.
func run(t *testing.T, text string, caller *flowtest.Fake) error {
	t.Helper()
	return compile(t, text, flowexec.World{}).Run(t.Context(), caller, zap.NewNop())
}

// wantLog compares the log from its second line on; the first says which flow.
func wantLog(t *testing.T, caller *flowtest.Fake, want ...string) {
	t.Helper()
	got := strings.Join(caller.Log[1:], "\n")
	if got != strings.Join(want, "\n") {
		t.Errorf("the flow did\n%s\n\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
