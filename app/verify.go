package app

import (
	"errors"
	"fmt"
	"strings"

	"assent/consent"
	"assent/consent/merkle"
	"assent/evidence"
	"assent/recorder"
)

// VerifyRecording holds a recording against its sidecar, and both against the
// ledger in dir: see evidence.Case.
func VerifyRecording(path, dir string) error {
	report, err := recorder.Verify(path)
	if err != nil {
		return err
	}
	records, err := consent.ByCall(dir, report.Sidecar.Call)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return verdict(evidence.Case{Report: report, Entries: records})
}

// VerifyOffline holds a recording against its sidecar and a bundle that was taken
// from the ledger, with nothing but the public keys. It returns the checkpoint that
// proves the bundle.
func VerifyOffline(path string, bundle []byte, keys merkle.Keys) (merkle.Seen, error) {
	report, err := recorder.Verify(path)
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
	return seen, verdict(evidence.Case{Report: report, Entries: records})
}

// verdict turns findings into one error.
func verdict(c evidence.Case) error {
	findings := c.Findings()
	if len(findings) == 0 {
		return nil
	}
	words := make([]string, len(findings))
	for i, f := range findings {
		words[i] = f.String()
	}
	return errors.New(strings.Join(words, "; "))
}
