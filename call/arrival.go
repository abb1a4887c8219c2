package call

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"assent/event"
	"assent/media"
	"assent/media/sdp"
	"assent/sip"
	"assent/store"
	"assent/trunk"
)

// confirmTimeout bounds the wait for the caller's answer to our offer, where
// the INVITE had none. It is a little over the 64·T1 after which sip gives an
// unacknowledged 200 up (RFC 3261 section 13.3.1.4).
const confirmTimeout = 40 * time.Second

// refusals maps what the trunk table says to the call's own errors.
var refusals = map[string]error{
	trunk.UnknownSource: ErrUnknownSource,
	trunk.UnknownNumber: ErrUnknownNumber,
	trunk.CallsLimit:    ErrTrunkFull,
	trunk.RateLimit:     ErrTrunkRate,
	trunk.Draining:      ErrTrunkDraining,
}

// admit finds the trunk and takes a seat in it, or says why the call is
// refused. A trunk that requires recordings refuses where none can be made.
func (c *Call) admit() error {
	if c.refused != nil {
		return c.refused
	}
	if c.invite.MaxForwards <= 0 {
		return ErrTooManyHops
	}
	seat, refusal := c.seatOf()
	if refusal != nil {
		return c.refusal(refusal)
	}
	c.seat, c.trunk, c.trunkName = seat, seat.Config(), seat.Trunk()
	c.admittedBy.Store(seat)
	c.log = c.log.With(zap.String("trunk", c.trunkName))
	c.begin()
	if err := c.invite.Leg.Agree(trunkTerms(c.trunk)); err != nil {
		return err
	}
	if c.trunk.Recording.Required && !c.recorderReady() {
		return ErrRecorderRequired
	}
	flow, ok := c.rules.Flows.Flow(c.trunk.Flow)
	if !ok { // the loader checks this: a bug, not an operator's mistake
		return fmt.Errorf("trunk %s: flow %q is not loaded", c.trunkName, c.trunk.Flow)
	}
	c.flow = flow
	return nil
}

// seatOf takes a seat on the trunk that proved who it is, else on the one whose source the call comes from.
func (c *Call) seatOf() (*trunk.Seat, *trunk.Refusal) {
	if name := c.invite.Account.Trunk; name != "" {
		return c.rules.Trunks.AdmitProven(name, c.invite.Called, c.deps.Now())
	}
	if c.invite.Account.Station != "" { // one that may place no calls
		return nil, &trunk.Refusal{Code: trunk.UnknownNumber}
	}
	return c.rules.Trunks.Admit(trunk.Origin{Addr: c.invite.Source, Certified: c.invite.Certified}, c.invite.Called, c.deps.Now())
}

// refuse reports a trunk's limit as an event of its own.
func (c *Call) refuse(why error) error {
	if errors.Is(why, ErrTrunkFull) || errors.Is(why, ErrTrunkRate) {
		c.publish(event.Event{Type: event.TrunkLimitReached, Reason: causeOf(why).reason})
	}
	return why
}

// refusal turns the trunk table's no into the call's error.
func (c *Call) refusal(r *trunk.Refusal) error {
	err, ok := refusals[r.Code]
	if !ok {
		return fmt.Errorf("trunk %s refused: %s", r.Trunk, r.Code)
	}
	c.retryAfter, c.trunkName = r.RetryAfter, r.Trunk
	return err
}

// begin notes the running call in the store, so that a crash leaves a trace
// from which the next start writes its CDR, and fetches the salt that will hide
// the caller's number. A slow disk holds up no caller: it happens beside the call.
func (c *Call) begin() {
	row := store.Call{ID: c.id, Trunk: c.trunkName, Direction: c.direction(),
		From: c.from(), To: c.to(), StartedAt: c.started, ConfigVersion: c.rules.Version}
	known, subject := !c.unknownSubject(), c.subject()
	c.noted = &note{done: make(chan struct{})}
	c.deps.late.Go(func() { // ends after two bounded writes
		defer close(c.noted.done)
		ctx, done := bounded()
		defer done()
		if err := c.deps.Store.BeginCall(ctx, row); err != nil {
			c.log.Error("running call not stored", zap.Error(err))
		}
		if known {
			c.noted.salt, c.noted.err = c.deps.Store.Subject(ctx, subject)
		}
	})
}

// note is what the store makes of a call's beginning; it is read after done.
type note struct {
	done chan struct{}
	salt []byte
	err  error
}

