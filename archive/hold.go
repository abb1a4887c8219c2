package archive

import (
	"context"
	"errors"

	"assent/audit"
	"assent/event"
	"assent/store"
)

// Hold keeps a recording from any deletion until Release.
func (a *Archive) Hold(ctx context.Context, by, id, reason string) error {
	r, err := a.deps.Store.Recording(ctx, id)
	if err != nil {
		return err
	}
	reason = plain(reason)
	if err := a.deps.Store.PutHold(ctx, store.Hold{Recording: id, Reason: reason, By: by, At: a.deps.Now()}); err != nil {
		return err
	}
	// It protects: it holds though it could not be written down.
	return a.told(ctx, event.RecordingHeld, audit.Hold, by, reason, r)
}

// Release ends a hold. It is written down first.
func (a *Archive) Release(ctx context.Context, by, id, reason string) error {
	r, err := a.deps.Store.Recording(ctx, id)
	if err != nil {
		return err
	}
	if _, err := a.deps.Store.HoldOf(ctx, id); err != nil {
		return err
	}
	reason = plain(reason)
	if err := a.write(ctx, by, audit.Release, r, audit.OK, reason); err != nil {
		return err
	}
	if err := a.deps.Store.ReleaseHold(ctx, id); err != nil {
		return err
	}
	a.tell(event.RecordingReleased, r, by, reason)
	return nil
}

// told publishes what was done, and writes it down.
func (a *Archive) told(ctx context.Context, what event.Type, action, by, reason string, r store.Recording) error {
	a.tell(what, r, by, reason)
	return a.write(ctx, by, action, r, audit.OK, reason)
}

// HoldOf returns why a recording is held, "" if it is not.
func (a *Archive) HoldOf(ctx context.Context, id string) (string, error) {
	h, err := a.deps.Store.HoldOf(ctx, id)
	if errors.Is(err, store.ErrNotHeld) {
		return "", nil
	}
	return h.Reason, err
}
