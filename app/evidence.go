package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"go.uber.org/zap"

	"assent/archive"
	"assent/audit"
	"assent/configs"
	"assent/consent"
	"assent/consent/merkle"
	"assent/depot"
	"assent/event"
	"assent/evidence"
	"assent/store"
)

// ProofPath returns where the bundle of a recording's file is looked for.
func ProofPath(file string) string {
	return strings.TrimSuffix(file, filepath.Ext(file)) + ".proof"
}

// prover takes bundles out of the ledger in dir, by a checkpoint of it; where none
// is given, by its newest.
func prover(dir string, keys merkle.Keys, checkpoint []byte) archive.Prover {
	return func(recording, call string) (evidence.Bundle, []consent.Record, error) {
		by, err := headOf(dir, keys, checkpoint)
		if err != nil {
			return evidence.Bundle{}, nil, err
		}
		bundle, err := evidence.Collect(dir, recording, call, by)
		if err != nil {
			return bundle, nil, err
		}
		entries, _, err := bundle.Open(keys)
		return bundle, entries, err
	}
}

// ProveBy makes a bundle anew by another checkpoint of the ledger in dir, such as one
// that witnesses have cosigned.
func ProveBy(bundle []byte, dir string, keys merkle.Keys, checkpoint []byte) ([]byte, error) {
	of, err := evidence.DecodeBundle(bundle)
	if err != nil {
		return nil, err
	}
	again, _, err := prover(dir, keys, checkpoint)(of.Recording, of.Call)
	if err != nil {
		return nil, err
	}
	return again.Encode()
}

// headOf opens a checkpoint, or the newest of the ledger.
func headOf(dir string, keys merkle.Keys, checkpoint []byte) (consent.Signed, error) {
	if checkpoint != nil {
		seen, err := merkle.OpenCheckpoint(checkpoint, keys)
		return consent.Signed{Seen: seen, Note: checkpoint}, err
	}
	history, err := consent.ReadHistory(dir, keys)
	if err != nil {
		return consent.Signed{}, err
	}
	if len(history) == 0 {
		return consent.Signed{}, fmt.Errorf("the ledger in %s was never signed: start the service once", dir)
	}
	return history[len(history)-1], nil
}

// Exports hands recordings out without a running service, whose audit log it opens.
type Exports struct {
	*archive.Archive
	recordings *Recordings
	store      *store.Store
	uses       *audit.Log
}

// OpenExports opens what exporting needs; checkpoint is what proofs go by, nil for
// the ledger's newest. The error is consent.ErrInUse where the service runs, which
// is to be asked then. The caller closes it.
func OpenExports(ctx context.Context, cfg configs.Config, keys merkle.Keys, checkpoint []byte) (*Exports, error) {
	e := &Exports{}
	var err error
	if e.uses, err = audit.Open(cfg.Audit.Dir, zap.NewNop()); err != nil {
		return nil, err
	}
	if e.store, err = store.OpenReadOnly(ctx, cfg.Store, zap.NewNop()); err == nil {
		e.recordings, err = OpenRecordings(ctx, cfg)
	}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	e.Archive = archive.New(archive.Deps{
		Log: zap.NewNop(), Store: found{e.store, e.recordings}, Audit: e.uses, Events: event.New(), Keys: e.recordings.Keys(),
		Prove: prover(cfg.Consent.Ledger, keys, checkpoint),
		Open: func(ctx context.Context, r store.Recording) (*depot.Recording, error) {
			return openRow(ctx, e.recordings.depot, r)
		},
	})
	return e, nil
}

// found is a store that knows what lies in the recordings folder too: a recording
// can be proved when the store that listed it is gone.
type found struct {
	*store.Store
	in *Recordings
}

// Recording returns what is listed, or else what is there.
func (f found) Recording(ctx context.Context, id string) (store.Recording, error) {
	listed, err := f.Store.Recording(ctx, id)
	if !errors.Is(err, store.ErrNotFound) {
		return listed, err
	}
	stored, missing := f.in.Open(ctx, id)
	if missing != nil {
		return listed, err
	}
	defer func() { _ = stored.Close() }() // only read
	var side struct{ Call string }
	if err := json.Unmarshal(stored.Sidecar, &side); err != nil {
		return listed, fmt.Errorf("the sidecar of recording %s: %w", id, err)
	}
	return store.Recording{ID: id, Call: side.Call, File: stored.Location}, nil
}

// Close closes all that is open.
func (e *Exports) Close() error {
	err := e.uses.Close()
	if e.store != nil {
		err = errors.Join(err, e.store.Close())
	}
	if e.recordings != nil {
		err = errors.Join(err, e.recordings.Close())
	}
	return err
}

// proofs is the ledger as the API shows it.
type proofs struct{ a *App }

// Checkpoint returns the newest signed checkpoint, as a note; "" before the first.
func (p proofs) Checkpoint() string {
	if p.a.notary == nil {
		return ""
	}
	return string(p.a.notary.Last().Note)
}

// Key returns the public key of the ledger's signatures.
func (p proofs) Key() string { return p.a.signer.Verifier().String() }
