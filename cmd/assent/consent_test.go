package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"assent/consent"
	"assent/event"
	"assent/recorder"
	"assent/store"
)

// signedState is state with checkpoints: one of no entry, one of all.
func signedState(t *testing.T) (config, call string) {
	t.Helper()
	config, call = state(t)
	data := filepath.Join(filepath.Dir(config), "data")
	signer, err := consent.LoadSigner(filepath.Join(data, "ledger.key"), "")
	must(t, err)
	l, err := consent.Open(filepath.Join(data, "ledger"), zap.NewNop())
	must(t, err)
	n, err := consent.NewNotary(l, filepath.Join(data, "ledger"), signer, time.Minute, zap.NewNop())
	must(t, err)
	<-l.Append(consent.Entry{Type: consent.TypeConsent, Call: call, Data: consent.ConsentData{State: "granted", Method: "rfc4733"}}).Done()
	must(t, n.Close(t.Context()))
	must(t, l.Close())
	return config, call
}

func TestLedgerFolderIsVerifiedWithNothingButItsKey(t *testing.T) {
	config, _ := signedState(t)
	key := strings.TrimSpace(tell("consent", "key", "--config", config).out)
	folder := filepath.Join(t.TempDir(), "evidence")
	must(t, os.CopyFS(folder, os.DirFS(filepath.Join(filepath.Dir(config), "data", "ledger"))))
	got := tell("consent", "verify", "--ledger", folder, "--key", key, "-o", "json")
	if got.code != exitOK || !strings.Contains(got.out, `"signed": 2`) {
		t.Errorf("%+v", got)
	}
	path := filepath.Join(folder, "ledger.jsonl")
	b, err := os.ReadFile(path)
	must(t, err)
	first, _, _ := strings.Cut(string(b), "\n")
	write(t, path, first+"\n")
	got = tell("consent", "verify", "--ledger", folder, "--key", key)
	if got.code != exitFailed || !strings.Contains(got.err, "ledger.jsonl:2: ") {
		t.Errorf("a removed end: %+v", got)
	}
}

func TestCheckpointKeptElsewhereFindsAnotherLedger(t *testing.T) {
	config, _ := signedState(t)
	kept := write(t, filepath.Join(t.TempDir(), "kept"), tell("consent", "checkpoint", "--config", config).out)
	if got := tell("consent", "verify", "--checkpoint", kept, "--config", config); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	if got := tell("consent", "checkpoint", "--old", kept, "--config", config); got.code != exitOK || !strings.HasPrefix(got.out, "old 2\n") {
		t.Errorf("%+v", got)
	}
	other, _ := signedState(t)
	key := filepath.Join(filepath.Dir(config), "data", "ledger.key.pub")
	for _, args := range [][]string{
		{"consent", "verify", "--checkpoint", kept, "--config", other},
		{"consent", "verify", "--checkpoint", kept, "--key", key, "--config", other},
		{"consent", "verify", "--witness", key, "--config", config},
	} {
		if got := tell(args...); got.code != exitFailed {
			t.Errorf("%v: %+v", args, got)
		}
	}
}

func TestLedgerIsRestoredFromItsBackup(t *testing.T) {
	config, _ := signedState(t)
	backup := filepath.Join(t.TempDir(), "backup")
	if got := tell("consent", "backup", backup, "--config", config); got.code != exitOK || !strings.Contains(got.out, "2 entries, 2 of them signed") {
		t.Fatalf("%+v", got)
	}
	if got := tell("consent", "restore", backup, "--config", config); got.code != exitFailed || !strings.Contains(got.err, "is there already") {
		t.Errorf("over a ledger: %+v", got)
	}
	must(t, os.RemoveAll(filepath.Join(filepath.Dir(config), "data", "ledger")))
	if got := tell("consent", "restore", backup, "--config", config); got.code != exitOK {
		t.Errorf("%+v", got)
	}
	if got := tell("consent", "verify", "--config", config, "-o", "json"); got.code != exitOK || !strings.Contains(got.out, `"signed": 2`) {
		t.Errorf("%+v", got)
	}
}

