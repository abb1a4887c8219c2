package app

import (
	"context"
	"errors"
	"path/filepath"

	"go.uber.org/zap"

	"assent/call"
	"assent/depot"
	"assent/event"
	"assent/recorder"
	"assent/store"
	"assent/vault"
)

// pinName is the file in the recordings folder that remembers the KEK.
const pinName = "kek.json"

// openVault finds the keys that recordings are sealed with, if they are. A key
// that is not there forbids recording, not calls.
func (a *App) openVault(context.Context) (err error) {
	cfg := a.first.Config.Recordings
	if !cfg.Encryption.Enabled() {
		return nil
	}
	pin := vault.Pin{Path: filepath.Join(cfg.Dir, pinName)}
	if a.vault, err = vault.New(cfg.Encryption, pin.Check, a.log.Named("vault")); err != nil {
		return err
	}
	a.vault.Start()
	a.closing("vault", func(context.Context) error { a.vault.Close(); return nil })
	return nil
}

// keys are what the recorder seals with; nil where recordings are in clear.
func (a *App) keys() recorder.Keys {
	if a.vault == nil {
		return nil
	}
	return a.vault
}

// openDepot makes what brings recordings to their store; startDepot starts it, once
// what a crash left is sealed and listed.
func (a *App) openDepot() (err error) {
	cfg := a.first.Config.Recordings
	a.depot, err = depot.New(cfg.Depot, cfg.Dir, depot.Deps{Log: a.log.Named("depot"), Catalogue: catalogue{a}, Stored: a.tellStored})
	return err
}

func (a *App) startDepot(context.Context) error {
	a.depot.Start()
	a.closing("depot", func(context.Context) error { a.depot.Close(); return nil })
	return nil
}

// spool is what calls hand their recordings to; nil where they stay.
func (a *App) spool() call.Spool {
	if !a.depot.Remote() {
		return nil
	}
	return a.depot
}

// tellStored says that a recording has reached its store; its call may be over.
func (a *App) tellStored(s depot.Stored) {
	a.events.Publish(event.Event{Time: now(), Type: event.RecordingStored, Call: s.Call, Trunk: s.Trunk, Queue: s.Queue, Station: s.Station,
		Recording: &event.Recording{ID: s.ID, File: s.Location, SHA256: s.SHA256}})
}

// catalogue is the store as the depot sees it.
type catalogue struct{ a *App }

// Located keeps where a recording is. One that the store never heard of, since it
// was away at the call's end, is listed first.
func (c catalogue) Located(ctx context.Context, s depot.Stored) error {
	err := c.a.store.Locate(ctx, s.ID, s.Location)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	r, err := c.a.recorder.Lookup(s.ID)
	if err != nil {
		return err
	}
	c.a.log.Warn("recording listed late", zap.String("recording", s.ID))
	return errors.Join(c.a.store.PutRecording(ctx, rowOf(r)), c.a.store.Locate(ctx, s.ID, s.Location))
}

func (c catalogue) Location(ctx context.Context, id string) (string, error) {
	return location(ctx, c.a.store, id)
}

// location returns where the store says that a recording is; empty if it does not.
func location(ctx context.Context, s *store.Store, id string) (string, error) {
	r, err := s.Recording(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return r.Location, err
}
