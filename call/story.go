package call

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"go.uber.org/zap"

	"assent/event"
	"assent/flowexec"
	"assent/policy"
)

// run lives one call from its INVITE to its CDR. Whatever the story ends with,
// a panic included, the call is settled exactly once.
func (c *Call) run(ctx context.Context) {
	defer c.cancel(nil)
	err := c.guarded(func() error { return c.tell(ctx) })
	c.settle(err)
}

// tell is the story of an inbound call, in the order in which it happens.
// It returns why the call ended: nil when the flow disconnected.
func (c *Call) tell(ctx context.Context) error {
	if c.placed = c.byStation(); c.placed != nil {
		return c.tellOutbound(ctx)
	}
	admitted := c.admit() // a trunk knows the source and the number, and has a seat
	c.publish(event.Event{Type: event.CallStarted})
	if admitted != nil {
		return c.refuse(admitted)
	}
	if err := c.verify(ctx); err != nil { // somebody vouches for the number, where the trunk asks
		return err
	}
	if err := c.listen(); err != nil { // SDP agreed, ports open
		return err
	}
	ctx, stop := c.limited(ctx)
	defer stop()
	if err := c.answer(ctx); err != nil { // 200 until ACK, or 183 where the agent answers
		return err
	}
	c.decide("answer")

	// The flow asks, and with enable_participant_recording opens the gate; its
	// transfers queue the caller, ring a station and stay until the talk is over.
	err := c.flow.Run(ctx, ivr{c}, c.log)
	if errors.Is(err, flowexec.ErrOver) {
		err = nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// enableRecording opens the gate, the action enable_participant_recording:
// drain, cut, ledger, gate, decision. It records nothing itself.
func (c *Call) enableRecording(ctx context.Context, action string) error {
	switch {
	case c.gate.open, c.trunk.Recording.Consent != consentRequired:
		return nil // running it again, or where nobody asks, changes nothing
	case !c.consent.state.OpensGate():
		c.log.Warn("gate stays closed", zap.String("action", action), zap.String("consent", string(c.consent.state)))
		c.publish(event.Event{Type: event.RecordingDecided, Action: action, Reason: string(policy.ReasonConsentMissing),
			Detail: "the gate stays closed: consent is " + string(c.consent.state), Consent: c.consent.event()})
		return nil
	}
	// The flow has drained; that nothing plays across the barrier is not left to it.
	if err := c.drain(ctx); err != nil { // a hangup meanwhile leaves the gate closed
		return err
	}
	c.publish(event.Event{Type: event.AudioDrained, Action: action})
	if c.consent.state == policy.StateNotAsked {
		c.assertConsent(action)
	}
	c.openGate(action)
	c.decide("gate_opened")
	return nil
}

// settle ends what the story began, newest first: no more audio, both legs,
// the recording, the ports and the seat; then the call's one end and its CDR.
// A step that breaks does not keep the next from being taken.
func (c *Call) settle(err error) {
	c.settling = true
	for _, step := range []func(){
		c.mail.serve, // what was said before the end counts
		func() { c.end(err) },
		c.untap,
		c.hangUp,
		c.seal,
		c.giveBack,
		func() { c.publishEnd(err) },
		c.writeCDR,
	} {
		_ = c.guarded(func() error { step(); return nil }) // it has logged what broke
	}
}

// guarded runs one part of the call's life and turns a panic in it into an
// error, so that one call's bug never ends another call.
func (c *Call) guarded(part func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrPanic, p)
			c.log.Error("call broke", zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
		}
	}()
	return part()
}
