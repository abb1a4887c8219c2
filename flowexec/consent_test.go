package flowexec_test

import (
	"context"
	"reflect"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"assent/flowexec"
	"assent/flowexec/flowtest"
	"assent/policy"
)

const consentFlow = `flow: consent
start: ask
tasks:
  ask:
    - play_audio: { name: Welcome, prompt: welcome }
    - collect_input:
        name: Ask
        prompt: question
        notice: true
        digits: 1
        repeats: 2
        consent: { granted: "1", declined: "2" }
        outcomes: { "1": allow, "2": route, no_input: route, invalid: route }
  allow:
    - enable_participant_recording: { name: Enable }
    - goto: route
  route:
    - transfer_to_queue: { name: Support, queue: support }
`

// states returns the states of the answers that were given.
func states(caller *flowtest.Fake) []policy.ConsentState {
	var all []policy.ConsentState
	for _, a := range caller.Answers {
		all = append(all, a.State)
	}
	return all
}

func TestConsentThatIsGrantedDrainsAndOpensTheGate(t *testing.T) {
	caller := &flowtest.Fake{Press: []string{"1"}}
	if err := run(t, consentFlow, caller); err != nil {
		t.Fatal(err)
	}
	wantLog(t, caller, "play welcome", "asked Ask", "play question", "heard welcome", "heard question", "drain", "clear",
		"wait 5s", "answer granted", "drain", "enable Enable", "drain", "queue support")
	got := caller.Answers[0]
	want := flowexec.Consent{State: policy.StateGranted, Prompt: "question", Action: "Ask", Key: got.Key}
	if got != want || got.Key == nil || got.Key.Digit != '1' {
		t.Errorf("answer %+v", got)
	}
}

func TestConsentHasExactlyOneAnswerHoweverItEnds(t *testing.T) {
	for name, test := range map[string]struct {
		caller flowtest.Fake
		want   policy.ConsentState
		asked  int
		gate   bool
	}{
		"yes":                                  {flowtest.Fake{Press: []string{"1"}}, policy.StateGranted, 1, true},
		"no":                                   {flowtest.Fake{Press: []string{"2"}}, policy.StateDeclined, 1, false},
		"silence three times":                  {flowtest.Fake{}, policy.StateNoInput, 3, false},
		"a wrong key three times":              {flowtest.Fake{Press: []string{"3", "*", "9"}}, policy.StateInvalid, 3, false},
		"silence, wrong, yes":                  {flowtest.Fake{Press: []string{"", "7", "1"}}, policy.StateGranted, 3, true},
		"wrong, wrong, silence":                {flowtest.Fake{Press: []string{"7", "7", ""}}, policy.StateNoInput, 3, false},
		"no after silence":                     {flowtest.Fake{Press: []string{"", "2"}}, policy.StateDeclined, 2, false},
		"hang-up while it waits":               {flowtest.Fake{Press: []string{"!"}}, policy.StateNoInput, 1, false},
		"hang-up after a wrong key":            {flowtest.Fake{Press: []string{"5", "!"}}, policy.StateNoInput, 2, false},
		"hang-up during the question":          {flowtest.Fake{While: map[string][]string{"question": {"!"}}}, policy.StateNoInput, 1, false},
		"hang-up during the greeting":          {flowtest.Fake{While: map[string][]string{"welcome": {"!"}}}, policy.StateNoInput, 1, false},
		"key during the question only":         {flowtest.Fake{While: map[string][]string{"question": {"1", "1", "1"}}}, policy.StateNoInput, 3, false},
		"yes to what was not heard, and again": {flowtest.Fake{Press: []string{"1", "1"}, Unheard: 1}, policy.StateGranted, 2, true},
		"yes to what was never heard":          {flowtest.Fake{Press: []string{"1", "1"}, Unheard: 2}, policy.StateNoInput, 2, false},
		"no to what was not heard":             {flowtest.Fake{Press: []string{"2"}, Unheard: 1}, policy.StateDeclined, 1, false},
		"key typed ahead":                      {flowtest.Fake{While: map[string][]string{"welcome": {"1"}}}, policy.StateNoInput, 3, false},
		"several keys during the pause":        {flowtest.Fake{Press: []string{"12"}}, policy.StateGranted, 1, true},
		"a second key after a wrong one":       {flowtest.Fake{Press: []string{"31"}}, policy.StateNoInput, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			caller := test.caller
			if err := run(t, consentFlow, &caller); err != nil {
				t.Fatal(err)
			}
			if got := states(&caller); !reflect.DeepEqual(got, []policy.ConsentState{test.want}) {
				t.Errorf("answers %v, want one %s\n%s", got, test.want, caller.Line())
			}
			asked := 0
			for _, line := range caller.Log {
				if line == "play question" {
					asked++
				}
			}
			if asked != test.asked {
				t.Errorf("asked %d times, want %d", asked, test.asked)
			}
			if caller.Gate != test.gate {
				t.Errorf("gate asked to open: %v", caller.Gate)
			}
		})
	}
}

func TestConsentNoticeBehindAGreetingIsHeardWhenTheGreetingIsInterrupted(t *testing.T) {
	caller := &flowtest.Fake{While: map[string][]string{"welcome": {"1"}, "question": {"1"}}, Press: []string{"2"}}
	if err := run(t, consentFlow, caller); err != nil {
		t.Fatal(err)
	}
	wantLog(t, caller, "play welcome", "asked Ask", "play question", "cut welcome", "heard question", "drain", "clear",
		"wait 5s", "answer declined", "drain", "queue support")
}

