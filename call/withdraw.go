package call

import (
	"context"
	"errors"
	"slices"

	"assent/consent"
	"assent/event"
	"assent/policy"
	"assent/recorder"
)

// ErrNotNow says that consent can't be given from outside in this phase: the
// flow asks for it, or nobody talks yet.
var ErrNotNow = errors.New("consent can be given from outside only while the parties talk")

// methodAPI is the method of a consent that who runs the service has entered.
const methodAPI = "api"

// Withdraw takes the consent of a running call's caller back. Doing so again
// changes nothing.
func (m *Manager) Withdraw(ctx context.Context, id string) (View, error) {
	return m.change(ctx, id, func(c *Call) error { c.withdraw(event.ByAPI); return nil })
}

// Grant enters a consent that the caller of a running call has given to the
// agent, also after a withdrawal. It opens the gate with a barrier of its own.
func (m *Manager) Grant(ctx context.Context, id string) (View, error) {
	return m.change(ctx, id, (*Call).grant)
}

// withdraw follows a caller who takes the consent back: a barrier behind which
// nothing is recorded, the ledger, the stored consent, and the recording as the
// trunk's on_withdrawal says. It closes the gate; only a new consent, with a new
// barrier, opens it again.
func (c *Call) withdraw(by string) {
	if c.consent.state == policy.StateWithdrawn || c.settling {
		return
	}
	barrier := c.session.Revoke()
	data := consent.WithdrawnData{By: by, Effect: c.trunk.Recording.OnWithdrawal, Floors: floorsOf(barrier)}
	if c.rec.writer != nil {
		data.Recording = c.rec.writer.ID()
		data.PositionMS = c.silence()
	}
	c.consent = consentState{state: policy.StateWithdrawn, method: by, language: c.place.language, entry: c.append(consent.TypeWithdrawn, data)}
	c.gate = gate{}
	c.publish(event.Event{Type: event.ConsentWithdrawn, By: by, Consent: c.consent.event()})
	c.remember()
	c.decide("consent_withdrawn")
}

// silence keeps all further audio out of the recording, at once, and returns where
// in it that takes effect, in milliseconds. What becomes of the recording follows.
func (c *Call) silence() int64 {
	if c.rec.tap == nil {
		return 0
	}
	var end int64
	if c.trunk.Recording.OnWithdrawal == policy.WithdrawalKeep {
		c.rec.tap.Pause(gapWithdrawn)
		end = c.rec.tap.End()
	} else {
		end = c.rec.tap.Close()
	}
	rate := int64(c.rec.rateHz)
	return (end*1000 + rate - 1) / rate
}

// gapWithdrawn is the type of a gap behind a withdrawal.
const gapWithdrawn = "withdrawn"

// grant enters a consent from outside.
func (c *Call) grant() error {
	talking := slices.Contains([]policy.Phase{policy.PhaseTalk, policy.PhaseHold}, c.place.phase)
	switch {
	case c.settling || !talking:
		return ErrNotNow
	case c.gate.open && c.consent.state.OpensGate():
		return nil
	}
	c.keep(consentState{state: policy.StateGranted, method: methodAPI, language: c.place.language}, "")
	if c.consent.ledger() == nil { // nothing could prove it
		return c.consent.entry.Err()
	}
	c.remember()
	if c.trunk.Recording.Consent == consentRequired && !c.gate.open {
		c.openGate(methodAPI)
	}
	c.decide("consent_granted")
	return nil
}

// stopRecording ends the recording for good where consent is withdrawn. What
// was recorded stays, in a timeline that goes on without sound (keep); stays, in
// a file that ends at the barrier (truncate); or goes (erase).
func (c *Call) stopRecording() {
	if c.rec.writer == nil {
		return
	}
	switch c.trunk.Recording.OnWithdrawal {
	case policy.WithdrawalErase:
		c.retire(recorder.Final{Erase: true})
	case policy.WithdrawalTruncate:
		c.retire(recorder.Final{})
	default:
		c.pause(gapWithdrawn)
	}
}

// retired is a recording that ended before its call.
type retired struct {
	writer *recorder.Recording
	erased bool
	told   bool
}

// retire ends the present recording while the call goes on; a later decision to
// record begins another one. Its result is told when it is known, at the latest
// with the call's end.
func (c *Call) retire(end recorder.Final) {
	if c.rec.tap != nil {
		end.Position = c.rec.tap.Close()
	}
	c.mail.serve() // the first sample may have been noticed just now
	c.countBeeps()
	r := &retired{writer: c.rec.writer, erased: end.Erase}
	r.writer.Finish(end)
	c.rec.writer, c.rec.tap, c.rec.paused, c.rec.first = nil, nil, "", nil
	c.retired = append(c.retired, r)
	c.deps.late.Go(func() { // ends with the recorder at the latest
		<-r.writer.Done()
		c.mail.postSure(func() { c.tellRetired(r) })
	})
}

// tellRetired tells once what became of a recording that ended before its call.
func (c *Call) tellRetired(r *retired) {
	if r.told {
		return
	}
	r.told = true
	result := r.writer.Result()
	if !r.erased || result.Err != nil {
		c.tellResult(result)
		return
	}
	c.append(consent.TypeErased, consent.ErasedData{What: "recording", Recording: result.ID, By: c.consent.method, Reason: string(policy.ReasonConsentWithdrawn)})
	c.rec.done = &event.Recording{ID: result.ID, Result: recorder.ResultFailed, Decision: string(policy.VerdictStop), Reason: string(policy.ReasonConsentWithdrawn)}
	c.publish(event.Event{Type: event.RecordingDeleted, Reason: string(policy.ReasonConsentWithdrawn), Recording: c.rec.done})
}
