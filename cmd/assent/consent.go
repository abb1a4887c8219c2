package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"assent/consent"
)

type consentVerb struct {
	Ls         consentLsVerb         `cmd:"" help:"List ledger entries, oldest first."`
	Show       consentShowVerb       `cmd:"" help:"Show what the ledger says of one call."`
	Verify     consentVerifyVerb     `cmd:"" help:"Check the ledger from its first entry on, and against its checkpoints."`
	Key        consentKeyVerb        `cmd:"" help:"Print the public key that checkpoints and proofs are verified by."`
	Checkpoint consentCheckpointVerb `cmd:"" help:"Print the newest signed checkpoint."`
	Backup     consentBackupVerb     `cmd:"" help:"Copy the ledger and verify the copy; the service may run."`
	Restore    consentRestoreVerb    `cmd:"" help:"Put a backup in the ledger's place."`
	Withdraw   consentWithdrawVerb   `cmd:"" help:"Take the consent of a running call's caller back."`
	Grant      consentGrantVerb      `cmd:"" help:"Enter a consent that the caller of a running call gave to the agent."`
}

type consentLsVerb struct {
	configFlag
	outputFlag
	Type  string    `help:"Only entries of this type."`
	Since time.Time `help:"Not before this time (RFC 3339)." format:"2006-01-02T15:04:05Z07:00"`
}

// Run lists the ledger.
func (v consentLsVerb) Run(io streams) error {
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	records, err := entries(snapshot.Config.Consent.Ledger, consent.Filter{Type: v.Type, Since: v.Since})
	if err != nil {
		return err
	}
	return v.entries(io, records)
}

type consentShowVerb struct {
	configFlag
	outputFlag
	Call string `arg:"" help:"The call's id."`
}

// Run prints the entries of one call.
func (v consentShowVerb) Run(io streams) error {
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	records, err := entries(snapshot.Config.Consent.Ledger, consent.Filter{Call: v.Call})
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return fmt.Errorf("%w: the ledger has no entry of call %s", errNotFound, v.Call)
	}
	return v.entries(io, records)
}

// entries reads what the filter lets through; none is an empty list.
func entries(dir string, filter consent.Filter) ([]consent.Record, error) {
	records := []consent.Record{}
	for r, err := range consent.Entries(dir, filter) {
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// entries prints ledger entries.
func (f outputFlag) entries(io streams, records []consent.Record) error {
	rows := make([][]string, 0, len(records))
	for _, r := range records {
		data, err := json.Marshal(r.Data)
		if err != nil {
			return err
		}
		rows = append(rows, []string{strconv.FormatInt(r.Index, 10), r.Time.Format(time.RFC3339), r.Type, r.Call, string(data)})
	}
	return f.print(io.out, records, []string{"INDEX", "TIME", "TYPE", "CALL", "DATA"}, rows)
}
