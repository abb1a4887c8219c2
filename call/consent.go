package call

import (
	"context"
	"errors"
	"strings"

	"go.uber.org/zap"

	"assent/consent"
	"assent/event"
	"assent/flowexec"
	"assent/media"
	"assent/policy"
	"assent/store"
)

// consentRequired is the trunk's recording.consent that arms the gate.
const consentRequired = "required"

// consentState is the latest answer; the latest holds.
type consentState struct {
	state    policy.ConsentState
	method   string // rfc4733, info, inband, store, flow
	key      string
	prompt   string
	sha256   string // of the prompt's file, as it was played
	language string
	action   string
	digit    *media.Digit    // the accepted key, where one was pressed
	notice   *consent.Notice // how the question reached the caller; nil where none was played
	entry    *consent.Pending
}

// event is the answer as events and the CDR show it.
func (s consentState) event() *event.Consent {
	e := &event.Consent{State: string(s.state), Method: s.method, Key: s.key, Prompt: s.prompt,
		PromptSHA256: s.sha256, Language: s.language}
	e.Ledger = s.ledger()
	return e
}

// unheard says for an event why the question counts as not heard; "" where it does not.
func (s consentState) unheard() string {
	if s.notice == nil || s.notice.Heard {
		return ""
	}
	return "the question was not heard: " + s.notice.Why
}

// ledger is the index of the answer's entry, nil where the ledger has none.
func (s consentState) ledger() *int64 {
	if s.entry == nil || s.entry.Index() < 0 {
		return nil
	}
	index := s.entry.Index()
	return &index
}

// proof is the answer where the ledger has an entry of it, else nil.
func (s consentState) proof() *event.Consent {
	if s.ledger() == nil {
		return nil
	}
	return s.event()
}

// Asked tells that a consent question begins: its notice, then its input window.
func (v ivr) Asked(action string) {
	v.asked = &hearing{}
	v.publish(event.Event{Type: event.ConsentAsked, Action: action, Flow: v.flow.Name})
}

// Answer keeps the outcome of one executed consent question: in the ledger, in
// the consent store where the caller's number can be trusted, and as an event.
func (v ivr) Answer(_ context.Context, a flowexec.Consent) error {
	s := consentState{state: a.State, prompt: a.Prompt, language: v.place.language, action: a.Action, notice: v.notice()}
	v.asked = nil
	if a.Key != nil {
		s.key, s.method = string(a.Key.Digit), a.Key.Method
		if d, ok := a.Key.Ref.(media.Digit); ok {
			s.digit = &d
		}
	}
	if clip, ok := v.rules.Prompts.Clip(a.Prompt, s.language); ok {
		s.sha256 = clip.SHA256()
	}
	v.keep(s, "")
	if v.consent.ledger() == nil { // nothing could prove it: the flow then opens no gate
		return v.consent.entry.Err()
	}
	v.remember()
	if v.gate.open { // a later answer: it may end what an earlier one allowed
		v.decide("consent_answered")
	}
	return nil
}

// keep makes s the call's answer and writes it to the ledger.
func (c *Call) keep(s consentState, basis string) {
	data := consent.ConsentData{
		State: string(s.state), Method: s.method, Key: s.key, Prompt: s.prompt, PromptSHA256: s.sha256,
		Language: s.language, Action: s.action, Basis: basis, Caller: c.commitment(),
		Trunk: c.trunkName, Flow: c.flow.Name, Direction: c.direction(), ConfigVersion: c.rules.Version, Notice: s.notice,
	}
	if d := s.digit; d != nil {
		data.Leg, data.SSRC, data.RTPTime = c.caller.name, d.SSRC, d.End
	}
	s.entry = c.append(consent.TypeConsent, data)
	c.consent = s
	if basis == "" {
		c.publish(event.Event{Type: event.Type("consent." + string(s.state)), Action: s.action, Flow: c.flow.Name, Consent: s.event(), Detail: s.unheard()})
	}
}

// append writes a ledger entry of this call; it waits for nothing.
func (c *Call) append(kind string, data any) *consent.Pending {
	return c.deps.Ledger.Append(consent.Entry{Type: kind, Call: c.id, Time: c.deps.Now(), Data: data})
}

