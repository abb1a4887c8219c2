package archive

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"go.uber.org/zap"

	"assent/audit"
	"assent/consent"
	"assent/event"
	"assent/store"
)

// What a child process of the crash test is told by its environment.
const (
	childDir  = "ARCHIVE_TEST_DIR"
	childStep = "ARCHIVE_TEST_STEP"
)

// die deletes the one recording of a folder, and kills its own process after a step.
func die(dir, step string) {
	ctx := context.Background()
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
	}
	s, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "assent.db"), zap.NewNop())
	fail(err)
	ledger, err := consent.Open(filepath.Join(dir, "ledger"), zap.NewNop())
	fail(err)
	log, err := audit.Open(filepath.Join(dir, "audit"), zap.NewNop())
	fail(err)
	list, err := s.Recordings(ctx, store.RecordingFilter{})
	fail(err)
	a := New(Deps{Log: zap.NewNop(), Store: s, Audit: log, Ledger: ledger, Events: event.New(), after: func(taken string) {
		if taken == step {
			fail(syscall.Kill(os.Getpid(), syscall.SIGKILL))
			select {} // until the signal is there
		}
	}})
	fail(a.Delete(ctx, "ops", list[0].ID, "a test"))
	os.Exit(4) // there is no such step
}

func TestADeletionSurvivesAKillBetweenAnyTwoSteps(t *testing.T) {
	for _, step := range []string{"plan", "write the use down", "remove .key", "remove .wav", "remove .json", "remove the files", "write the erasure down", "tell", "finish the plan"} {
		t.Run(step, func(t *testing.T) {
			dir := t.TempDir()
			p := open(t, dir)
			r := p.keep(noon, "+4930111", nil)
			other := p.keep(noon.Add(1), "+4930111", func(r *store.Recording) { r.ID = "0" + r.ID[1:]; r.Call = "other" }) // sorts before: never the first listed
			p.close()
			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(), childDir+"="+dir, childStep+"="+step)
			out, err := child.CombinedOutput()
			if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
				t.Fatalf("the child ended by %v: %s", err, out)
			}
			p = open(t, dir)
			defer p.close()
			for range 2 { // a second time there is nothing to do
				must(t, p.Resume(t.Context()))
				if err := p.gone(r); err != nil {
					t.Error(err)
				}
			}
			if err := p.gone(other); err == nil {
				t.Error("another recording is gone too")
			}
			if open, err := p.store.OpenDeletions(t.Context()); err != nil || len(open) > 0 {
				t.Errorf("open: %+v, %v", open, err)
			}
			if len(p.uses()) == 0 {
				t.Error("the audit log tells nothing")
			}
			if told := p.saw(event.RecordingDeleted); step != "tell" && step != "finish the plan" && told != 1 {
				t.Errorf("told %d times after the crash", told)
			}
		})
	}
}

func TestADeletionThatFailsIsTakenUpByTheNextSweep(t *testing.T) {
	p := open(t, t.TempDir())
	defer p.close()
	r := p.keep(noon, "+4930111", nil)
	broken := true
	p.deps.Remove = func(path string) error {
		if broken {
			return syscall.EIO
		}
		return os.Remove(path)
	}
	if err := p.Delete(t.Context(), "ops", r.ID, "x"); err == nil {
		t.Fatal("a disk that fails is no error")
	}
	if err := p.Hold(t.Context(), "ops", r.ID, "too late"); err == nil {
		t.Error("a recording that is being deleted can be held")
	}
	broken = false
	if _, err := p.Sweep(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := p.gone(r); err != nil {
		t.Error(err)
	}
}
