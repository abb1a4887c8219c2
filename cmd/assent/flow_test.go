package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assent/flowexec"
	"assent/flowexec/flowtest"
)

// centre is a folder as `assent init` writes it.
func centre(t *testing.T) (config string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "centre")
	if got := tell("init", dir); got.code != 0 {
		t.Fatal(got.err)
	}
	return filepath.Join(dir, defaultConfig)
}

func TestFlowTestsThatComeWithTheExampleGoAsExpected(t *testing.T) {
	config := centre(t)
	got := tell("flow", "test", "--config", config)
	if got.code != exitOK || strings.Count(got.out, "ok") != 6 || strings.Contains(got.out, "FAILED") {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
}

func TestFlowTestTellsWhatWentAnotherWay(t *testing.T) {
	config := centre(t)
	file := write(t, filepath.Join(t.TempDir(), "yes.yaml"), `
flow: consent
tests:
  - name: says no
    keys: ["2"]
    expect: { consent: granted, gate: open, heard: [welcome], ends: disconnect }
`)
	got := tell("flow", "test", "-o", "json", "--config", config, file)
	var v []flowtest.Verdict
	must(t, json.Unmarshal([]byte(got.out), &v))
	if got.code != exitFailed || len(v) != 1 || v[0].OK || len(v[0].Wrong) != 4 || !strings.Contains(strings.Join(v[0].Wrong, "\n"), "gate: closed, expected open") {
		t.Errorf("exit code %d: %+v", got.code, v)
	}
}

func TestFlowTestPointsAtWhatCannotBeRead(t *testing.T) {
	config := centre(t)
	for text, want := range map[string]string{
		"flow: nosuch\ntests:\n  - { name: a, expect: { gate: open } }\n":                   `there is no flow "nosuch"`,
		"flow: consent\ntests: []\n":                                                        "there are no tests",
		"flow: consent\ntests:\n  - { name: a, keys: [\"1\"] }\n":                           ":3:5: the test expects nothing",
		"flow: consent\ntests:\n  - { name: a, expect: { gate: ajar } }\n":                  ":3:32: gate is \"ajar\"",
		"flow: consent\ntests:\n  - { name: a, presses: [\"1\"], expect: { gate: open }}\n": "presses",
	} {
		file := write(t, filepath.Join(t.TempDir(), "bad.yaml"), text)
		if got := tell("flow", "test", "--config", config, file); got.code != exitInvalid || !strings.Contains(got.err, want) {
			t.Errorf("%q: exit code %d, %s; want %s", text, got.code, got.err, want)
		}
	}
	must(t, os.RemoveAll(filepath.Join(filepath.Dir(config), "flows", "tests")))
	if got := tell("flow", "test", "--config", config); got.code != exitInvalid || !strings.Contains(got.err, "there are no tests") {
		t.Errorf("exit code %d, %s", got.code, got.err)
	}
}

func TestFlowGraphDrawsEveryTaskAndOutcome(t *testing.T) {
	config := centre(t)
	flow := filepath.Join(filepath.Dir(config), "flows", "consent.yaml")
	got := tell("flow", "graph", "--config", config, flow)
	for _, want := range []string{
		"flowchart TD\n", `call(("consent")) --> t0`, `t0["<b>ask</b><br>play_audio: Welcome<br>collect_input: Ask for consent"]`,
		`t0 -->|"1"| t1`, `t0 -->|"no_input"| t2`, "t1 --> t2", `t2 -->|"timeout"| t3`,
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is missing in\n%s", want, got.out)
		}
	}
	var graphs []flowexec.Graph
	must(t, json.Unmarshal([]byte(tell("flow", "graph", "-o", "json", "--config", config).out), &graphs))
	if len(graphs) != 2 || len(graphs[0].Tasks) != 4 || !graphs[0].Tasks[1].Actions[0].Opens {
		t.Errorf("%+v", graphs)
	}
}

func TestFlowGraphKeepsMarkupOfNamesOut(t *testing.T) {
	config := centre(t)
	file := write(t, filepath.Join(t.TempDir(), "x.yaml"),
		"flow: x\nstart: a\ntasks:\n  a:\n    - play_audio: { name: '\"];click t0 \"javascript:x', prompt: welcome }\n")
	if got := tell("flow", "graph", "--config", config, file); got.code != exitOK || strings.Contains(got.out, `"];`) {
		t.Errorf("exit code %d: %s", got.code, got.out)
	}
}

func TestFlowFilesAreCheckedWithoutAConfiguration(t *testing.T) {
	t.Chdir(t.TempDir())
	good := write(t, "good.yaml", "flow: x\nstart: a\ntasks:\n  a:\n    - play_audio: { name: Hello, prompt: welcome }\n")
	if got := tell("flow", "check", good); got.code != exitOK || !strings.Contains(got.err, "not checked") {
		t.Errorf("exit code %d, %s%s", got.code, got.out, got.err)
	}
	bad := write(t, "bad.yaml", "flow: x\nstart: b\ntasks:\n  a:\n    - play_audio: { name: Hello, prompt: welcome }\n")
	if got := tell("flow", "check", bad); got.code != exitInvalid || !strings.Contains(got.err, "bad.yaml:2:8") {
		t.Errorf("exit code %d, %s%s", got.code, got.out, got.err)
	}
	if got := tell("flow", "check", "--config", "other.yaml", good); got.code != exitInvalid || !strings.Contains(got.err, "other.yaml") {
		t.Errorf("exit code %d, %s%s", got.code, got.out, got.err)
	}
}
