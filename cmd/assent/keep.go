package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"assent/app"
	"assent/audit"
	"assent/consent"
)

// recordingChange is a verb that keeps a stored recording, or lets it go.
type recordingChange struct {
	apiFlag
	ID     string `arg:"" help:"The recording's id."`
	Reason string `help:"Why; ends in the audit log." required:""`
}

// because asks for the change.
func (v recordingChange) because(io streams, action, told string) error {
	c, err := v.client()
	if err != nil {
		return err
	}
	if err := c.ask(http.MethodPost, "/v1/recordings/"+url.PathEscape(v.ID)+"/"+action, nil, map[string]string{"reason": v.Reason}, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintf(io.out, "recording %s is %s\n", v.ID, told)
	return err
}

type recordingHoldVerb struct{ recordingChange }

// Run keeps a recording from deletion.
func (v recordingHoldVerb) Run(io streams) error { return v.because(io, audit.Hold, "held") }

type recordingReleaseVerb struct{ recordingChange }

// Run ends a hold.
func (v recordingReleaseVerb) Run(io streams) error { return v.because(io, audit.Release, "released") }

type recordingDeleteVerb struct{ recordingChange }

// Run deletes a recording for good.
func (v recordingDeleteVerb) Run(io streams) error { return v.because(io, audit.Delete, "deleted") }

type callerVerb struct {
	Erase callerEraseVerb `cmd:"" help:"Erase all that is kept of a caller; prints the signed certificate."`
}

type callerEraseVerb struct {
	apiFlag
	Number string `arg:"" help:"The caller's number."`
	Reason string `help:"Why; ends in ledger and audit log." required:""`
}

// Run erases a caller and prints the certificate.
func (v callerEraseVerb) Run(io streams) error {
	c, err := v.client()
	if err != nil {
		return err
	}
	var erased struct {
		Certificate struct {
			Complete bool              `json:"complete"`
			Kept     []json.RawMessage `json:"kept"`
		} `json:"certificate"`
		Signed string `json:"signed"`
	}
	if err := c.ask(http.MethodPost, "/v1/callers/erase", nil, map[string]string{"number": v.Number, "reason": v.Reason}, &erased); err != nil {
		return err
	}
	fmt.Fprint(io.out, erased.Signed)
	if !erased.Certificate.Complete {
		return fmt.Errorf("%d recordings are held and stay, and so does what the caller is known by; ask again once they are released", len(erased.Certificate.Kept))
	}
	return nil
}

type retentionVerb struct {
	Plan retentionPlanVerb `cmd:"" help:"Show which recordings the rules delete, when, and what blocks it."`
}

type retentionPlanVerb struct {
	configFlag
	outputFlag
	Within time.Duration `help:"How far to look ahead." default:"720h"`
}

// Run lists what is due; it changes nothing.
func (v retentionPlanVerb) Run(io streams) error {
	due, rules, err := app.RetentionPlan(context.Background(), v.options(), time.Now().Add(v.Within))
	if err != nil {
		return invalid(err)
	}
	if len(rules) == 0 {
		fmt.Fprintln(io.err, "assent: there is no retention rule: every recording is kept for ever")
	}
	rows := make([][]string, len(due))
	for i, d := range due {
		rows[i] = []string{d.Recording, d.Made.Format(time.RFC3339), d.Trunk, d.Queue, d.Keep, d.Rule, d.Due.Format(time.RFC3339), d.Blocked}
	}
	return v.print(io.out, due, []string{"RECORDING", "MADE", "TRUNK", "QUEUE", "KEEP", "RULE", "DUE", "BLOCKED"}, rows)
}

type auditVerb struct {
	Ls     auditLsVerb     `cmd:"" help:"List who used which recording, oldest first."`
	Verify auditVerifyVerb `cmd:"" help:"Check the audit log from its first entry on."`
}

type auditLsVerb struct {
	configFlag
	outputFlag
	Since time.Time `help:"Not before this time (RFC 3339)." format:"2006-01-02T15:04:05Z07:00"`
}

// Run lists the audit log.
func (v auditLsVerb) Run(io streams) error {
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	records, err := entries(snapshot.Config.Audit.Dir, consent.Filter{Since: v.Since})
	if err != nil {
		return err
	}
	return v.entries(io, records)
}

type auditVerifyVerb struct {
	configFlag
	outputFlag
}

// Run verifies the chain and prints the head, which is worth keeping elsewhere.
func (v auditVerifyVerb) Run(io streams) error {
	snapshot, err := v.load()
	if err != nil {
		return err
	}
	report, err := audit.Verify(snapshot.Config.Audit.Dir)
	if err != nil {
		return err
	}
	return v.print(io.out, report, []string{"FILE", "ENTRIES", "HEAD", "ROOT"},
		[][]string{{report.File, fmt.Sprint(report.Entries), report.Head.String(), report.Root}})
}
