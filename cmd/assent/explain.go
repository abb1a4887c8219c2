package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"assent/event"
	"assent/policy"
	"assent/store"
)

type explainVerb struct {
	Call   explainCallVerb   `cmd:"" help:"Why a call was, or was not, recorded."`
	Invite explainInviteVerb `cmd:"" help:"Which trunk, flow and queue would take a call."`
}

type explainCallVerb struct {
	configFlag
	outputFlag
	ID string `arg:"" help:"The call's id."`
}

// callStory is all that the store knows of a call.
type callStory struct {
	CDR       *event.CDR       `json:"cdr"` // null: the call has not ended
	Decisions []store.Decision `json:"decisions"`
}

// Run prints every decision of the call, row by row, with the source line.
func (v explainCallVerb) Run(io streams) error {
	s, err := v.open()
	if err != nil {
		return err
	}
	defer s.Close()
	ctx := context.Background()
	decisions, err := s.Decisions(ctx, v.ID)
	if err != nil {
		return err
	}
	cdr, err := s.CDR(ctx, v.ID)
	running := errors.Is(err, store.ErrNotFound) && len(decisions) > 0
	if err != nil && !running {
		return err
	}
	if v.Output == "json" {
		story := callStory{CDR: &cdr, Decisions: listed(decisions)}
		if running {
			story.CDR = nil
		}
		return v.print(io.out, story, nil, nil)
	}
	if !running {
		fmt.Fprintf(io.out, "call %s on trunk %s: consent %s, recording %s (%s)\n", cdr.ID, cdr.Trunk, cdr.Consent.State, cdr.Recording.Result, cdr.Recording.Reason)
	}
	if !running && cdr.Stir.Verdict != "" {
		fmt.Fprintf(io.out, "caller's number: %s\n", vouched(cdr.Stir))
	}
	for _, d := range decisions {
		fmt.Fprintf(io.out, "\n%s at %s: %s (%s)\n", d.Trigger, d.At.Format("15:04:05.000"), d.Decision.Verdict, d.Decision.Reason)
		if err := v.steps(io, d.Decision); err != nil {
			return err
		}
		if o := d.Decision.Other; o != nil {
			fmt.Fprintf(io.out, "the %s's side: %s (%s)\n", o.Side, o.Verdict, o.Reason)
			if err := v.steps(io, *o); err != nil {
				return err
			}
		}
	}
	return nil
}

// vouched tells who vouches for the caller's number.
func vouched(s event.CDRStir) string {
	switch {
	case s.Reason != "":
		return s.Verdict + " (" + s.Reason + ")"
	case s.Signer == "":
		return s.Verdict + ", attestation " + s.Attestation
	}
	return s.Verdict + ", attestation " + s.Attestation + " by " + s.Signer
}

func (v explainCallVerb) steps(io streams, d policy.Decision) error {
	rows := make([][]string, 0, len(d.Steps))
	for _, s := range d.Steps {
		answer := "no"
		switch {
		case s.Matched:
			answer = "YES"
		case !s.Reached:
			answer = "not reached"
		}
		rows = append(rows, []string{strconv.Itoa(s.Row), string(s.Reason), answer, s.Input, s.Key, s.Source})
	}
	return outputFlag{"table"}.print(io.out, nil, []string{"ROW", "REASON", "DECIDES", "INPUT", "KEY", "SOURCE"}, rows)
}
