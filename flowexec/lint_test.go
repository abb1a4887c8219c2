package flowexec_test

import (
	"strings"
	"testing"

	"assent/flowexec"
	"assent/source"
)

// question is a consent question; its outcomes follow.
const question = `    - collect_input:
        name: Ask
        prompt: consent_question
        notice: true
        consent: { granted: "1", declined: "2" }
`

func TestLints(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string // what every problem says, in their order; none: no problem
	}{
		"a good flow": {main(question + `        outcomes: { "2": route, no_input: route, invalid: route }
    - enable_participant_recording: { name: Enable }
    - goto: route
  route:
    - transfer_to_queue: { name: Support, queue: support }
`), nil},
		"the gate without a question": {main("    - enable_participant_recording: { name: Enable }\n"),
			[]string{`5:7: warning: "Enable" can be reached without consent, and opens the gate; ask with collect_input`}},
		"the gate on one way without a question": {main(`    - switch: { name: VIP, value: "${call.from}", cases: { "1": allow }, default: ask }
  ask:
` + question + `        outcomes: { "1": allow, "2": end, no_input: end, invalid: end }
  allow:
    - enable_participant_recording: { name: Enable }
  end:
    - disconnect: { name: End }
`), []string{`"Enable" can be reached without consent`}},
		"the gate after a no": {main(question + `        outcomes: { "1": allow, "2": allow, no_input: allow, invalid: allow }
  allow:
    - enable_participant_recording: { name: Enable }
`), []string{`"Enable" can be reached after declined, invalid, no_input, and leaves the gate closed then; lead those`}},
		"the gate twice": {main(question + `        outcomes: { "2": route, no_input: route, invalid: route }
    - enable_participant_recording: { name: Enable }
    - enable_participant_recording: { name: Again }
    - goto: route
  route:
    - disconnect: { name: End }
`), nil},
		"a stored consent": {main(`    - data_lookup: { name: Earlier, source: consent, outcomes: { not_found: end, failure: end } }
    - enable_participant_recording: { name: Enable }
    - goto: end
  end:
    - transfer_to_queue: { name: Support, queue: support }
`), nil},
		"an HTTP service is no consent": {main(`    - data_lookup: { name: CRM, source: http, url: "http://crm.example/", outcomes: { not_found: end, failure: end } }
    - enable_participant_recording: { name: Enable }
    - goto: end
  end:
    - transfer_to_queue: { name: Support, queue: support }
`), []string{`"Enable" can be reached without consent`}},
		"a recording queue without the gate": {main(question + "    - transfer_to_queue: { name: Support, queue: support }\n"),
			[]string{`10:7: warning: the queue "support" records, but no way to "Support" goes through the gate`}},
		"a queue that does not record": {main("    - transfer_to_queue: { name: HR, queue: hr }\n"), nil},
		"a task that nothing reaches": {main("    - disconnect: { name: End }\n  lost:\n    - goto: main\n"),
			[]string{`6:3: warning: nothing leads to the task "lost"`}},
		"tasks that reach only each other": {main("    - disconnect: { name: End }\n  a:\n    - goto: b\n  b:\n    - goto: a\n"),
			[]string{`nothing leads to the task "a"`, `nothing leads to the task "b"`}},
		"an action that nothing reaches": {main("    - disconnect: { name: End }\n    - flush_audio: { name: Flush }\n"),
			[]string{`6:7: warning: nothing leads to the action "Flush"; the one before it always leads elsewhere`}},
		"the error task is reached": {"flow: a\nstart: b\non_error: c\ntasks:\n  b: [ disconnect: { name: End } ]\n  c: [ disconnect: { name: Bye } ]\n", nil},
		"the error task opens the gate": {"flow: a\nstart: b\non_error: c\ntasks:\n  b: [ disconnect: { name: End } ]\n  c: [ enable_participant_recording: { name: E } ]\n",
			[]string{`"E" can be reached without consent`}},
		"a prompt that the new language lacks": {main(`    - set_language: { name: German, language: de }
    - play_audio: { name: A, prompt: welcome }
    - play_audio: { name: B, prompt: goodbye }
`), []string{`7:38: there is no prompt "goodbye" in the language "de"; de/goodbye.wav in the folder of prompts, or goodbye.wav for all languages`}},
		"a language by variable is not checked": {main(`    - set_language: { name: Any, language: "${call.to}" }
    - play_audio: { name: B, prompt: nowhere }
`), nil},
		"a prompt by variable is not checked": {main(`    - play_audio: { name: B, prompt: "p${call.to}" }` + "\n"), nil},
		"a prompt in the folder of all":       {main("    - hold_music: { name: M, prompt: calm, length: 10s }\n"), nil},
		"a question that is no notice": {main(`    - collect_input: { name: Ask, prompt: consent_question, consent: { granted: "1", declined: "2" } }` + "\n"),
			[]string{"warning: the question can be answered before it was heard; notice: true"}},
		"a secure entry in a URL": {main(`    - collect_input: { name: Card, digits: 16, secure: true, save: card }
    - data_lookup: { name: CRM, source: http, url: "http://crm.example/?card=${vars.card}" }
`), []string{"6:52: warning: the secure entry ${vars.card} gets into a URL"}},
	} {
		t.Run(name, func(t *testing.T) {
			flow, problems := flowexec.Compile("test.yaml", []byte(test.text), verbs, world())
			if len(problems) != len(test.want) {
				t.Fatalf("got\n%v\n\nwant %d problems", source.Problems(problems), len(test.want))
			}
			for i, p := range problems {
				if !strings.Contains(p.Error(), test.want[i]) {
					t.Errorf("got %s\nwant %s", p.Error(), test.want[i])
				}
				if p.Warning && flow == nil {
					t.Error("a warning refuses the flow")
				}
			}
		})
	}
}

func TestGateIsNotLintedWhereNoTrunkWaitsForConsent(t *testing.T) {
	w := world()
	w.Gated = func(flow string) bool { return flow != "test" }
	text := main("    - enable_participant_recording: { name: Enable }\n    - transfer_to_queue: { name: S, queue: support }\n")
	if got := check(t, text, w); got != "" {
		t.Errorf("got %s", got)
	}
}

func TestNothingOfAnUnknownWorldIsChecked(t *testing.T) {
	text := main("    - play_audio: { name: P, prompt: some }\n    - transfer_to_station: { name: S, station: any }\n" +
		"    - transfer_to_number: { name: N, number: \"1\", trunk: any }\n    - transfer_to_queue: { name: Q, queue: any }\n")
	if got := check(t, text, flowexec.World{}); got != "" {
		t.Errorf("got %s", got)
	}
}

func TestTooManyLanguagesAreRefused(t *testing.T) {
	var text strings.Builder
	for i := range 40 {
		tag := "a" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		text.WriteString("    - set_language: { name: " + tag + ", language: " + tag + " }\n    - goto: t" + tag + "\n  t" + tag + ":\n")
	}
	text.WriteString("    - disconnect: { name: End }\n")
	if got := check(t, main(text.String()), flowexec.World{Language: "en"}); !strings.Contains(got, "too many languages; 32 at most") {
		t.Errorf("got %s", got)
	}
}
