package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"go.uber.org/zap"

	"assent/configs"
	"assent/depot"
	"assent/recorder"
	"assent/store"
	"assent/vault"
)

// verifyRow verifies a recording that the store lists, wherever it is.
func verifyRow(ctx context.Context, in *depot.Depot, keys depot.Opener, row store.Recording) (recorder.Report, error) {
	stored, err := openRow(ctx, in, row)
	if err != nil {
		return recorder.Report{ID: row.ID, File: row.File}, err
	}
	defer func() { _ = stored.Close() }() // only read
	return recorder.VerifyStored(ctx, stored, keys)
}

// openRow opens a recording that the store lists. One that has not gone to a store
// is where it was sealed, or on its way since the row was read.
func openRow(ctx context.Context, in *depot.Depot, row store.Recording) (*depot.Recording, error) {
	if row.Location == "" {
		stored, err := depot.OpenFile(row.File)
		if !errors.Is(err, fs.ErrNotExist) {
			return stored, err
		}
	}
	return in.Open(ctx, row.ID)
}

// Recordings opens recordings beside a running service or without one.
type Recordings struct {
	depot *depot.Depot
	keys  vault.Config
	store *store.Store // nil: they stay in the recordings folder
}

// OpenRecordings returns the recordings of a configuration. The caller closes it.
func OpenRecordings(ctx context.Context, cfg configs.Config) (*Recordings, error) {
	r := &Recordings{keys: cfg.Recordings.Encryption}
	var err error
	if cfg.Recordings.Depot.Remote() {
		if r.store, err = store.OpenReadOnly(ctx, cfg.Store, zap.NewNop()); err != nil {
			return nil, err
		}
	}
	if r.depot, err = depot.New(cfg.Recordings.Depot, cfg.Recordings.Dir, depot.Deps{Catalogue: r}); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Open opens a recording by its id, wherever it is, or by the path of its audio;
// the caller closes it.
func (r *Recordings) Open(ctx context.Context, idOrPath string) (*depot.Recording, error) {
	if strings.ContainsRune(idOrPath, filepath.Separator) || filepath.Ext(idOrPath) != "" {
		return depot.OpenFile(idOrPath)
	}
	return r.depot.Open(ctx, idOrPath)
}

// Keys opens what is encrypted; nil where nothing is.
func (r *Recordings) Keys() depot.Opener {
	if !r.keys.Enabled() {
		return nil
	}
	return lateRing(r.keys)
}

// lateRing looks for the keys when one is needed.
type lateRing vault.Config

// Open returns the data key that the text of a key file holds.
func (k lateRing) Open(ctx context.Context, text []byte) (*vault.Key, error) {
	ring, err := vault.OpenRing(vault.Config(k))
	if err != nil {
		return nil, err
	}
	return ring.Open(ctx, text)
}

// Located is never asked for: nothing is stored here.
func (r *Recordings) Located(context.Context, depot.Stored) error { return store.ErrReadOnly }

// Location returns where a recording is, by the store.
func (r *Recordings) Location(ctx context.Context, id string) (string, error) {
	if r.store == nil {
		return "", nil
	}
	return location(ctx, r.store, id)
}

// Close closes the store.
func (r *Recordings) Close() error {
	if r.store == nil {
		return nil
	}
	return r.store.Close()
}

// Rotated is what a rotation did.
type Rotated struct {
	KEK        string `json:"kek"`        // that all keys are wrapped by now
	Recordings int    `json:"recordings"` // that were looked at
	Rewrapped  int    `json:"rewrapped"`
}

// RotateKeys wraps the data keys of all recordings by the configured KEK. What
// fails is told in the end, and left as it was.
func RotateKeys(ctx context.Context, cfg configs.Config) (done Rotated, err error) {
	if !cfg.Recordings.Encryption.Enabled() {
		return done, errors.New("recordings.encryption.key is not configured")
	}
	r, err := OpenRecordings(ctx, cfg)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	ring, err := vault.OpenRing(r.keys)
	if err != nil {
		return done, err
	}
	done.KEK = ring.Current()
	ids, err := r.depot.Sealed()
	if err != nil {
		return done, err
	}
	err = done.rewrap(ctx, r.depot, ring, ids)
	for before := ""; r.store != nil; {
		rows, listed := r.store.Recordings(ctx, store.RecordingFilter{Before: before})
		if listed != nil || len(rows) == 0 {
			return done, errors.Join(err, listed)
		}
		ids := make([]string, 0, len(rows))
		for _, row := range rows {
			if row.Location != "" {
				ids = append(ids, row.ID)
			}
		}
		err = errors.Join(err, done.rewrap(ctx, r.depot, ring, ids))
		before = rows[len(rows)-1].ID
	}
	return done, err
}

// rewrap goes through some recordings.
func (d *Rotated) rewrap(ctx context.Context, in *depot.Depot, ring *vault.Ring, ids []string) (all error) {
	for _, id := range ids {
		changed, err := in.Rewrap(ctx, id, ring)
		if err != nil {
			all = errors.Join(all, fmt.Errorf("recording %s: %w", id, err))
			continue
		}
		d.Recordings++
		if changed {
			d.Rewrapped++
		}
	}
	return all
}
