package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assent/doctor"
)

func TestTheDoctorTellsProgramsWhatWasLeftFromAnExample(t *testing.T) {
	config, _ := state(t)
	text, err := os.ReadFile(config)
	must(t, err)
	write(t, config, strings.Replace(string(text), `"sip:agent-1@127.0.0.1:5070"`, `"sip:agent-1@phone.example.com"`, 1))
	got := tell("doctor", "-o", "json", "--config", config)
	var findings []doctor.Finding
	must(t, json.Unmarshal([]byte(got.out), &findings))
	if !slices.ContainsFunc(findings, func(f doctor.Finding) bool {
		return f.Key == "stations.agent-1.address" && f.State != doctor.OK && strings.Contains(f.Detail, "phone.example.com")
	}) {
		t.Errorf("%+v", findings)
	}
	if doctor.Failed(findings) != (got.code == exitFailed) {
		t.Errorf("exit code %d with %+v", got.code, findings)
	}
	table := tell("doctor", "--config", config)
	if !strings.Contains(table.out, "stations.agent-1.address: write the real one") || !strings.HasPrefix(table.out, "STATE") {
		t.Error(table.out)
	}
}

func TestTheDoctorNeedsAValidConfiguration(t *testing.T) {
	broken := write(t, filepath.Join(t.TempDir(), "broken.yaml"), "trunks:\n  a: { colour: blue }\n")
	if got := tell("doctor", "--config", broken); got.code != exitInvalid || !strings.Contains(got.err, "colour") {
		t.Errorf("%+v", got)
	}
}
