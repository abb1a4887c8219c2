package app

import (
	"cmp"
	"context"
	"fmt"

	"assent/configs"
	"assent/consent"
	"assent/evidence"
	"assent/store"
)

// VerifyAll verifies every recording that the store lists, tells each result, and
// returns what decisions, ledger, files and store do not agree on. It may run beside
// the service.
func VerifyAll(ctx context.Context, s *store.Store, cfg configs.Config, each func(file string, problem error)) ([]evidence.Mismatch, error) {
	recordings, err := OpenRecordings(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer recordings.Close()
	err = eachRecording(ctx, s, func(page []store.Recording) error {
		calls := map[string]bool{}
		for _, r := range page {
			calls[r.Call] = true
		}
		entries, err := consent.OfCalls(cfg.Consent.Ledger, calls)
		if err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		for _, r := range page {
			report, err := verifyRow(ctx, recordings.depot, recordings.Keys(), r)
			if err == nil {
				err = evidence.Case{Report: report, Entries: entries[r.Call]}.Verdict()
			}
			each(cmp.Or(r.Location, r.File), err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return Mismatches(ctx, s, cfg, now().Add(-settleTime))
}
