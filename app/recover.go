package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"assent/consent"
	"assent/consent/merkle"
	"assent/event"
	"assent/policy"
	"assent/recorder"
	"assent/store"
)

func now() time.Time { return time.Now() }

// remains is what the last run left unfinished, by the ledger's word.
type remains struct {
	consents map[string]event.CDRConsent // the last answer of each call that was running
	sealed   []string                    // the recordings of calls that were running
	unsealed map[string]string           // calls by recordings that began and were never sealed
	// withdrawn are calls by recordings that a withdrawal erased, and of whose erasure the ledger has no entry.
	withdrawn map[string]string
	hashes    map[int64]string // of the entries that the store knows; "" where the ledger has none
	entries   int64            // that the ledger has
}

// recover finishes what a crash left: recordings become whole files, each with
// its ledger entry and its row, and every call that was running gets its CDR.
// It is safe to repeat, and a crash in the middle of it costs nothing.
func (a *App) recover(ctx context.Context) error {
	running, err := a.store.Running(ctx)
	if err != nil {
		return fmt.Errorf("store: calls of the last run: %w", err)
	}
	left, err := a.readLedger(ctx, running)
	if err != nil {
		return err
	}
	recovered := a.recoverRecordings(ctx, left)
	a.eraseWithdrawn(ctx, left, recovered)
	for _, c := range running {
		if err := a.endCrashed(ctx, c, left.consents[c.ID], recovered[c.ID]); err != nil {
			return fmt.Errorf("CDR of crashed call %s: %w", c.ID, err)
		}
	}
	return a.fileCDRs(ctx)
}

// readLedger learns from the ledger what the last run left, and whether it still
// is the ledger that the store knows. A ledger that is not whole, or not that
// one, records nothing more; what it and the store tell is made use of.
func (a *App) readLedger(ctx context.Context, running []store.Call) (remains, error) {
	known, err := a.witnesses(ctx)
	if err != nil {
		return remains{}, err
	}
	dir := a.first.Config.Consent.Ledger
	head, err := a.signedHead()
	if err != nil {
		a.distrust(err)
	}
	left, err := readRemains(dir, running, known, head)
	if err != nil {
		a.distrust(adviseRepair(dir, err))
		left.forgetOthers() // their seals may stand behind the damage
	} else if err := a.holdLedger(ctx, left, known); err != nil {
		return left, err
	}
	if a.ledger.Ready() == nil {
		return left, nil
	}
	return left, a.answersFromStore(ctx, left)
}

// forgetOthers drops recordings of calls that had ended.
func (r remains) forgetOthers() {
	for id, call := range r.unsealed {
		if _, ran := r.consents[call]; !ran {
			delete(r.unsealed, id)
		}
	}
}

// readRemains goes through the ledger once. What it returns with an error is
// what stands before the damage.
func readRemains(dir string, running []store.Call, known []store.Consent, head merkle.Checkpoint) (remains, error) {
	signed := signedTree{head: head}
	left := remains{consents: map[string]event.CDRConsent{}, unsealed: map[string]string{}, withdrawn: map[string]string{}, hashes: map[int64]string{}}
	for _, c := range running {
		left.consents[c.ID] = event.CDRConsent{State: string(policy.StateNotAsked)}
	}
	for _, k := range known {
		left.hashes[k.LedgerIndex] = ""
	}
	for r, err := range consent.Entries(dir, consent.Filter{}) {
		if err != nil {
			return left, err
		}
		if err := signed.add(r); err != nil {
			return left, err
		}
		left.entries++
		if _, asked := left.hashes[r.Index]; asked {
			left.hashes[r.Index] = r.Hash
		}
		switch d := r.Data.(type) {
		case consent.ConsentData:
			if _, ran := left.consents[r.Call]; ran {
				left.consents[r.Call] = event.CDRConsent{State: d.State, Method: d.Method, Ledger: &r.Index}
			}
		case consent.WithdrawnData:
			if d.Effect == policy.WithdrawalErase && d.Recording != "" {
				left.withdrawn[d.Recording] = r.Call
			}
			if _, ran := left.consents[r.Call]; ran {
				left.consents[r.Call] = event.CDRConsent{State: string(policy.StateWithdrawn), Method: d.By, Ledger: &r.Index}
			}
		case consent.ErasedData:
			delete(left.withdrawn, d.Recording)
		case consent.StartedData:
			left.unsealed[d.Recording] = r.Call
		case consent.SealedData:
			delete(left.unsealed, d.Recording)
			if _, ran := left.consents[r.Call]; ran {
				left.sealed = append(left.sealed, d.Recording)
			}
		}
	}
	return left, signed.end()
}

// recoverRecordings finishes what lies in the recordings folder, and seals what
// was whole but not sealed yet. It returns the recordings of calls that have no
// record yet, by call.
func (a *App) recoverRecordings(ctx context.Context, left remains) map[string]recorder.Result {
	results, err := a.recorder.Recover(ctx)
	if err != nil { // a folder that can't be read forbids recording, not calls
		a.log.Error("recordings not recovered", zap.Error(err))
	}
	byCall := map[string]recorder.Result{}
	note := func(r recorder.Result) { // a call's record is about its last recording
		if byCall[r.Call].ID < r.ID {
			byCall[r.Call] = r
		}
	}
	for _, r := range results {
		delete(left.unsealed, r.ID)
		note(r)
		a.keepRecovered(ctx, r)
	}
	for id, call := range left.unsealed {
		if r, ok := a.lookup(id); ok {
			note(r)
			a.keepRecovered(ctx, r)
		} else if _, ran := left.consents[call]; ran { // no byte of it reached the disk
			note(recorder.Result{ID: id, Call: call, Result: recorder.ResultFailed})
		}
	}
	for _, id := range left.sealed {
		if r, ok := a.lookup(id); ok {
			note(r)
			a.listSealed(ctx, r)
		}
	}
	return byCall
}

