package flowexec_test

import (
	"slices"
	"testing"

	"assent/flowexec"
)

func TestAFlowNamesTheQueuesThatItCanReach(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"none":              {"    - disconnect: { name: A }", nil},
		"one":               {"    - transfer_to_queue: { name: A, queue: support }", []string{"support"}},
		"the next as well":  {"    - transfer_to_queue: { name: A, queue: support }\n    - transfer_to_queue: { name: B, queue: hr }", []string{"support", "hr"}},
		"each once":         {"    - transfer_to_queue: { name: A, queue: hr }\n    - transfer_to_queue: { name: B, queue: hr }", []string{"hr"}},
		"not behind a goto": {"    - goto: main\n    - transfer_to_queue: { name: A, queue: hr }", nil},
		"by a branch":       {"    - menu: { name: A, prompt: welcome, choices: { \"1\": other } }\n    - disconnect: { name: B }\n  other:\n    - transfer_to_queue: { name: C, queue: hr }", []string{"hr"}},
		"in the file's order, whatever the way": {"    - goto: second\n  first:\n    - transfer_to_queue: { name: A, queue: support }\n" +
			"  second:\n    - transfer_to_queue: { name: B, queue: hr, outcomes: { full: first } }", []string{"support", "hr"}},
		"not from a task that nothing leads to": {"    - disconnect: { name: A }\n  other:\n    - transfer_to_queue: { name: B, queue: hr }", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := compile(t, main(test.text), world()).Queues(); got == nil || !slices.Equal(got, test.want) {
				t.Errorf("got %#v, want %q", got, test.want)
			}
		})
	}
}

func TestTheErrorPathLeadsToQueuesToo(t *testing.T) {
	flow := compile(t, "flow: a\nstart: a\non_error: sorry\ntasks:\n  a: [ disconnect: { name: A } ]\n"+
		"  sorry: [ transfer_to_queue: { name: B, queue: support } ]\n", world())
	if got := flow.Queues(); !slices.Equal(got, []string{"support"}) {
		t.Errorf("got %q", got)
	}
}

func TestAFlowTellsWhetherItLooksUpConsent(t *testing.T) {
	for text, want := range map[string]bool{
		"    - data_lookup: { name: A, source: consent }":                                true,
		"    - data_lookup: { name: A, source: http, url: \"http://crm.example\" }":      false,
		"    - disconnect: { name: A }\n    - data_lookup: { name: B, source: consent }": false, // never reached
	} {
		if got := compile(t, main(text), flowexec.World{}).LooksUpConsent(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
