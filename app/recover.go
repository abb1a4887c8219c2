package app

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"assent/consent"
	"assent/event"
	"assent/recorder"
	"assent/store"
)

func now() time.Time { return time.Now() }

// recover finishes what a crash left: recordings become whole files, each with
// its ledger entry and its row, and every call that was running gets its CDR.
// It is safe to repeat.
func (a *App) recover(ctx context.Context) error {
	results, err := a.recorder.Recover(ctx)
	if err != nil { // a folder that can't be read forbids recording, not calls
		a.log.Error("recordings not recovered", zap.Error(err))
	}
	byCall := map[string]recorder.Result{}
	for _, r := range results {
		byCall[r.Call] = r
		a.keepRecovered(ctx, r)
	}
	running, err := a.store.Running(ctx)
	if err != nil {
		return fmt.Errorf("store: calls of the last run: %w", err)
	}
	for _, c := range running {
		if err := a.closeCrashed(ctx, c, byCall[c.ID]); err != nil {
			return fmt.Errorf("CDR of crashed call %s: %w", c.ID, err)
		}
	}
	return a.fileCDRs(ctx)
}

func (a *App) keepRecovered(ctx context.Context, r recorder.Result) {
	a.log.Warn("recording recovered", zap.String("call", r.Call), zap.String("recording", r.ID),
		zap.String("result", r.Result), zap.Int64("duration_ms", r.DurationMS), zap.Error(r.Err))
	if r.File == "" || r.Call == "" {
		return
	}
	sealed := a.ledger.Append(consent.Entry{Type: consent.TypeSealed, Call: r.Call, Time: now(), Data: consent.SealedData{
		Recording: r.ID, File: r.File, SHA256: r.SHA256, SidecarSHA256: r.SidecarSHA256, DurationMS: r.DurationMS, Result: r.Result,
	}})
	<-sealed.Done()
	row := store.Recording{ID: r.ID, Call: r.Call, File: r.File, SHA256: r.SHA256, SidecarSHA256: r.SidecarSHA256,
		DurationMS: r.DurationMS, Result: r.Result, CreatedAt: now()}
	if err := a.store.PutRecording(ctx, row); err != nil {
		a.log.Error("recovered recording not stored", zap.String("recording", r.ID), zap.Error(err))
	}
}

// closeCrashed writes the CDR of a call that the last run did not live to end.
func (a *App) closeCrashed(ctx context.Context, c store.Call, r recorder.Result) error {
	cdr := event.CDR{ID: c.ID, Trunk: c.Trunk, Direction: c.Direction, From: c.From, To: c.To, StartedAt: c.StartedAt,
		EndedAt: now(), Ending: event.Ending{By: event.ByCrash, Q850: 41, Reason: "crash"}, ConfigVersion: c.ConfigVersion}
	cdr.Recording = event.CDRRecording{Result: event.ResultNone}
	if r.ID != "" {
		cdr.Recording = event.CDRRecording{ID: r.ID, Decision: "record", Reason: "allowed", Result: r.Result, File: r.File,
			SHA256: r.SHA256, DurationMS: r.DurationMS}
	}
	cdr.Consent = a.consentOf(c.ID)
	a.log.Warn("call ended by a crash", zap.String("call", c.ID))
	return a.store.EndCall(ctx, cdr)
}

// fileCDRs writes the lines of records that are stored and not yet in the file.
func (a *App) fileCDRs(ctx context.Context) error {
	unfiled, err := a.store.Unfiled(ctx)
	if err != nil {
		return fmt.Errorf("store: CDRs without a line: %w", err)
	}
	for _, cdr := range unfiled {
		if !a.cdr.has(cdr.ID) {
			if err := a.cdr.Write(cdr); err != nil {
				return err
			}
		}
		if err := a.store.MarkFiled(ctx, cdr.ID); err != nil {
			return fmt.Errorf("store: CDR of call %s: %w", cdr.ID, err)
		}
	}
	return nil
}

// consentOf reads a call's last answer back from the ledger.
func (a *App) consentOf(id string) event.CDRConsent {
	state := event.CDRConsent{State: "not_asked"}
	entries, err := consent.ByCall(a.first.Config.Consent.Ledger, id)
	if err != nil {
		a.log.Error("ledger not read", zap.String("call", id), zap.Error(err))
		return state
	}
	for _, e := range entries {
		if d, ok := e.Data.(consent.ConsentData); ok {
			state = event.CDRConsent{State: d.State, Method: d.Method, Ledger: &e.Index}
		}
	}
	return state
}
