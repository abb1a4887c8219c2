package actions_test

import (
	"strings"
	"testing"

	"assent/flowexec/flowtest"
)

func TestSetWorksInTheOrderOfTheDocument(t *testing.T) {
	did(t, `    - set: { name: S, values: { z: "a", y: "${vars.z}b", z2: "${vars.y}c" } }
    - play_audio: { name: P, prompt: "${vars.z2}" }
`, &flowtest.Fake{}, "play abc | heard abc")
}

func TestSetThatGrowsWithoutEndFails(t *testing.T) {
	err := run(t, `    - set: { name: S, values: { a: "x${vars.a}${vars.a}" } }
    - goto: main
`, &flowtest.Fake{})
	if err == nil || !strings.Contains(err.Error(), "a value is longer than 65536 bytes") {
		t.Errorf("error %v", err)
	}
}

func TestSwitchComparesLetterByLetter(t *testing.T) {
	const flow = `    - switch: { name: S, value: "${call.from}", cases: { "+49800": one, "": two }, default: three }` + "\n"
	for from, want := range map[string]string{"+49800": "one", "": "two", "+4980": "three", "+49800 ": "three", "${call.from}": "three"} {
		did(t, flow, &flowtest.Fake{Known: map[string]string{"call.from": from}}, "play "+want+" | heard "+want)
	}
}

func TestSwitchWithoutDefaultFallsThrough(t *testing.T) {
	did(t, `    - switch: { name: S, value: "${call.from}", cases: { x: one } }
    - play_audio: { name: P, prompt: p }
`, &flowtest.Fake{}, "play p | heard p")
}
