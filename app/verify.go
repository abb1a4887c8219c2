package app

import (
	"context"
	"errors"
	"fmt"

	"assent/consent"
	"assent/consent/merkle"
	"assent/depot"
	"assent/evidence"
	"assent/recorder"
)

// VerifyRecording is VerifyStored of a file that is not encrypted, facts beside it.
func VerifyRecording(path, dir string) error {
	stored, err := depot.OpenFile(path)
	if err != nil {
		return err
	}
	defer func() { _ = stored.Close() }() // only read
	return VerifyStored(context.Background(), stored, nil, dir)
}

// VerifyStored holds a recording against its sidecar, and both against the ledger
// in dir: see evidence.Case.
func VerifyStored(ctx context.Context, stored *depot.Recording, keys depot.Opener, dir string) error {
	report, err := recorder.VerifyStored(ctx, stored, keys)
	if err != nil {
		return err
	}
	records, err := consent.ByCall(dir, report.Sidecar.Call)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return evidence.Case{Report: report, Entries: records}.Verdict()
}

// VerifyOffline holds a recording against its sidecar and a bundle that was taken
// from the ledger, with nothing but the public keys: an encrypted one as it is
// stored. It returns the checkpoint that proves the bundle.
func VerifyOffline(path string, bundle []byte, keys merkle.Keys) (merkle.Seen, error) {
	report, err := unopened(recorder.Verify(path))
	if err != nil {
		return merkle.Seen{}, err
	}
	b, err := evidence.DecodeBundle(bundle)
	if err != nil {
		return merkle.Seen{}, err
	}
	records, seen, err := b.Open(keys)
	if err != nil {
		return seen, err
	}
	return seen, evidence.Case{Report: report, Entries: records}.Verdict()
}

// unopened takes the report on an encrypted recording, though nobody looked at what
// it holds: its hashes are those of the stored bytes.
func unopened(report recorder.Report, err error) (recorder.Report, error) {
	if errors.Is(err, depot.ErrSealed) {
		report.DurationMS, err = report.Sidecar.DurationMS, nil
	}
	return report, err
}