// commitment hides the caller's number for the ledger; without a number, or
// with the store away, there is none.
func (c *Call) commitment() string {
	if c.unknownSubject() {
		return ""
	}
	c.noted.wait()
	if errors.Is(c.noted.err, store.ErrAnonymous) { // a SIP name, no number
		return ""
	}
	if c.noted.err != nil {
		c.log.Error("no salt for the caller", zap.Error(c.noted.err))
		return ""
	}
	return consent.Commitment(c.noted.salt, c.subject())
}

// remember lists an answer in the store. A yes serves later calls until it
// expires, where the trunk vouches for its callers' numbers. A no revokes any
// earlier yes of the number, whoever vouches for it: if it was another's, he is
// asked once more.
func (c *Call) remember() {
	row := store.Consent{
		Call: c.id, State: string(c.consent.state), Method: c.consent.method, Prompt: c.consent.prompt,
		Language: c.consent.language, At: c.deps.Now(), LedgerIndex: c.consent.entry.Index(),
	}
	refused := c.consent.state == policy.StateDeclined || c.consent.state == policy.StateWithdrawn
	told := c.consent.method == methodAPI && !refused // to the agent: it serves its own call
	if (c.trusted() || refused) && !told && !c.unknownSubject() {
		row.Caller, row.ExpiresAt = c.subject(), row.At.Add(c.rules.ValidFor)
	}
	entry := c.consent.entry
	c.deps.late.Go(func() { // ends after two bounded waits
		ctx, done := bounded()
		defer done()
		if entry.Wait(ctx) == nil { // the next start holds the ledger against it
			row.LedgerHash = entry.Hash()
		}
		if err := c.deps.Store.PutConsent(ctx, row); err != nil {
			c.log.Error("consent not stored", zap.Error(err))
		}
	})
}

// OnFile looks up an earlier consent of this caller. Anyone can send a number,
// so only a trunk that vouches for its callers is believed.
func (v ivr) OnFile(_ context.Context, action string) (bool, error) {
	if v.anonymous() || !v.trusted() || v.consent.state == policy.StateDeclined || v.consent.state == policy.StateWithdrawn {
		return false, nil // a no in this call outdoes any earlier yes
	}
	ctx, done := bounded()
	defer done()
	found, err := v.deps.Store.FindConsent(ctx, v.from(), v.deps.Now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	v.keep(consentState{state: policy.StateOnFile, method: "store", prompt: found.Prompt, language: found.Language, action: action}, "")
	return true, nil
}

// EnableRecording is the action enable_participant_recording.
func (v ivr) EnableRecording(ctx context.Context, action string) error {
	return v.enableRecording(ctx, action)
}

// assertConsent writes down that the flow vouches for a consent that nobody
// was asked for in this call. The state stays not_asked.
func (c *Call) assertConsent(action string) {
	c.keep(consentState{state: policy.StateNotAsked, method: "flow", language: c.place.language, action: action}, consent.BasisAsserted)
}

// openGate fixes the barrier in every stream and opens the gate. Both happen
// in one step of the media driver, so there is no moment between them.
func (c *Call) openGate(action string) {
	barrier := c.session.Cut(c.consent.digit)
	c.gate = gate{open: true, barrier: barrier}
	c.rec.evidence = c.append(consent.TypeBarrier, consent.BarrierData{Action: action, ConfigVersion: c.rules.Version, Floors: floorsOf(barrier)})
	c.publish(event.Event{Type: event.RecordingGateOpened, Action: action, Flow: c.flow.Name, Consent: c.consent.event()})
}

// floorsOf renders the barrier for the ledger.
func floorsOf(b media.Barrier) []consent.Floor {
	floors := make([]consent.Floor, len(b.Floors))
	for i, f := range b.Floors {
		floors[i] = consent.Floor(f)
	}
	return floors
}

// withheld reads a Privacy header (RFC 3323 section 4.2, RFC 3325 section 7):
// whether it asks for the caller's identity to be hidden.
func withheld(privacy string) bool {
	for value := range strings.FieldsFuncSeq(privacy, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
		switch strings.ToLower(value) {
		case "id", "user", "header":
			return true
		}
	}
	return false
}
