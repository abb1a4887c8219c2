package actions_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"assent/flowexec"
	"assent/flowexec/actions"
	"assent/source"
)

var (
	manualFlow = regexp.MustCompile("(?ms)^```yaml\n(flow:.*?)^```$")
	manualVerb = regexp.MustCompile("(?m)^### `([a-z_]+)`$")
)

// manual returns the manual page of the flow language.
func manual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/flows.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheManualsFlowsCompile(t *testing.T) {
	flows := manualFlow.FindAllStringSubmatch(manual(t), -1)
	if len(flows) == 0 {
		t.Fatal("there are no flows")
	}
	for _, m := range flows {
		_, problems := flowexec.Compile("flows.md", []byte(m[1]), actions.All(), flowexec.World{})
		if len(problems) != 0 {
			t.Errorf("%v\nin\n%s", source.Problems(problems), m[1])
		}
	}
}

func TestTheManualTellsEveryVerbOnceAndNoOther(t *testing.T) {
	var told, known []string
	for _, m := range manualVerb.FindAllStringSubmatch(manual(t), -1) {
		told = append(told, m[1])
	}
	for _, a := range actions.All() {
		known = append(known, a.Verb)
	}
	for _, verb := range known {
		if !slices.Contains(told, verb) {
			t.Errorf("the manual does not tell of %s", verb)
		}
	}
	for i, verb := range told {
		if !slices.Contains(known, verb) {
			t.Errorf("the manual tells of %s, and the language has no such verb", verb)
		}
		if slices.Contains(told[:i], verb) {
			t.Errorf("the manual tells of %s twice", verb)
		}
	}
}
