package main

import (
	"fmt"

	"assent/consent"
)

type consentBackupVerb struct {
	configFlag
	trustFlags
	Dir string `arg:"" help:"A folder that holds no ledger yet."`
}

// Run copies the ledger, also beside a running service, and verifies the copy.
func (v consentBackupVerb) Run(io streams) error {
	snapshot, keys, err := v.trusting(v.trustFlags)
	if err != nil {
		return err
	}
	report, err := consent.Copy(snapshot.Config.Consent.Ledger, v.Dir, keys)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%d entries, %d of them signed, are in %s\n", report.Entries, report.Signed, v.Dir)
	fmt.Fprintf(io.err, "assent: the key %s is not in it: keep it elsewhere\n", snapshot.Config.Consent.Key)
	return nil
}

type consentRestoreVerb struct {
	configFlag
	trustFlags
	Dir string `arg:"" help:"A backup's folder."`
}

// Run puts a backup where the ledger belongs, if it verifies and nothing is there.
func (v consentRestoreVerb) Run(io streams) error {
	snapshot, keys, err := v.trusting(v.trustFlags)
	if err != nil {
		return err
	}
	if _, err := consent.VerifyFolder(v.Dir, keys); err != nil {
		return fmt.Errorf("the backup does not hold: %w", err)
	}
	report, err := consent.Copy(v.Dir, snapshot.Config.Consent.Ledger, keys)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%d entries, %d of them signed, are in %s\n", report.Entries, report.Signed, snapshot.Config.Consent.Ledger)
	return nil
}
