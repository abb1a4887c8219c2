package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"assent/consent"
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
