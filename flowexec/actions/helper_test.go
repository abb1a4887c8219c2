package actions_test

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"assent/flowexec"
	"assent/flowexec/actions"
	"assent/flowexec/flowtest"
	"assent/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs the actions of a task named main; more tasks may follow them. The
// tasks one, two and three play a prompt of their name and end.
func run(t *testing.T, text string, caller *flowtest.Fake) error {
	t.Helper()
	text = "flow: test\nstart: main\ntasks:\n  main:\n" + text
	for _, task := range []string{"one", "two", "three"} {
		text += "  " + task + ":\n    - play_audio: { name: Play " + task + ", prompt: " + task + " }\n"
	}
	flow, problems := flowexec.Compile("test.yaml", []byte(text), actions.All(), flowexec.World{})
	if flow == nil {
		t.Fatal(source.Problems(problems))
	}
	return flow.Run(t.Context(), caller, zap.NewNop())
}

// did runs a flow that must not fail, and compares what it did up to its end;
// want is separated by " | ".
func did(t *testing.T, text string, caller *flowtest.Fake, want string) {
	t.Helper()
	if err := run(t, text, caller); err != nil {
		t.Errorf("the flow failed: %v", err)
	}
	got := strings.Join(caller.Log[1:], " | ")
	got = strings.TrimSuffix(got, " | drain | disconnect")
	if got != want {
		t.Errorf("did  %s\nwant %s", got, want)
	}
}
