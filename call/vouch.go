package call

import (
	"context"
	"errors"

	"go.uber.org/zap"

	"assent/event"
	"assent/stir"
	"assent/trunk"
)

// verify finds out whether somebody vouches for the caller's number. Where the
// certificate is at hand that takes no time. One that must be fetched is waited
// for where the trunk requires a verdict, or as long as it allows; else it is
// fetched beside the call.
func (c *Call) verify(ctx context.Context) error {
	rule := c.trunk.STIR
	if rule.Verify == "" || rule.Verify == stir.VerifyOff || c.rules.STIR == nil {
		return nil
	}
	asked := stir.Call{Identities: c.invite.Identities, From: c.claimed(), To: c.to(), ID: c.invite.CallID}
	r, known := c.rules.STIR.Known(asked, c.deps.Now())
	if known {
		return c.judged(r)
	}
	c.vouched = stir.Result{Verdict: stir.None, Reason: stir.Pending}
	return c.fetchVerdict(ctx, asked)
}

// fetchVerdict fetches what the verdict needs and serves the call meanwhile.
func (c *Call) fetchVerdict(ctx context.Context, asked stir.Call) error {
	var required error
	done := false
	c.deps.late.Go(func() { // ends within stir.timeout, or with the call
		r := c.rules.STIR.Verify(ctx, asked, c.deps.Now())
		if ctx.Err() != nil {
			return // that nobody waited is no verdict
		}
		c.mail.postSure(func() {
			done = true
			required = c.judged(r)
		})
	})
	switch rule := c.trunk.STIR; {
	case rule.Verify == stir.VerifyRequire: // Verify has its own end
		if _, err := c.wait(ctx, 0, func() bool { return done }); err != nil {
			return err
		}
	case rule.Wait > 0:
		if _, err := c.wait(ctx, rule.Wait, func() bool { return done }); err != nil {
			return err
		}
	}
	return required
}

// judged tells the verdict. The error refuses the call: where the trunk requires
// a number that somebody vouches for, and this one is not.
func (c *Call) judged(r stir.Result) error {
	c.vouched = r
	if r.Err != nil {
		c.log.Warn("the caller's identity does not hold", zap.Error(r.Err))
	}
	c.publish(event.Event{Type: event.CallVerified, Stir: &event.Stir{Verdict: string(r.Verdict), Attestation: string(r.Attestation),
		Reason: string(r.Reason), Signer: r.Signer, OrigID: r.OrigID}})
	if c.trunk.STIR.Verify != stir.VerifyRequire || r.Verdict == stir.Passed {
		return nil
	}
	return unvouched[r.Reason.Status()]
}

// endVerdict tells of a verdict that did not come before the call's end.
func (c *Call) endVerdict() {
	if c.vouched.Reason == stir.Pending {
		_ = c.judged(c.vouched) // there is nothing left to refuse
	}
}

// unvouched are the call's errors by the answer that RFC 8224 section 6.2.2 asks for.
var unvouched = map[int]error{
	403: ErrStaleIdentity, 428: ErrNoIdentity, 436: ErrIdentityInfo, 437: ErrCredential, 438: ErrInvalidIdentity,
}

// trusted tells whether the caller's number may be gone by: its trunk says so,
// and where the trunk verifies, nothing speaks against it. A verdict that is
// still to come does. A station's number is our own word.
func (c *Call) trusted() bool {
	if c.placed != nil {
		return true
	}
	return c.trunk.TrustCaller && c.vouched.Verdict != stir.Failed && c.vouched.Reason != stir.Pending
}

// sign vouches for the caller's number on a call that leaves by the trunk, if
// that signs; "" if it does not, or can't.
func (c *Call) sign(out *trunk.Seat, number string) string {
	if !out.Config().STIR.Sign || c.rules.STIR == nil {
		return ""
	}
	claim := stir.Claim{From: c.from(), To: number, Attestation: c.attest(out), OrigID: stir.NewOrigID()}
	identity, err := c.rules.STIR.Sign(claim, c.deps.Now())
	switch {
	case errors.Is(err, stir.ErrNotSigned):
		c.log.Info("call not signed", zap.String("to_trunk", out.Trunk()), zap.Error(err))
	case err != nil:
		c.log.Error("call not signed", zap.String("to_trunk", out.Trunk()), zap.Error(err))
	default:
		c.publish(event.Event{Type: event.CallSigned, Detail: "to trunk " + out.Trunk(),
			Stir: &event.Stir{Attestation: string(claim.Attestation), OrigID: claim.OrigID}})
	}
	return identity
}

// attest says how far we vouch (ATIS-1000074 section 4.2.3). Fully: the number is
// one of the trunk's own, and came from where it can be believed; a stranger who
// sends one of our numbers gets no more than the call's passage attested.
func (c *Call) attest(out *trunk.Seat) stir.Attestation {
	proved := c.vouched.Verdict == stir.Passed && c.vouched.Attestation == stir.Full
	switch {
	case (c.trusted() || proved) && out.Owns(c.from()):
		return stir.Full
	case c.trusted():
		return stir.Partial
	}
	return stir.Gateway
}
