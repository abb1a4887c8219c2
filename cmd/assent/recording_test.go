package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorded puts a file and a sidecar of the call beside the configuration.
func recorded(t *testing.T, config, call string) (id string) {
	t.Helper()
	dir := filepath.Join(filepath.Dir(config), "data", "recordings")
	must(t, os.MkdirAll(dir, 0o700))
	write(t, filepath.Join(dir, "one.wav"), "no sound")
	write(t, filepath.Join(dir, "one.json"), `{"id":"one","call":"`+call+`"}`)
	return "one"
}

func TestRecordingShowIsOneDocumentOfSidecarAndLedger(t *testing.T) {
	config, call := state(t)
	got := tell("recording", "show", recorded(t, config, call), "--config", config, "-o", "json")
	var v struct {
		Sidecar struct{ ID, Call string }
		Ledger  []struct{ Call, Type string }
	}
	must(t, json.Unmarshal([]byte(got.out), &v))
	if got.code != exitOK || v.Sidecar.ID != "one" || len(v.Ledger) != 1 || v.Ledger[0].Call != call {
		t.Errorf("exit code %d: %+v", got.code, v)
	}
}

func TestRecordingShowPrintsTheSidecarAndTheLedger(t *testing.T) {
	config, call := state(t)
	got := tell("recording", "show", recorded(t, config, call), "--config", config)
	if got.code != exitOK || !strings.Contains(got.out, `"id":"one"`) || !strings.Contains(got.out, "declined") {
		t.Errorf("exit code %d: %s", got.code, got.out)
	}
}

func TestASidecarWithoutACallShowsNobodysEntries(t *testing.T) {
	config, _ := state(t)
	if got := tell("recording", "show", recorded(t, config, ""), "--config", config); got.code != exitFailed || got.out != "" {
		t.Errorf("exit code %d: %s", got.code, got.out)
	}
}

func TestRecordingVerifyTellsOfEveryFile(t *testing.T) {
	config, call := state(t)
	id := recorded(t, config, call)
	got := tell("recording", "verify", "absent", id, "--config", config, "-o", "json")
	var proofs []proof
	must(t, json.Unmarshal([]byte(got.out), &proofs))
	if got.code != exitFailed || len(proofs) != 2 || proofs[1].Valid || proofs[0].Problem == "" || proofs[1].Problem == "" {
		t.Errorf("exit code %d: %+v", got.code, proofs)
	}
	if got := tell("recording", "verify", id, "--config", config); got.code != exitFailed || !strings.Contains(got.out, "NOT VALID") {
		t.Errorf("exit code %d: %s", got.code, got.out)
	}
}
