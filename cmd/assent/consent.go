package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"assent/consent"
)

type consentVerb struct {
	Ls     consentLsVerb     `cmd:"" help:"List ledger entries, oldest first."`
	Show   consentShowVerb   `cmd:"" help:"Show what the ledger says of one call."`
	Verify consentVerifyVerb `cmd:"" help:"Check the ledger from its first entry on."`
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
	return printEntries(io, v.outputFlag, snapshot.Config.Consent.Ledger, consent.Filter{Type: v.Type, Since: v.Since})
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
	records, err := consent.ByCall(snapshot.Config.Consent.Ledger, v.Call)
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return fmt.Errorf("%w: the ledger has no entry of call %s", errNotFound, v.Call)
	}
	return printEntries(io, v.outputFlag, snapshot.Config.Consent.Ledger, consent.Filter{Call: v.Call})
}

func printEntries(io streams, f outputFlag, dir string, filter consent.Filter) error {
	records, rows := []consent.Record{}, [][]string{}
	for r, err := range consent.Entries(dir, filter) {
		if err != nil {
			return err
		}
		records = append(records, r)
		data, err := json.Marshal(r.Data)
		if err != nil {
			return err
		}
		rows = append(rows, []string{strconv.FormatInt(r.Index, 10), r.Time.Format(time.RFC3339), r.Type, r.Call, string(data)})
	}
	return f.print(io.out, records, []string{"INDEX", "TIME", "TYPE", "CALL", "DATA"}, rows)
}

type consentVerifyVerb struct {
	configFlag
	outputFlag
	Checkpoint string `help:"A checkpoint kept earlier, as INDEX:HASH; its entry must still be there." placeholder:"INDEX:HASH"`
}

// Run verifies the chain and prints the head, which is worth keeping elsewhere.
func (v consentVerifyVerb) Run(io streams) error {
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	var expected []consent.Checkpoint
	if v.Checkpoint != "" {
		c, err := consent.ParseCheckpoint(v.Checkpoint)
		if err != nil {
			return err
		}
		expected = append(expected, c)
	}
	report, err := consent.Verify(snapshot.Config.Consent.Ledger, expected...)
	if err != nil {
		return err
	}
	return v.print(io.out, report, []string{"FILE", "ENTRIES", "HEAD", "ROOT"},
		[][]string{{report.File, strconv.FormatInt(report.Entries, 10), report.Head.String(), report.Root}})
}
