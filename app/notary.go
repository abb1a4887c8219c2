package app

import (
	"context"
	"encoding/hex"
	"fmt"

	"go.uber.org/zap"

	"assent/consent"
	"assent/consent/merkle"
)

// openNotary begins to sign the ledger's checkpoints. A ledger that is not the one
// that was signed before records nothing more; calls go on.
func (a *App) openNotary(context.Context) error {
	if a.ledger.Ready() != nil {
		return nil // nothing is added to it
	}
	cfg := a.first.Config.Consent
	notary, err := consent.NewNotary(a.ledger, cfg.Ledger, a.signer, cfg.Checkpoint, a.log.Named("notary"))
	if err != nil {
		a.distrust(fmt.Errorf("%w; stop the service, put the right ledger back, or move the folder %s and the key %s aside, "+
			"keep both as evidence, and start again", err, cfg.Ledger, cfg.Key))
		return nil
	}
	a.notary = notary
	a.log.Info("consent ledger signed", zap.Stringer("key", notary.Key()), zap.Int64("entries", notary.Last().Size))
	return nil
}

// closeNotary signs what came last.
func (a *App) closeNotary(ctx context.Context) error {
	if a.notary == nil {
		return nil
	}
	return a.notary.Close(ctx)
}

// signedHead returns the newest signed checkpoint of the ledger; the zero one where
// nothing was signed.
func (a *App) signedHead() (merkle.Checkpoint, error) {
	signed, err := consent.ReadHistory(a.first.Config.Consent.Ledger, merkle.Keys{Log: a.signer.Verifier()})
	if err != nil || len(signed) == 0 {
		return merkle.Checkpoint{}, err
	}
	return signed[len(signed)-1].Checkpoint, nil
}

// signedTree is the tree over the entries that a reader yields, up to what was signed.
type signedTree struct {
	head merkle.Checkpoint
	tree merkle.Tree
}

// add takes the next entry, and tells if the entries up to it are others than those
// that were signed.
func (s *signedTree) add(r consent.Record) error {
	if s.tree.Size() >= s.head.Size {
		return nil
	}
	leaf, err := hex.DecodeString(r.Hash)
	if err != nil {
		return err
	}
	s.tree.Add(merkle.Hash(leaf))
	if s.tree.Size() == s.head.Size && s.tree.Root() != s.head.Root {
		return fmt.Errorf("%w: its first %d entries do not have the root that was signed", consent.ErrNotSigned, s.head.Size)
	}
	return nil
}

// end tells if entries that were signed are missing at the end.
func (s *signedTree) end() error {
	if s.tree.Size() < s.head.Size {
		return fmt.Errorf("%w: it ends after %d entries, and %d were signed", consent.ErrNotSigned, s.tree.Size(), s.head.Size)
	}
	return nil
}