// wait waits for the store, which is bounded itself.
func (n *note) wait() {
	if n != nil {
		<-n.done
	}
}

// limited ends the story after the trunk's max_duration, if it has one.
func (c *Call) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.trunk.MaxDuration <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, c.trunk.MaxDuration, ErrMaxDuration)
}

// listen opens the media session and the caller's ports.
func (c *Call) listen() error {
	c.session = c.deps.Media.NewSession(media.SessionConfig{
		Guard:  c.rules.Guard,
		Notify: c.postMedia,
	})
	ports, srtp := streamOf(c.caller.name, c.trunk, c.invite.Source.Addr()), c.trunk.SRTP
	if c.placed != nil {
		ports = media.StreamConfig{Leg: c.caller.name, DTMF: trunk.DTMFAuto, Peer: c.invite.Source.Addr(),
			Learn: c.invite.Account.Station != ""} // it registered from wherever it is, behind a NAT too
		srtp = c.rules.Stations[c.placed.station].SRTP
	}
	stream, err := c.session.Open(ports)
	if err != nil {
		return fmt.Errorf("open the caller's media: %w", err)
	}
	c.caller.stream = stream
	c.caller.local = c.localSDP(stream, c.rules.Codecs, srtp)
	return nil
}

// answer agrees on media and answers the caller: 200 at once, or 183 where the
// trunk says that the agent answers. An INVITE without an offer gets ours, and
// its ACK is waited for, since it carries the answer.
func (c *Call) answer(ctx context.Context) error {
	if c.invite.Offer == nil {
		return c.answerWithOffer(ctx)
	}
	body, agreed, err := answerTo(c.invite.Offer, c.caller.local)
	if err != nil {
		return err
	}
	c.apply(&c.caller, agreed)
	if c.trunk.Answer == trunk.AnswerOnAgent {
		c.caller.early = body
		c.caller.leg.Progress(body)
		return nil
	}
	return c.answered(ctx, body)
}

// answered sends the 200 and tells so.
func (c *Call) answered(ctx context.Context, body []byte) error {
	if c.caller.answered {
		return nil
	}
	if err := c.caller.leg.Answer(body); err != nil {
		if errors.Is(err, sip.ErrOver) { // a CANCEL crossed: its end is on its way
			_, _ = c.wait(ctx, time.Second, func() bool { return c.caller.ended }) // either way the answer failed
		}
		return fmt.Errorf("%w: answer: %w", ErrSignalling, err)
	}
	c.caller.answered = true
	c.publish(event.Event{Type: event.CallAnswered})
	return nil
}

// answerWithOffer answers an INVITE that had no offer (RFC 3261 section
// 13.2.1): at once, since only a 200 can carry ours.
func (c *Call) answerWithOffer(ctx context.Context) error {
	if err := c.answered(ctx, c.caller.local.Offer(sdp.SendRecv)); err != nil {
		return err
	}
	ok, err := c.wait(ctx, confirmTimeout, func() bool { return c.caller.confirmed })
	switch {
	case err != nil:
		return err
	case !ok || !c.caller.agreed.Remote.IsValid():
		return ErrNotConfirmed
	}
	return nil
}

// onCaller handles what the caller's dialog says.
func (c *Call) onCaller(e sip.Event) {
	switch e := e.(type) {
	case sip.Confirmed:
		c.confirm(&c.caller, e.SDP)
	case sip.Reoffer:
		c.reoffer(&c.caller, e)
	case sip.Refer: // who calls is led by the flow, and brings nobody else in
		e.Refuse(sip.Cause{Status: 403})
	case sip.Refresh:
		c.refresh(&c.caller)
	case sip.Reanswered:
		c.reanswered(&c.caller, e.SDP)
	case sip.Info:
		c.onInfo(&c.caller, e)
	case sip.Ended:
		c.caller.ended = true
		c.endBy(c.callerWord(), e, ErrCallerLeft)
	}
}

// onMedia handles what the media driver notices.
func (c *Call) onMedia(n media.Notice) {
	switch n := n.(type) {
	case media.DigitNotice:
		c.onKey(n.Stream, n.Digit)
	case media.KeyNotice:
		c.tellKey(n)
	case media.QuietNotice:
		c.quiet = true
	case media.FirstSampleNotice:
		c.onFirstSample(n)
	case media.AudioNotice:
		c.onAudio(n)
	case media.TimeoutNotice:
		c.log.Warn("no RTP", zap.Bool("caller", n.Stream == c.caller.stream))
		c.cancel(ErrNoMedia)
	}
}
