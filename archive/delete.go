package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/zap"

	"assent/audit"
	"assent/consent"
	"assent/event"
	"assent/store"
)

// Delete deletes a recording for good: the plan first, then each step, of which
// every one can be repeated. It returns once nothing of the recording is left
// but its tombstone and its entries in ledger and audit log. A recording that is
// held, or whose deletion began before, is refused.
func (a *Archive) Delete(ctx context.Context, by, id, reason string) error {
	r, err := a.deps.Store.Recording(ctx, id)
	if err != nil {
		return err
	}
	reason = plain(reason)
	d := store.Deletion{Recording: r, Reason: reason, By: by, At: a.deps.Now()}
	if err := a.deps.Store.PlanDeletion(ctx, d); err != nil {
		if errors.Is(err, store.ErrHeld) {
			return errors.Join(err, a.write(ctx, by, audit.Delete, r, "held", reason))
		}
		return err
	}
	a.deps.after("plan")
	return a.finish(ctx, d, false)
}

// Resume finishes the deletions that a crash, or an error, left between two
// steps. It is safe at any time, and again.
func (a *Archive) Resume(ctx context.Context) error {
	open, err := a.deps.Store.OpenDeletions(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range open {
		a.deps.Log.Warn("deletion taken up again", zap.String("recording", d.Recording.ID))
		errs = append(errs, a.finish(ctx, d, true))
	}
	return errors.Join(errs...)
}

// finish takes the steps of a planned deletion; again says that some may have
// been taken.
func (a *Archive) finish(ctx context.Context, d store.Deletion, again bool) error {
	a.mu.Lock() // a sweep and a Resume may have found the same plan
	defer a.mu.Unlock()
	r := d.Recording
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"write the use down", func() error { return a.write(ctx, d.By, audit.Delete, r, audit.OK, d.Reason) }},
		{"remove the files", func() error { return a.remove(ctx, r) }},
		{"write the erasure down", func() error { return a.erased(ctx, d, again) }},
		{"tell", func() error { a.tellDeleted(d); return nil }},
		{"finish the plan", func() error { return a.deps.Store.FinishDeletion(ctx, r.ID, a.deps.Now()) }},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("delete recording %s: %s: %w", r.ID, step.name, err)
		}
		a.deps.after(step.name)
	}
	return nil
}

// remove removes a recording durably: the key first, without which nobody can
// listen, then sound and facts, here and where it was stored. What is gone
// already is no error.
func (a *Archive) remove(ctx context.Context, r store.Recording) error {
	if a.deps.Elsewhere != nil {
		if err := a.deps.Elsewhere(ctx, r.ID); err != nil {
			return err
		}
	}
	if r.File == "" {
		return nil
	}
	return a.removeHere(r.File)
}

func (a *Archive) removeHere(file string) error {
	base := strings.TrimSuffix(file, filepath.Ext(file))
	for _, name := range []string{base + ".key", file, sidecarOf(file)} {
		if err := a.deps.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		a.deps.after("remove " + filepath.Ext(name))
	}
	dir, err := os.Open(filepath.Dir(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// erased writes the ledger's entry of a deletion, once.
func (a *Archive) erased(ctx context.Context, d store.Deletion, again bool) error {
	if again {
		records, err := a.deps.Entries(d.Recording.Call)
		if err != nil {
			return err
		}
		for _, r := range records {
			if e, ok := r.Data.(consent.ErasedData); ok && e.Recording == d.Recording.ID {
				return nil
			}
		}
	}
	return a.deps.Ledger.Append(consent.Entry{Type: consent.TypeErased, Call: d.Recording.Call, Time: a.deps.Now(),
		Data: consent.ErasedData{What: "recording", Recording: d.Recording.ID, By: d.By, Reason: d.Reason}}).Wait(ctx)
}

func (a *Archive) tellDeleted(d store.Deletion) {
	r := d.Recording
	a.deps.Events.Publish(event.Event{Time: a.deps.Now(), Type: event.RecordingDeleted, Call: r.Call, Trunk: r.Trunk, Queue: r.Queue,
		Station: r.Station, By: role(d.By), Detail: detail(d.By, d.Reason), Recording: &event.Recording{ID: r.ID}})
}
