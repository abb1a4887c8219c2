package call

import (
	"cmp"
	"context"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"assent/event"
	"assent/flowexec"
	"assent/media"
	"assent/media/sdp"
	"assent/policy"
	"assent/sip"
	"assent/stir"
	"assent/toll"
	"assent/trunk"
)

// Call is one call: the caller's leg, what it is led through, and whom it
// talks to. Its fields belong to its own goroutine.
type Call struct {
	// set once
	id      string
	deps    *Deps
	rules   *Rules
	invite  *sip.Invite
	log     *zap.Logger
	mail    *mailbox
	cancel  context.CancelCauseFunc // ends the call; the cause says why
	refused error                   // why the manager took it in only to refuse it
	started time.Time
	over    chan struct{} // closed when the call is forgotten

	// shared: written once by admit, read by signalling
	admittedBy atomic.Pointer[trunk.Seat]
	// shared: renewed with each event, read by those who look at running calls
	view atomic.Pointer[View]

	// set by admit, then fixed
	seat       *trunk.Seat
	trunk      trunk.Config
	trunkName  string // also of the trunk that refused
	retryAfter time.Duration
	flow       *flowexec.Flow

	// owned by the call's goroutine
	session *media.Session
	caller  party
	agent   *attempt   // who the caller talks to, nil in the flow and in a queue
	ringing []*attempt // who is being rung
	place   place
	moving  *moving       // a transfer that the far party asked for; nil for none
	lent    []*trunk.Seat // taken for far parties beside the flow's own
	early   *attempt      // whose ringing the caller hears before anybody answers
	keys    []media.Digit // typed, and not taken yet

	stationKeys, callerKeys sequence // towards sequences that control the recording

	vouched  stir.Result // who vouches for the caller's number; the zero one where nobody verified
	quiet    bool        // the silence that was waited for has come
	placed   *placed     // of a call that a station places; nil for one that came by a trunk
	last     *attempt    // the far party outside that was tried last
	tickets  []*toll.Ticket
	metering *time.Timer

	consent  consentState
	gate     gate
	rec      recording
	asked    *hearing   // the consent question that is asked, or was last
	retired  []*retired // recordings that ended before the call
	secure   securePause
	ending   *event.Ending
	folder   *event.Folder
	noted    *note          // the store's note of the call; nil for a call that was refused
	quality  *event.Quality // what the media counted, once it is closed
	settling bool           // the story is over: nothing begins any more
}

// party is one leg with its media: the caller, or a station being rung.
type party struct {
	name   string // caller or agent, the leg's name in events and sidecars
	leg    *sip.Leg
	stream *media.Stream
	local  *sdp.Local
	agreed sdp.Agreement

	early     []byte // the answer that 183 carried and 200 will carry again
	answered  bool
	confirmed bool // the ACK came; any answer it carried is applied
	ended     bool
}

// place is where in its story the call stands; policy sees it as facts.
type place struct {
	phase    policy.Phase
	queue    string
	station  string
	language string
	outside  bool   // only outside parties are left
	vain     string // the outcome of the last transfer, which reached nobody
}

// maxKeys bounds the digits typed ahead that a call keeps.
const maxKeys = 64

// postSIP leaves what a dialog says for the call's goroutine. What a peer can
// send at will is bounded; what comes a fixed number of times is never lost.
func (c *Call) postSIP(e sip.Event, handle func(sip.Event)) {
	switch e.(type) {
	case sip.Info, sip.Reoffer, sip.Ringing, sip.Progress:
		c.mail.post(func() { handle(e) })
	default:
		c.mail.postSure(func() { handle(e) })
	}
}

// postMedia does the same for what the media driver notices.
func (c *Call) postMedia(n media.Notice) {
	switch n.(type) {
	case media.DigitNotice, media.KeyNotice, media.QuietNotice, media.FirstMediaNotice, media.AudioNotice:
		c.mail.post(func() { c.onMedia(n) })
	default:
		c.mail.postSure(func() { c.onMedia(n) })
	}
}

// wait serves the mailbox until ready says so (true), d is over (false; 0 is
// no limit), or ctx ends (its cause as the error).
func (c *Call) wait(ctx context.Context, d time.Duration, ready func() bool) (bool, error) {
	var over <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		over = t.C
	}
	_, timedOut, err := await(ctx, c, over, ready)
	return err == nil && !timedOut, err
}

// await serves the mailbox until ready says so, a value arrives on ch or ch is
// closed (got is true), or ctx ends (its cause as the error).
func await[T any](ctx context.Context, c *Call, ch <-chan T, ready func() bool) (v T, got bool, err error) {
	for {
		c.mail.serve()
		if ctx.Err() != nil {
			return v, false, context.Cause(ctx)
		}
		if ready() {
			return v, false, nil
		}
		select {
		case <-ctx.Done():
		case <-c.mail.wake:
		case v = <-ch: // a hangup that came first counts first
			c.mail.serve()
			return v, ctx.Err() == nil, context.Cause(ctx)
		}
	}
}

// publish stamps an event with the call's facts, keeps it for the CDR and
// hands it out.
func (c *Call) publish(e event.Event) {
	e.Time, e.Call, e.ConfigVersion = c.deps.Now(), c.id, c.rules.Version
	e.Direction = c.direction()
	e.Trunk = c.trunkName
	if e.Queue == "" {
		e.Queue = c.place.queue
	}
	if e.Station == "" {
		e.Station = c.place.station
	}
	e.From, e.To = c.from(), c.to()
	c.folder.Add(e)
	c.look()
	c.deps.Events.Publish(e)
}

// from is the caller's number as the trunk gave it: the asserted identity
// where there is one, since a trunk's peer is trusted to assert.
// A station's call comes from the number that is its own.
func (c *Call) from() string {
	switch {
	case c.placed != nil:
		return cmp.Or(c.rules.Stations[c.placed.station].Number, c.placed.station)
	case c.anonymous():
		return anonymous
	case c.invite.Asserted != nil:
		return c.normal(c.invite.Asserted.User)
	}
	return c.normal(c.claimed())
}

// claimed is the number that the call says it comes from, withheld or not, as it came.
func (c *Call) claimed() string {
	if c.invite.Asserted != nil {
		return trunk.Number(c.invite.Asserted.User)
	}
	return trunk.Number(c.invite.From.User)
}

func (c *Call) to() string {
	if c.placed != nil {
		return c.placed.number
	}
	return c.normal(c.invite.Called)
}

// anonymous is the user part of a caller who withholds the number (RFC 3323
// section 4.1).
const anonymous = "anonymous"

// anonymous tells whether the caller's number is withheld or missing; stored
// consent is then never looked up.
func (c *Call) anonymous() bool {
	who := c.invite.From
	if c.invite.Asserted != nil {
		who = *c.invite.Asserted
	}
	return nameless(who) || withheld(c.invite.Privacy)
}

// nameless tells whether a party's address is one of those that carriers put in
// place of a number.
func nameless(p sip.Party) bool {
	for _, word := range []string{"", anonymous, "unknown", "unavailable", "restricted"} {
		if strings.EqualFold(p.User, word) {
			return true
		}
	}
	return strings.EqualFold(p.Host, "anonymous.invalid") // RFC 3323 section 4.1.1.3
}
