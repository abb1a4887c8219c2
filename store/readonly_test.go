package store

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"assent/event"
)

func TestReadOnlyStoreReadsBesideTheRunningOne(t *testing.T) {
	s, url := newStore(t)
	r, err := OpenReadOnly(t.Context(), url, zap.NewNop())
	must(t, err)
	defer r.Close()
	must(t, s.EndCall(t.Context(), event.CDR{ID: "c1", StartedAt: noon}))
	if _, err := r.CDR(t.Context(), "c1"); err != nil {
		t.Errorf("committed by the service, not seen by the reader: %v", err)
	}
	if _, err := r.Decisions(t.Context(), "c1"); err != nil {
		t.Error(err)
	}
	if err := r.BeginCall(t.Context(), Call{ID: "c2"}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a read-only store takes a write: %v", err)
	}
	if _, err := r.read.ExecContext(t.Context(), `DELETE FROM cdrs`); err == nil {
		t.Error("the reader's connection can write")
	}
	if err := r.Ready(); err != nil {
		t.Error(err)
	}
}

func TestReadOnlyStoreOpensWithoutTheService(t *testing.T) {
	s, url := newStore(t)
	must(t, s.EndCall(t.Context(), event.CDR{ID: "c1", StartedAt: noon}))
	must(t, s.Close())
	r, err := OpenReadOnly(t.Context(), url, zap.NewNop())
	must(t, err)
	defer r.Close()
	if _, err := r.CDR(t.Context(), "c1"); err != nil {
		t.Error(err)
	}
}

func TestReadOnlyStoreMakesNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.db")
	if _, err := OpenReadOnly(t.Context(), "sqlite:"+path, zap.NewNop()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file was made")
	}
	must(t, os.WriteFile(path, nil, 0o600))
	if _, err := OpenReadOnly(t.Context(), "sqlite:"+path, zap.NewNop()); err == nil || !strings.Contains(err.Error(), "schema") {
		t.Errorf("an empty file says %v", err)
	}
}

// childURL tells the test binary to be a second process, which reads the store at that URL.
const childURL = "ASSENT_TEST_STORE_CHILD"

func TestSecondProcessReadsWhileTheServiceRuns(t *testing.T) {
	if url := os.Getenv(childURL); url != "" {
		r, err := OpenReadOnly(context.Background(), url, zap.NewNop())
		must(t, err)
		defer r.Close()
		running, err := r.Running(t.Context())
		if err != nil || len(running) != 1 {
			t.Errorf("the second process sees %v, %v", running, err)
		}
		return
	}
	s, url := newStore(t)
	must(t, s.BeginCall(t.Context(), Call{ID: "c1", StartedAt: noon}))
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), childURL+"="+url)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	must(t, s.BeginCall(t.Context(), Call{ID: "c2", StartedAt: noon}))
}
