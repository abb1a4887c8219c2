package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCheckTellsProgramsWhatIsWrongInEveryFile(t *testing.T) {
	config, _ := state(t)
	broken := write(t, filepath.Join(t.TempDir(), "broken.yaml"), "trunks:\n  a: { colour: blue }\n")
	got := tell("check", "-o", "json", broken, config)
	var verdicts []verdict
	must(t, json.Unmarshal([]byte(got.out), &verdicts))
	if got.code != exitInvalid || len(verdicts) != 2 || verdicts[0].Valid || !verdicts[1].Valid || verdicts[1].File != config {
		t.Fatalf("exit code %d: %+v", got.code, verdicts)
	}
	if !slices.ContainsFunc(verdicts[0].Problems, func(f finding) bool {
		return f.File == broken && f.Line == 2 && f.Column == 8 && !f.Warning && strings.Contains(f.Message, "colour")
	}) {
		t.Errorf("%+v", verdicts[0].Problems)
	}
}

func TestABrokenPromptIsAnInvalidConfiguration(t *testing.T) {
	config, _ := state(t)
	write(t, filepath.Join(filepath.Dir(config), "prompts", "calm.wav"), "no sound")
	for _, args := range [][]string{{"check", config}, {"flow", "check", "--config", config}, {"run", "--config", config}} {
		if got := tell(args...); got.code != exitInvalid || !strings.Contains(got.err, "calm.wav") {
			t.Errorf("%q: exit code %d, %s", args, got.code, got.err)
		}
	}
}

func TestFlowCheckTellsProgramsWhatIsWrong(t *testing.T) {
	config, _ := state(t)
	flow := write(t, filepath.Join(t.TempDir(), "flow.yaml"), "flow: x\nstart: nowhere\ntasks: {}\n")
	got := tell("flow", "check", "-o", "json", "--config", config, flow)
	var v verdict
	must(t, json.Unmarshal([]byte(got.out), &v))
	if got.code != exitInvalid || v.Valid || len(v.Problems) == 0 || v.Problems[0].File != flow {
		t.Errorf("exit code %d: %+v", got.code, v)
	}
}

func TestAFlowThatNoTrunkRunsYetIsLintedAsIfOneDid(t *testing.T) {
	config, _ := state(t)
	flow := write(t, filepath.Join(t.TempDir(), "flow.yaml"),
		"flow: not-yet-used\nstart: a\ntasks:\n  a:\n    - enable_participant_recording: { name: Enable }\n")
	if got := tell("flow", "check", "--config", config, flow); got.code != 0 || !strings.Contains(got.err, "can be reached without consent") {
		t.Errorf("exit code %d, %q; want a warning about the gate", got.code, got.err)
	}
}
