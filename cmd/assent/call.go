package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"assent/audit"
	"assent/call"
	"assent/event"
)

type callVerb struct {
	Ls     callLsVerb     `cmd:"" help:"List the calls that run, oldest first."`
	Show   callShowVerb   `cmd:"" help:"Show a call: as it runs, or its record."`
	Trace  callTraceVerb  `cmd:"" help:"Show what was said in SIP in a call that runs, or ended of late: a ladder of all legs, and every message."`
	Hangup callHangupVerb `cmd:"" help:"End a call."`
}

type callLsVerb struct {
	apiFlag
	outputFlag
	Trunk   string `help:"Only of this trunk."`
	Queue   string `help:"Only in this queue."`
	Station string `help:"Only with this station."`
	Limit   int    `help:"At most so many." default:"500"`
}

// Run lists the calls of the running service.
func (v callLsVerb) Run(io streams) error {
	c, err := v.client()
	if err != nil {
		return err
	}
	calls, err := all[call.View](c, "/v1/calls", chosen("trunk", v.Trunk, "queue", v.Queue, "station", v.Station), v.Limit)
	if err != nil {
		return err
	}
	rows := make([][]string, len(calls))
	for i, c := range calls {
		rows[i] = []string{c.ID, c.StartedAt.Format(time.RFC3339), c.Trunk, c.Queue, c.Station, event.Mask(c.From), string(c.Phase), c.Consent, c.Recording.State, c.Recording.Reason}
	}
	return v.print(io.out, calls, []string{"ID", "STARTED", "TRUNK", "QUEUE", "STATION", "FROM", "PHASE", "CONSENT", "RECORDING", "REASON"}, rows)
}

type callShowVerb struct {
	apiFlag
	outputFlag
	ID string `arg:"" help:"The call's id."`
}

// Run shows a call that runs, or the record of one that ended.
func (v callShowVerb) Run(io streams) error {
	c, err := v.client()
	if err != nil {
		return err
	}
	var running call.View
	err = c.ask(http.MethodGet, "/v1/calls/"+url.PathEscape(v.ID), nil, nil, &running)
	if err == nil {
		return outputFlag{"json"}.print(io.out, running, nil, nil)
	}
	if !errors.Is(err, errNotFound) {
		return err
	}
	var cdr event.CDR
	if err := c.ask(http.MethodGet, "/v1/cdrs/"+url.PathEscape(v.ID), nil, nil, &cdr); err != nil {
		return err
	}
	return outputFlag{"json"}.print(io.out, cdr, nil, nil)
}

// callChange is a verb that changes a running call.
type callChange struct {
	apiFlag
	outputFlag
	ID string `arg:"" help:"The id of the call, or of its recording."`
}

// change asks for the change and tells how the call is then.
func (v callChange) change(io streams, action, told string) error {
	c, err := v.client()
	if err != nil {
		return err
	}
	var changed call.View
	if err := c.ask(http.MethodPost, "/v1/calls/"+url.PathEscape(v.ID)+"/"+action, nil, nil, &changed); err != nil {
		return err
	}
	if v.Output == "json" {
		return v.print(io.out, changed, nil, nil)
	}
	_, err = fmt.Fprintf(io.out, "call %s: %s; consent %s, recording %s (%s)\n", changed.ID, told, changed.Consent, changed.Recording.State, changed.Recording.Reason)
	return err
}

type callHangupVerb struct{ callChange }

// Run ends a call.
func (v callHangupVerb) Run(io streams) error { return v.change(io, audit.Hangup, "hung up") }

type recordingPauseVerb struct{ callChange }

// Run pauses a running call's recording.
func (v recordingPauseVerb) Run(io streams) error { return v.change(io, audit.Pause, "paused") }

type recordingResumeVerb struct{ callChange }

// Run ends a pause.
func (v recordingResumeVerb) Run(io streams) error { return v.change(io, audit.Resume, "resumed") }

type consentWithdrawVerb struct{ callChange }

// Run takes the caller's consent back.
func (v consentWithdrawVerb) Run(io streams) error {
	return v.change(io, audit.Withdraw, "consent withdrawn")
}

type consentGrantVerb struct{ callChange }

// Run enters a consent.
func (v consentGrantVerb) Run(io streams) error { return v.change(io, audit.Grant, "consent granted") }
