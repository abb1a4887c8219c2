package flowexec_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"assent/flowexec"
	"assent/flowexec/flowtest"
)

func TestEndOfATaskThatLeadsNowhereDrainsAndDisconnects(t *testing.T) {
	caller := &flowtest.Fake{}
	if err := run(t, "    - play_audio: { name: Bye, prompt: bye }\n", caller); err != nil {
		t.Fatal(err)
	}
	wantLog(t, caller, "play bye", "heard bye", "drain", "disconnect")
}

func TestFlowTellsItsNameAndHashFirst(t *testing.T) {
	caller := &flowtest.Fake{}
	flow := compile(t, "    - disconnect: { name: End }\n", flowexec.World{})
	if err := flow.Run(t.Context(), caller, zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	if caller.Log[0] != "entered test" || len(flow.SHA256) != 64 {
		t.Errorf("%q, hash %q", caller.Log[0], flow.SHA256)
	}
}

func TestFlowEndsWhenItsContextDoes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	caller := &flowtest.Fake{}
	flow := compile(t, "    - play_audio: { name: Bye, prompt: bye }\n", flowexec.World{})
	if err := flow.Run(ctx, caller, zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	wantLog(t, caller)
}

func TestFailureWithoutErrorTaskApologisesAndDisconnects(t *testing.T) {
	caller := &flowtest.Fake{Fail: map[string]error{"play welcome": flowtest.ErrBroken}}
	flow := "    - play_audio: { name: Welcome, prompt: welcome }\n"
	err := run(t, flow, caller)
	if !errors.Is(err, flowtest.ErrBroken) || !errors.Is(err, flowexec.ErrFailed) || !strings.Contains(err.Error(), `test, action "Welcome": broken`) {
		t.Errorf("error %v", err)
	}
	wantLog(t, caller, "play welcome", "failed Welcome", "play 425 Hz", "heard welcome", "heard 425 Hz", "drain", "disconnect")

	caller = &flowtest.Fake{Fail: map[string]error{"play welcome": flowtest.ErrBroken}}
	if err := compile(t, flow, world()).Run(t.Context(), caller, zap.NewNop()); err == nil {
		t.Error("no error")
	}
	if !strings.Contains(caller.Line(), "play apology") {
		t.Errorf("no apology: %s", caller.Line())
	}

	caller = &flowtest.Fake{Fail: map[string]error{"play welcome": flowtest.ErrBroken, "play apology": flowtest.ErrBroken}}
	if err := compile(t, flow, world()).Run(t.Context(), caller, zap.NewNop()); err == nil {
		t.Error("no error")
	}
	if !strings.HasSuffix(caller.Line(), "heard 425 Hz\ndrain\ndisconnect") {
		t.Errorf("no tone: %s", caller.Line())
	}
}

const failingFlow = `flow: failing
start: main
on_error: sorry
tasks:
  main:
    - play_audio: { name: Welcome, prompt: welcome }
  sorry:
    - play_audio: { name: Sorry, prompt: sorry }
    - transfer_to_station: { name: Human, station: agent-1 }
`

func TestFailureLeadsToTheErrorTask(t *testing.T) {
	caller := &flowtest.Fake{Fail: map[string]error{"play welcome": flowtest.ErrBroken}}
	if err := run(t, failingFlow, caller); !errors.Is(err, flowtest.ErrBroken) {
		t.Errorf("error %v", err)
	}
	wantLog(t, caller, "play welcome", "failed Welcome", "play sorry", "heard welcome", "heard sorry", "drain", "station agent-1 0s")
}

func TestErrorTaskThatFailsDisconnectsAndIsNotRunAgain(t *testing.T) {
	second := errors.New("sorry is broken too")
	caller := &flowtest.Fake{Fail: map[string]error{"play welcome": flowtest.ErrBroken, "play sorry": second}}
	err := run(t, failingFlow, caller)
	if !errors.Is(err, flowtest.ErrBroken) || !errors.Is(err, second) {
		t.Errorf("error %v", err)
	}
	wantLog(t, caller, "play welcome", "failed Welcome", "play sorry", "disconnect")
}

func TestErrorTaskWhoseDisconnectFailsEndsAllTheSame(t *testing.T) {
	caller := &flowtest.Fake{Fail: map[string]error{"play welcome": flowtest.ErrBroken, "disconnect": flowtest.ErrBroken}}
	if err := run(t, "    - play_audio: { name: Welcome, prompt: welcome }\n", caller); err == nil {
		t.Error("no error")
	}
	if caller.Ended {
		t.Error("the call ended")
	}
}

func TestHangUpOnTheErrorPathIsNoSecondFailure(t *testing.T) {
	caller := &flowtest.Fake{
		Fail:  map[string]error{"play welcome": flowtest.ErrBroken},
		While: map[string][]string{"sorry": {"!"}},
	}
	err := run(t, failingFlow, caller)
	if err == nil || strings.Contains(err.Error(), "error path") {
		t.Errorf("error %v", err)
	}
}

func TestLoopWithoutEndIsStoppedAndTakesTheErrorPath(t *testing.T) {
	const flow = `flow: loop
start: a
on_error: b
tasks:
  a:
    - goto: b
  b:
    - goto: a
`
	caller := &flowtest.Fake{}
	err := run(t, flow, caller)
	if err == nil || !strings.Contains(err.Error(), "10000 actions without an end") {
		t.Errorf("error %v", err)
	}
	wantLog(t, caller, "failed goto", "disconnect")
}

func TestVeryManyQueuedPromptsAreDrainedInBetween(t *testing.T) {
	var flow strings.Builder
	for i := range 40 {
		fmt.Fprintf(&flow, "    - play_audio: { name: P%d, prompt: p }\n", i)
	}
	caller := &flowtest.Fake{}
	if err := run(t, flow.String(), caller); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(caller.Line(), "drain"); n != 2 {
		t.Errorf("%d drains, want one in between and one in the end", n)
	}
}

func TestFirstTaskAfterSetLanguageBeginsWithADrain(t *testing.T) {
	const flow = `flow: language
start: main
tasks:
  main:
    - play_audio: { name: A, prompt: a }
    - set_language: { name: German, language: de }
    - play_audio: { name: B, prompt: b }
    - goto: next
  next:
    - play_audio: { name: C, prompt: c }
    - goto: last
  last:
    - collect_input: { name: Ask, prompt: d, notice: true, consent: { granted: "1", declined: "2" } }
`
	caller := &flowtest.Fake{Press: []string{"2"}}
	if err := run(t, flow, caller); err != nil {
		t.Fatal(err)
	}
	wantLog(t, caller, "play a", "language de", "play b", "heard a", "heard b", "drain", "play c", "asked Ask", "play d",
		"heard c", "heard d", "drain", "clear", "wait 5s", "answer declined", "drain", "disconnect")
	if got := caller.Answers[0].Language; got != "de" {
		t.Errorf("the answer's language is %q", got)
	}
}

func TestBargeInSkipsWhatIsQueuedButNotices(t *testing.T) {
	const flow = `
    - play_audio: { name: A, prompt: a }
    - play_audio: { name: B, prompt: b }
    - play_audio: { name: C, prompt: c, notice: true }
    - play_audio: { name: D, prompt: d, barge_in: false }
    - flush_audio: { name: Flush }
`
	caller := &flowtest.Fake{While: map[string][]string{"a": {"5"}, "c": {"6"}}}
	if err := run(t, flow, caller); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(caller.Heard(), " "); got != "c" {
		t.Errorf("heard %q", got)
	}
}

func TestRunLogsNeitherDigitsNorVariables(t *testing.T) {
	const flow = `
    - collect_input: { name: Card, prompt: card, digits: 8, secure: true, save: card }
    - set: { name: Copy, values: { copy: "x${vars.card}x" } }
    - switch: { name: Which, value: "${vars.copy}", cases: { none: main } }
    - transfer_to_number: { name: Away, number: "sip:${vars.card}@${call.from}", outcomes: { failure: main2 } }
    - play_audio: { name: Bad, prompt: "${vars.copy}/${vars.card}" }
`
	text := "flow: test\nstart: main\ntasks:\n  main2:\n    - set_language: { name: L, language: \"${vars.card}\" }\n  main:\n" + flow
	core, logs := observer.New(zapcore.DebugLevel)
	caller := &flowtest.Fake{Press: []string{"98765432"}, Known: map[string]string{"call.from": "+4912345"}}
	err := compile(t, text, flowexec.World{}).Run(t.Context(), caller, zap.New(core))
	if err == nil {
		t.Error("the language did not fail")
	}
	all := fmt.Sprint(err)
	for _, entry := range logs.All() {
		all += fmt.Sprint(entry.Message, entry.ContextMap())
	}
	for _, secret := range []string{"98765432", "4912345"} {
		if strings.Contains(all, secret) {
			t.Errorf("%s stands in a log or error: %s", secret, all)
		}
	}
}