// listSealed lists a recording that the last run sealed in the ledger and may not
// have listed any more.
func (a *App) listSealed(ctx context.Context, r recorder.Result) {
	if _, err := a.store.Recording(ctx, r.ID); !errors.Is(err, store.ErrNotFound) {
		if err != nil {
			a.log.Error("recording not looked up", zap.String("recording", r.ID), zap.Error(err))
		}
		return
	}
	if err := a.store.PutRecording(ctx, rowOf(r)); err != nil {
		a.log.Error("sealed recording not listed", zap.String("recording", r.ID), zap.Error(err))
		return
	}
	a.depot.Add(r.ID)
}

// lookup finds a whole recording by its sidecar.
func (a *App) lookup(id string) (recorder.Result, bool) {
	r, err := a.recorder.Lookup(id)
	if err != nil && !errors.Is(err, recorder.ErrNotFound) {
		a.log.Error("recording not recovered", zap.String("recording", id), zap.Error(err))
	}
	return r, err == nil
}

// keepRecovered seals a recovered recording in the ledger and lists it.
func (a *App) keepRecovered(ctx context.Context, r recorder.Result) {
	a.log.Warn("recording recovered", zap.String("call", r.Call), zap.String("recording", r.ID),
		zap.String("result", r.Result), zap.Int64("duration_ms", r.DurationMS), zap.Error(r.Err))
	if r.File == "" || r.Call == "" {
		return
	}
	sealed := a.ledger.Append(consent.Entry{Type: consent.TypeSealed, Call: r.Call, Time: now(), Data: consent.SealedData{
		Recording: r.ID, File: r.File, SHA256: r.SHA256, SidecarSHA256: r.SidecarSHA256, DurationMS: r.DurationMS, Result: r.Result,
	}})
	if err := errors.Join(sealed.Wait(ctx), a.store.PutRecording(ctx, rowOf(r))); err != nil {
		a.log.Error("recovered recording not kept", zap.String("recording", r.ID), zap.Error(err))
		return
	}
	a.depot.Add(r.ID)
}

// rowOf is a recording as the store lists it.
func rowOf(r recorder.Result) store.Recording {
	return store.Recording{ID: r.ID, Call: r.Call, Trunk: r.Trunk, Queue: r.Queue, Station: r.Station, File: r.File,
		SHA256: r.SHA256, SidecarSHA256: r.SidecarSHA256, DurationMS: r.DurationMS, Result: r.Result, CreatedAt: now()}
}

// endCrashed gives a call that the last run did not live to end its record and
// its one end.
func (a *App) endCrashed(ctx context.Context, c store.Call, answer event.CDRConsent, r recorder.Result) error {
	cdr := event.CDR{ID: c.ID, Trunk: c.Trunk, Direction: c.Direction, From: c.From, To: c.To, StartedAt: c.StartedAt,
		EndedAt: now(), Ending: event.Ending{By: event.ByCrash, Q850: 41, Reason: "crash"}, ConfigVersion: c.ConfigVersion,
		Consent: answer, Recording: event.CDRRecording{Decision: string(policy.VerdictNo), Result: event.ResultNone}}
	if filed, ok := a.cdr.find(c.ID); ok { // it ended well, and only the store never heard of it
		return a.store.EndCall(ctx, filed)
	}
	decisions, err := a.store.Decisions(ctx, c.ID)
	if err != nil {
		return err
	}
	if n := len(decisions); n > 0 {
		cdr.AnsweredAt = decisions[0].At // the first decision is taken at the answer
		last := decisions[n-1].Decision
		cdr.Recording.Decision, cdr.Recording.Reason = string(last.Verdict), string(last.Reason)
	}
	if r.ID != "" {
		cdr.Queue, cdr.Station = r.Queue, r.Station
		cdr.Recording.ID, cdr.Recording.Result, cdr.Recording.File = r.ID, r.Result, r.File
		cdr.Recording.SHA256, cdr.Recording.DurationMS = r.SHA256, r.DurationMS
	}
	if cdr.Recording.AudioKept() {
		cdr.Recording.Decision, cdr.Recording.Reason = string(policy.VerdictRecord), string(policy.ReasonAllowed)
	}
	if cdr.Recording.Decision == string(policy.VerdictRecord) && cdr.Recording.Result == event.ResultNone {
		cdr.Recording.Result = event.ResultFailed // decided, and nothing of it reached the disk
	}
	if err := a.store.EndCall(ctx, cdr); err != nil {
		return err
	}
	a.events.Publish(event.Event{Time: cdr.EndedAt, Type: event.CallEnded, Call: c.ID, Trunk: c.Trunk, Direction: c.Direction,
		From: c.From, To: c.To, By: event.ByCrash, Q850: 41, Reason: "crash", ConfigVersion: c.ConfigVersion,
		Recording: &event.Recording{ID: cdr.Recording.ID, Decision: cdr.Recording.Decision, Reason: cdr.Recording.Reason, Result: cdr.Recording.Result}})
	return nil
}

// fileCDRs writes the lines of records that are stored and not yet in the file.
func (a *App) fileCDRs(ctx context.Context) error {
	unfiled, err := a.store.Unfiled(ctx)
	if err != nil {
		return fmt.Errorf("store: CDRs without a line: %w", err)
	}
	for _, cdr := range unfiled {
		if _, filed := a.cdr.find(cdr.ID); !filed {
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