func TestConsentIsKeptForACallerWhoHungUpThroughTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	caller := &cancelling{cancel: cancel}
	if err := compile(t, consentFlow, flowexec.World{}).Run(ctx, caller, zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	if got := states(&caller.Fake); !reflect.DeepEqual(got, []policy.ConsentState{policy.StateNoInput}) {
		t.Errorf("answers %v", got)
	}
}

// cancelling cancels its context when a consent question begins.
type cancelling struct {
	flowtest.Fake
	cancel func()
}

func (c *cancelling) Asked(action string) { c.cancel(); c.Fake.Asked(action) }

func TestConsentWithoutNoticeMayBeAnsweredDuringTheQuestionButNotBefore(t *testing.T) {
	const flow = `
    - play_audio: { name: Welcome, prompt: welcome }
    - collect_input: { name: Ask, prompt: question, consent: { granted: "1", declined: "2" } }
`
	caller := &flowtest.Fake{While: map[string][]string{"welcome": {"2"}, "question": {"1"}}}
	if err := run(t, flow, caller); err != nil {
		t.Fatal(err)
	}
	wantLog(t, caller, "play welcome", "asked Ask", "cut welcome", "drain", "clear", "play question", "cut question",
		"drain", "wait 5s", "answer granted", "drain", "disconnect")
}

func TestConsentQuestionThatCanNotBePlayedIsAnsweredWithNoInput(t *testing.T) {
	caller := &flowtest.Fake{Fail: map[string]error{"play question": flowtest.ErrBroken}}
	if err := run(t, consentFlow, caller); err == nil {
		t.Fatal("no error")
	}
	if got := states(caller); !reflect.DeepEqual(got, []policy.ConsentState{policy.StateNoInput}) || caller.Gate {
		t.Errorf("answers %v, gate %v", got, caller.Gate)
	}
}

func TestConsentAskedTwiceHasTwoAnswersInOrder(t *testing.T) {
	const flow = `
    - collect_input: { name: First, prompt: q1, notice: true, consent: { granted: "1", declined: "2" } }
    - collect_input: { name: Second, prompt: q2, notice: true, consent: { granted: "1", declined: "2" } }
`
	caller := &flowtest.Fake{Press: []string{"1", "2"}}
	if err := run(t, flow, caller); err != nil {
		t.Fatal(err)
	}
	if got := states(caller); !reflect.DeepEqual(got, []policy.ConsentState{policy.StateGranted, policy.StateDeclined}) {
		t.Errorf("answers %v", got)
	}
}

func TestConsentThatDoesNotReachTheLedgerKeepsTheGateClosed(t *testing.T) {
	caller := &flowtest.Fake{Press: []string{"1"}, Fail: map[string]error{"answer granted": flowtest.ErrBroken}}
	core, logs := observer.New(zapcore.WarnLevel)
	if err := compile(t, consentFlow, flowexec.World{}).Run(t.Context(), caller, zap.New(core)); err != nil {
		t.Fatal(err)
	}
	if caller.Gate {
		t.Error("the gate was asked to open")
	}
	if last := caller.Log[len(caller.Log)-1]; last != "queue support" {
		t.Errorf("the call did not go on: %s", last)
	}
	if logs.FilterMessage("gate stays closed").Len() != 1 {
		t.Errorf("no warning: %v", logs.All())
	}
}

func TestStoredConsentMendsAnAnswerThatDidNotReachTheLedger(t *testing.T) {
	const flow = `
    - collect_input: { name: Ask, prompt: q, notice: true, consent: { granted: "1", declined: "2" } }
    - data_lookup: { name: Earlier, source: consent }
    - enable_participant_recording: { name: Enable }
`
	caller := &flowtest.Fake{Press: []string{"1"}, OnFileAs: true, Fail: map[string]error{"answer granted": flowtest.ErrBroken}}
	if err := run(t, flow, caller); err != nil || !caller.Gate {
		t.Errorf("error %v, gate %v", err, caller.Gate)
	}
}

func TestGateActionMayRunTwiceAndFailsNothing(t *testing.T) {
	const flow = `
    - play_audio: { name: Welcome, prompt: welcome }
    - enable_participant_recording: { name: Once }
    - enable_participant_recording: { name: Twice }
    - transfer_to_queue: { name: Support, queue: support }
`
	caller := &flowtest.Fake{Fail: map[string]error{"enable Twice": flowtest.ErrBroken}}
	if err := run(t, flow, caller); err != nil {
		t.Fatal(err)
	}
	wantLog(t, caller, "play welcome", "heard welcome", "drain", "enable Once", "drain", "enable Twice", "drain", "queue support")
}

func TestHangUpWhilePromptsDrainNeverReachesTheGate(t *testing.T) {
	const flow = `
    - play_audio: { name: Welcome, prompt: welcome }
    - enable_participant_recording: { name: Enable }
`
	caller := &flowtest.Fake{While: map[string][]string{"welcome": {"!"}}}
	if err := run(t, flow, caller); err != nil {
		t.Fatal(err)
	}
	wantLog(t, caller, "play welcome")
}