// proved puts a lawful recording beside a signed ledger that has its story.
func proved(t *testing.T) (config, id string) {
	t.Helper()
	config, call := state(t)
	data := filepath.Join(filepath.Dir(config), "data")
	cfg := recorder.Default()
	cfg.Dir = filepath.Join(data, "recordings")
	r, err := recorder.New(cfg, recorder.Deps{})
	must(t, err)
	must(t, r.Start())
	durable := make(chan error, 1)
	durable <- nil
	index := int64(1)
	rec := r.Open(recorder.Spec{ID: event.NewID(), Call: call, DualChannel: true, From: "+493011223344", Consent: recorder.Consent{State: "granted", Method: "rfc4733", Ledger: &index}}, durable)
	rec.Place(0, 0, make([]int16, 8000))
	rec.Finish(recorder.Final{Position: 8000})
	<-rec.Done()
	res := rec.Result()
	must(t, r.Close(t.Context()))

	signer, err := consent.LoadSigner(filepath.Join(data, "ledger.key"), "")
	must(t, err)
	l, err := consent.Open(filepath.Join(data, "ledger"), zap.NewNop())
	must(t, err)
	n, err := consent.NewNotary(l, filepath.Join(data, "ledger"), signer, time.Minute, zap.NewNop())
	must(t, err)
	for _, e := range []consent.Entry{
		{Type: consent.TypeConsent, Data: consent.ConsentData{State: "granted", Method: "rfc4733"}},
		{Type: consent.TypeBarrier, Data: consent.BarrierData{}},
		{Type: consent.TypeStarted, Data: consent.StartedData{Recording: res.ID}},
		{Type: consent.TypeSealed, Data: consent.SealedData{Recording: res.ID, File: res.File, SHA256: res.SHA256, SidecarSHA256: res.SidecarSHA256,
			DurationMS: res.DurationMS, Result: res.Result}},
	} {
		e.Call = call
		l.Append(e)
	}
	must(t, n.Close(t.Context()))
	must(t, l.Close())
	return config, res.ID
}

func TestRecordingIsProvedOnAnotherMachine(t *testing.T) {
	config, id := proved(t)
	data := filepath.Join(filepath.Dir(config), "data")
	if got := tell("recording", "verify", id, "--config", config); got.code != exitOK {
		t.Fatalf("beside the ledger: %+v", got)
	}
	file := filepath.Join(data, "recordings", id+".wav")
	proof := filepath.Join(data, "recordings", id+".proof")
	if got := tell("recording", "proof", id, "--out", proof, "--config", config); got.code != exitOK {
		t.Fatalf("proof: %+v", got)
	}
	key := strings.TrimSpace(tell("consent", "key", "--config", config).out)
	must(t, os.RemoveAll(filepath.Join(data, "ledger")))
	must(t, os.Remove(config))
	if got := tell("recording", "verify", file, "--key", key); got.code != exitOK {
		t.Errorf("elsewhere: %+v", got)
	}
	if got := tell("recording", "verify", file, "--key", key, "--proof", file); got.code != exitFailed || !strings.Contains(got.out, "bundle: ") {
		t.Errorf("with something else for a proof: %+v", got)
	}
	other, _ := signedState(t)
	if got := tell("recording", "verify", file, "--key", filepath.Join(filepath.Dir(other), "data", "ledger.key.pub")); got.code != exitFailed || !strings.Contains(got.out, "not by") {
		t.Errorf("with the key of another ledger: %+v", got)
	}
}

func TestEveryRecordingIsVerifiedAndTheListsAreCompared(t *testing.T) {
	config, id := proved(t)
	if got := tell("recording", "verify", "--all", "--config", config); got.code != exitFailed || !strings.Contains(got.out, "UNLISTED") {
		t.Errorf("a recording that the store does not list: %+v", got)
	}
	data := filepath.Join(filepath.Dir(config), "data")
	file := filepath.Join(data, "recordings", id+".wav")
	report, err := recorder.Verify(file)
	must(t, err)
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(data, "assent.db"), zap.NewNop())
	must(t, err)
	must(t, s.PutRecording(t.Context(), store.Recording{ID: id, Call: report.Sidecar.Call, File: file, SHA256: report.SHA256}))
	must(t, s.Close())
	if got := tell("recording", "verify", "--all", "-o", "json", "--config", config); got.code != exitFailed || !strings.Contains(got.out, `"valid": true`) || !strings.Contains(got.out, "begun_for_none") {
		t.Errorf("the call's record says that nothing was recorded: %+v", got)
	}
	for _, args := range [][]string{{"recording", "verify"}, {"recording", "verify", "--all", id}} {
		if got := tell(args...); got.code != exitUsage {
			t.Errorf("%v: exit code %d", args, got.code)
		}
	}
}

func TestRecordingIsExportedAsAVConOnlyWhileItHolds(t *testing.T) {
	config, id := proved(t)
	got := tell("recording", "export", id, "--vcon", "--config", config)
	if got.code != exitOK || !strings.Contains(got.out, `"purpose": "consent"`) || strings.Contains(got.out, "49301") {
		t.Errorf("%+v", got)
	}
	if got := tell("recording", "export", id, "--vcon", "--numbers", "--url", "https://example.com/a.wav", "--config", config); got.code != exitOK || !strings.Contains(got.out, "tel:+493011223344") {
		t.Errorf("%+v", got)
	}
	path := filepath.Join(filepath.Dir(config), "data", "recordings", id+".wav")
	b, err := os.ReadFile(path)
	must(t, err)
	b[len(b)-1] ^= 1
	must(t, os.WriteFile(path, b, 0o600))
	if got := tell("recording", "export", id, "--vcon", "--config", config); got.code != exitFailed || got.out != "" {
		t.Errorf("a file that was changed: %+v", got)
	}
}
