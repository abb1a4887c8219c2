package call_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"

	"assent/call"
	"assent/consent"
	"assent/demo/phone"
	"assent/event"
	"assent/policy"
	"assent/queue"
	"assent/store"
	"assent/trunk"
)

// press answers the newest question with a key; none is waited out.
func (n *node) press(c *phone.Call, key string) {
	n.t.Helper()
	answers := n.answers()
	n.until("the question", func() bool { return len(n.all(event.ConsentAsked)) > answers })
	var pressed time.Time
	n.until("an answer", func() bool {
		// A key that comes before its window opens is none, as on any telephone.
		if key != "" && time.Since(pressed) > pressAgain {
			c.Press(key)
			pressed = time.Now()
		}
		return n.answers() > answers
	})
}

// pressAgain is longer than a press of a phone and its way.
const pressAgain = 500 * time.Millisecond

// answers counts the questions that are over.
func (n *node) answers() (count int) {
	for _, t := range []event.Type{event.ConsentGranted, event.ConsentDeclined, event.ConsentInvalid, event.ConsentNoInput} {
		count += len(n.all(t))
	}
	return count
}

// order fails the test unless the events came in that order.
func (n *node) order(want ...event.Type) {
	n.t.Helper()
	have := n.types()
	at := -1
	for _, w := range want {
		next := slices.Index(have, w)
		if next <= at {
			n.t.Errorf("%s is missing or too early; events %v", w, have)
			return
		}
		at = next
	}
}

func TestYesOpensTheGateAndRecordsInTheOrderPromised(t *testing.T) {
	t.Parallel()
	n := start(t, plan{answer: phone.Answer{Status: 200, Voice: phone.Tone(1900, -16)}})
	c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
	n.press(c, "1")
	far := n.talk()
	n.saw(event.RecordingStarted)
	before := len(far.Packets())
	n.until("a fifth of a second of talk", func() bool { return len(far.Packets()) >= before+10 })
	n.hangup(c)
	cdr := n.wantEnding(ended("caller", 200, 16, "bye"))
	n.order(event.CallStarted, event.CallAnswered, event.FlowEntered, event.ConsentAsked, event.ConsentGranted, event.AudioDrained,
		event.RecordingGateOpened, event.QueueEntered, event.QueueLeft, event.CallBridged, event.RecordingStarted,
		event.RecordingFinalized, event.CallEnded)
	if cdr.Consent.State != "granted" || cdr.Consent.Method != "rfc4733" || cdr.Consent.Ledger == nil {
		t.Errorf("consent %+v", cdr.Consent)
	}
	if r := cdr.Recording; r.Result != "ok" || r.Reason != "allowed" || r.Decision != "record" || r.DurationMS < 100 {
		t.Errorf("recording %+v", r)
	}
	types, _ := n.entries(cdr.ID)
	if fmt.Sprint(types) != "[consent barrier started sealed]" {
		t.Errorf("ledger %v", types)
	}
	want := []string{"answer: consent_missing", "gate_opened: phase_ivr", "queue_entered: phase_queue_wait", "bridged: allowed"}
	if got := n.decisions(); !slices.Equal(got, want) {
		t.Errorf("decisions %v, want %v", got, want)
	}
	if cdr.Queue != "support" || cdr.Station != "agent-1" || cdr.Quality.Caller == nil || cdr.Quality.Agent == nil {
		t.Errorf("%+v", cdr)
	}
}

// A caller who holds the call takes no audio: what was asked meanwhile was not heard, and a yes to it is none.
func TestYesToAQuestionThatPlayedOnHoldIsAskedAgainAndThenNone(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: strings.Replace(consentTasks, "start: ask\ntasks:", `start: first
tasks:
  first:
    - collect_input: { name: Wait, digits: 1, no_entry_timeout: 60s, outcomes: { "9": ask } }
    - goto: bye`, 1)})
	c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
	n.saw(event.FlowEntered)
	must(t, c.Hold(t.Context(), true))
	n.saw(event.CallHeld)
	c.Press("9")
	n.press(c, "1")
	n.talk()
	n.hangup(c)
	cdr := n.record()
	if cdr.Consent.State != "no_input" || cdr.Recording.Reason != "consent_missing" || len(n.files()) != 0 {
		t.Errorf("consent %+v, recording %+v, files %v", cdr.Consent, cdr.Recording, n.files())
	}
	_, records := n.entries(cdr.ID)
	d, ok := records[0].Data.(consent.ConsentData)
	if !ok || d.Notice == nil || d.Notice.Heard || d.Notice.Why != "hold" || d.Notice.Plays != 2 {
		t.Errorf("ledger %+v, notice %+v", records, d.Notice)
	}
	if e := n.saw(event.ConsentNoInput); e.Detail != "the question was not heard: hold" {
		t.Errorf("%+v", e)
	}
}

func TestLedgerSaysHowTheQuestionWasSent(t *testing.T) {
	t.Parallel()
	n := start(t, plan{})
	c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
	n.press(c, "1")
	n.talk()
	n.hangup(c)
	_, records := n.entries(n.record().ID)
	d, ok := records[0].Data.(consent.ConsentData)
	if !ok || d.Notice == nil || !d.Notice.Heard || d.Notice.Plays != 1 || d.Notice.Packets < 10 || d.Notice.Interrupted {
		t.Errorf("ledger %+v, notice %+v", records, d.Notice)
	}
}

func TestAnAnswerThatIsNoYesLeavesTheGateClosedWithAnEventAndAWarning(t *testing.T) {
	t.Parallel()
	for key, state := range map[string]string{"2": "declined", "5": "invalid", "": "no_input"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			n := start(t, plan{})
			c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
			n.press(c, key)
			n.talk()
			n.saw(event.CallBridged)
			n.hangup(c)
			cdr := n.record()
			if cdr.Consent.State != state || cdr.Recording.Reason != "consent_missing" || cdr.Recording.Result != "none" || len(n.files()) != 0 {
				t.Errorf("consent %+v, recording %+v, files %v", cdr.Consent, cdr.Recording, n.files())
			}
			if len(n.all(event.RecordingGateOpened)) != 0 {
				t.Error("the gate opened")
			}
			told := slices.ContainsFunc(n.all(event.RecordingDecided), func(e event.Event) bool { return e.Action == "Enable" })
			if warned := n.logs.FilterMessage("gate stays closed").FilterLevelExact(zapcore.WarnLevel).Len(); !told || warned != 1 {
				t.Errorf("told by an event: %v, by %d warnings; want both", told, warned)
			}
			if types, _ := n.entries(cdr.ID); fmt.Sprint(types) != "[consent]" {
				t.Errorf("ledger %v", types)
			}
		})
	}
}

// enableTasks open the gate without a question, twice.
const enableTasks = `
start: allow
tasks:
  allow:
    - enable_participant_recording: { name: Enable }
    - enable_participant_recording: { name: Again }
    - transfer_to_queue: { name: Queue, queue: support, outcomes: {} }
`

func TestNotAskedOpensTheGateOnceWithTheFlowsWord(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: enableTasks})
	c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
	n.talk()
	n.saw(event.RecordingStarted)
	n.hangup(c)
	cdr := n.record()
	if cdr.Consent.State != "not_asked" || cdr.Consent.Method != "flow" {
		t.Errorf("consent %+v", cdr.Consent)
	}
	if opened := n.all(event.RecordingGateOpened); len(opened) != 1 || opened[0].Action != "Enable" {
		t.Errorf("gate opened %+v", opened)
	}
	types, records := n.entries(cdr.ID)
	if fmt.Sprint(types) != "[consent barrier started sealed]" {
		t.Fatalf("ledger %v", types)
	}
	if d := records[0].Data.(consent.ConsentData); d.Method != "flow" || d.State != "not_asked" || d.Basis != "asserted" {
		t.Errorf("consent entry %+v", d)
	}
}

func TestWhereNobodyAsksTheActionChangesNothing(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: enableTasks, trunk: noConsent})
	c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
	n.talk()
	n.saw(event.RecordingStarted)
	n.hangup(c)
	cdr := n.record()
	types, records := n.entries(cdr.ID)
	if fmt.Sprint(types) != "[consent started sealed]" {
		t.Fatalf("ledger %v", types)
	}
	if d := records[0].Data.(consent.ConsentData); d.Basis != "not_required" {
		t.Errorf("consent entry %+v", d)
	}
	if len(n.all(event.RecordingGateOpened)) != 0 || n.logs.FilterLevelExact(zapcore.WarnLevel).Len() != 0 || n.logs.FilterLevelExact(zapcore.ErrorLevel).Len() != 0 {
		t.Errorf("events %v, warnings %v", n.types(), n.logs.FilterLevelExact(zapcore.WarnLevel).All())
	}
}

// longNotice is drained by the action; the caller leaves meanwhile.
const longNotice = `
start: allow
tasks:
  allow:
    - play_audio: { name: Long, tone: { hz: 400, length: 20s }, barge_in: false }
    - enable_participant_recording: { name: Enable }
    - transfer_to_queue: { name: Queue, queue: support, outcomes: {} }
`

func TestHangupWhilePromptsDrainLeavesTheGateClosed(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: longNotice})
	c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
	n.until("the notice", func() bool { return len(c.Packets()) > 5 })
	n.hangup(c)
	cdr := n.wantEnding(ended("caller", 200, 16, "bye"))
	if types, _ := n.entries(cdr.ID); len(types) != 0 || len(n.files()) != 0 || len(n.all(event.RecordingGateOpened)) != 0 {
		t.Errorf("ledger %v, files %v, events %v", types, n.files(), n.types())
	}
}

func TestEveryChangeIsDecided(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, trunk: noConsent})
	c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
	n.talk()
	n.saw(event.RecordingStarted)
	must(t, c.Hold(t.Context(), true))
	n.saw(event.RecordingPaused)
	must(t, c.Hold(t.Context(), false))
	n.saw(event.RecordingResumed)
	n.hangup(c)
	cdr := n.record()
	want := []string{"answer: phase_ivr", "queue_entered: phase_queue_wait", "bridged: allowed", "hold: phase_hold", "resume: allowed"}
	if got := n.decisions(); !slices.Equal(got, want) {
		t.Errorf("decisions %v, want %v", got, want)
	}
	stored, err := n.store.Decisions(t.Context(), cdr.ID)
	must(t, err)
	for i, d := range stored {
		if got := d.Trigger + ": " + string(d.Decision.Reason); got != want[i] || len(d.Decision.Steps) == 0 {
			t.Errorf("stored decision %d is %s with %d steps", i, got, len(d.Decision.Steps))
		}
	}
}

// A caller who is on hold when the agent answers is still on hold.
func TestHoldThatBeganInTheQueueHoldsInTheTalk(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, trunk: noConsent, answer: phone.Answer{Status: 200, After: 500 * time.Millisecond}})
	c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
	n.saw(event.QueueEntered)
	must(t, c.Hold(t.Context(), true))
	n.talk()
	n.saw(event.CallBridged)
	n.until("the decision", func() bool { return len(n.decisions()) >= 3 })
	n.hangup(c)
	n.record()
	if got := last(n.decisions()); got != "bridged: phase_hold" {
		t.Errorf("decided %q with the caller on hold, want bridged: phase_hold", got)
	}
}

func TestQueueWithoutRecordingHasNoFile(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, trunk: noConsent, queue: func(c *queue.Config) { c.Recording.Enabled = false }})
	c := n.dial(phone.Options{})
	n.talk()
	n.saw(event.CallBridged)
	n.hangup(c)
	if cdr := n.record(); cdr.Recording.Reason != "queue_disabled" || cdr.Recording.Result != "none" || len(n.files()) != 0 {
		t.Errorf("recording %+v, files %v", cdr.Recording, n.files())
	}
}

func TestRecorderThatIsNotReadyBlocksAndTheCallGoesOn(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, trunk: noConsent, dir: notAFolder(t)})
	c := n.dial(phone.Options{})
	n.talk()
	n.saw(event.CallBridged)
	n.hangup(c)
	cdr := n.wantEnding(ended("caller", 200, 16, "bye"))
	if r := cdr.Recording; r.Result != "blocked" || r.Reason != "recorder_unavailable" || r.Decision != "no" {
		t.Errorf("recording %+v", r)
	}
}

func TestRequiredRecordingRefusesWhereNoneCanBeMade(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, dir: notAFolder(t), trunk: func(c *trunk.Config) { c.Recording.Required = true }})
	c, err := n.tryDial(calledNumber, phone.Options{})
	if err == nil || c.Status() != 503 {
		t.Fatalf("error %v, want a 503", err)
	}
	n.wantEnding(ended("system", 503, 41, "recorder_unavailable"))
}

// notAFolder returns the path of a file.
func notAFolder(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, nil, 0o600))
	return path
}

// lookupTasks use the consent on file, or else go on without.
const lookupTasks = `
start: look
tasks:
  look:
    - data_lookup: { name: Look, source: consent, outcomes: { found: allow, not_found: end, failure: end } }
  allow:
    - enable_participant_recording: { name: Enable }
    - disconnect: { name: Granted }
  end:
    - disconnect: { name: End }
`

// earlier is an answer that the store has.
func (n *node) earlier(caller, state string, age, expires time.Duration) {
	n.t.Helper()
	at := time.Now().Add(-age)
	must(n.t, n.store.PutConsent(n.t.Context(), store.Consent{Call: event.NewID(), Caller: caller, State: state, At: at, ExpiresAt: at.Add(expires)}))
}

func TestStoredConsentServesOnlyWhomItMay(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		distrusted bool
		options    phone.Options
		before     func(*node)
		want       string
	}{
		"granted":        {before: func(n *node) { n.earlier(callerNumber, "granted", time.Hour, day) }, want: "on_file"},
		"not trusted":    {distrusted: true, before: func(n *node) { n.earlier(callerNumber, "granted", time.Hour, day) }, want: "not_asked"},
		"expired":        {before: func(n *node) { n.earlier(callerNumber, "granted", 2*day, day) }, want: "not_asked"},
		"another caller": {before: func(n *node) { n.earlier("+4911111", "granted", time.Hour, day) }, want: "not_asked"},
		"decline revokes": {before: func(n *node) {
			n.earlier(callerNumber, "granted", time.Hour, day)
			n.earlier(callerNumber, "declined", time.Minute, day)
		}, want: "not_asked"},
		"granted again": {before: func(n *node) {
			n.earlier(callerNumber, "declined", time.Hour, day)
			n.earlier(callerNumber, "granted", time.Minute, day)
		}, want: "on_file"},
		"privacy": {options: phone.Options{Headers: []string{"Privacy: id"}}, before: func(n *node) { n.earlier(callerNumber, "granted", time.Hour, day) }, want: "not_asked"},
		"asserted as Anonymous": {options: phone.Options{Headers: []string{"P-Asserted-Identity: <sip:Anonymous@anonymous.invalid>"}},
			before: func(n *node) { n.earlier(callerNumber, "granted", time.Hour, day) }, want: "not_asked"},
		"asserted number": {options: phone.Options{Headers: []string{"P-Asserted-Identity: <sip:+4922222@127.0.0.1>"}},
			before: func(n *node) { n.earlier("+4922222", "granted", time.Hour, day) }, want: "on_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := start(t, plan{flow: lookupTasks, deaf: true, trunk: func(tc *trunk.Config) { tc.TrustCaller = !c.distrusted }})
			c.before(n)
			<-n.dial(c.options).Ended()
			cdr := n.record()
			if cdr.Consent.State != c.want {
				t.Errorf("consent %s, want %s", cdr.Consent.State, c.want)
			}
			if opened := len(n.all(event.RecordingGateOpened)) == 1; opened != (c.want == "on_file") {
				t.Errorf("gate opened: %v", opened)
			}
			if strings.Contains(name, "nonymous") && strings.Contains(cdr.From, "nonymous") && cdr.From != "anonymous" {
				t.Errorf("from %q, want anonymous", cdr.From)
			}
		})
	}
}

func TestAnswersAreKeptForLaterCallsOnlyWhereTheCallerIsTrusted(t *testing.T) {
	t.Parallel()
	for _, trusted := range []bool{true, false} {
		t.Run(fmt.Sprint(trusted), func(t *testing.T) {
			t.Parallel()
			n := start(t, plan{trunk: func(c *trunk.Config) { c.TrustCaller = trusted }})
			c := n.dial(phone.Options{})
			n.press(c, "1")
			n.saw(event.ConsentGranted)
			n.hangup(c)
			n.record()
			n.until("the answer is stored", func() bool {
				kept, err := n.store.Consents(t.Context(), store.ConsentFilter{})
				return err == nil && len(kept) == 1
			})
			_, err := n.store.FindConsent(t.Context(), callerNumber, time.Now())
			if found := err == nil; found != trusted || err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("found: %v (%v), want %v", found, err, trusted)
			}
		})
	}
}

func TestANoRevokesAnEarlierYesEvenWhereTheCallerIsNotTrusted(t *testing.T) {
	t.Parallel()
	n := start(t, plan{})
	n.earlier(callerNumber, "granted", time.Hour, 24*time.Hour)
	c := n.dial(phone.Options{})
	n.press(c, "2")
	n.saw(event.ConsentDeclined)
	n.hangup(c)
	n.record()
	n.until("the yes is revoked", func() bool {
		_, err := n.store.FindConsent(t.Context(), callerNumber, time.Now())
		return errors.Is(err, store.ErrNotFound)
	})
}

func TestTheLedgerNamesTheActionThatFoundAConsentOnFile(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: lookupTasks, deaf: true, trunk: func(c *trunk.Config) { c.TrustCaller = true }})
	n.earlier(callerNumber, "granted", time.Hour, 24*time.Hour)
	<-n.dial(phone.Options{}).Ended()
	id := n.record().ID
	if e := n.saw(event.ConsentOnFile); e.Action != "Look" {
		t.Errorf("the event names %q", e.Action)
	}
	types, records := n.entries(id)
	if len(records) == 0 {
		t.Fatal("nothing in the ledger")
	}
	if d, ok := records[0].Data.(consent.ConsentData); !ok || d.Action != "Look" {
		t.Errorf("ledger entries %v, the first %+v; want a consent of the action Look", types, records[0].Data)
	}
}

// The store may fail to take a decline; the caller declined all the same.
func TestDeclineInThisCallIsNotOutdoneByTheStore(t *testing.T) {
	t.Parallel()
	n := start(t, plan{
		trunk: func(c *trunk.Config) { c.TrustCaller = true },
		store: func(s *store.Store) call.Store { return forgetful{s} },
		flow: strings.Replace(consentTasks, "  allow:\n", `  allow:
    - data_lookup: { name: Look, source: consent, outcomes: {} }
`, 1),
	})
	n.earlier(callerNumber, "granted", time.Hour, 24*time.Hour)
	c := n.dial(phone.Options{})
	n.press(c, "2")
	n.talk()
	n.hangup(c)
	if cdr := n.record(); cdr.Consent.State != "declined" || len(n.all(event.RecordingGateOpened)) != 0 {
		t.Errorf("consent %+v after a decline, events %v", cdr.Consent, n.types())
	}
}

// The gate stays open, but the latest answer holds: nothing after a no is kept.
func TestANoAfterTheGateIsOpenKeepsTheTalkOutOfAnyFile(t *testing.T) {
	t.Parallel()
	again := strings.Replace(consentTasks, "  allow:\n", `  allow:
    - enable_participant_recording: { name: Enable first }
    - collect_input:
        name: Ask again
        prompt: question
        notice: true
        digits: 1
        no_entry_timeout: 2s
        consent: { granted: "1", declined: "2" }
        outcomes: { "1": route, "2": route, no_input: route, invalid: route }
  never:
`, 1)
	n := start(t, plan{flow: again})
	c := n.dial(phone.Options{})
	n.press(c, "1")
	n.press(c, "2")
	n.talk()
	n.hangup(c)
	cdr := n.record()
	if cdr.Consent.State != "declined" || cdr.Recording.Result != "none" || cdr.Recording.Reason != "consent_missing" {
		t.Errorf("consent %+v, recording %+v", cdr.Consent, cdr.Recording)
	}
}

// forgetful is a store that keeps no answers.
type forgetful struct{ *store.Store }

func (forgetful) PutConsent(context.Context, store.Consent) error { return errors.New("disk full") }

func TestARecordingBeginsOnceWhatItNeedsIsReadyAgain(t *testing.T) {
	t.Parallel()
	var ready atomic.Bool
	n := start(t, plan{flow: queueTasks, trunk: noConsent, store: func(s *store.Store) call.Store { return away{s, &ready} }})
	c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
	n.talk()
	n.saw(event.CallBridged)
	if len(n.all(event.RecordingStarted)) != 0 {
		t.Error("recorded without a store")
	}
	ready.Store(true)
	n.saw(event.RecordingStarted)
	n.hangup(c)
	if r := n.record().Recording; r.Result != "ok" || r.Reason != "allowed" {
		t.Errorf("%+v", r)
	}
}

// away is a store that is not ready until it is told.
type away struct {
	*store.Store
	ready *atomic.Bool
}

func (a away) Ready() error {
	if a.ready.Load() {
		return nil
	}
	return errors.New("away")
}

func TestNumbersAreMaskedInTheLog(t *testing.T) {
	t.Parallel()
	n := start(t, plan{trunk: func(c *trunk.Config) { c.TrustCaller = true }})
	c := n.dial(phone.Options{})
	n.press(c, "1")
	n.talk()
	n.hangup(c)
	n.record()
	for _, e := range n.logs.All() {
		text := e.Message + fmt.Sprint(e.ContextMap())
		for _, number := range []string{callerNumber[1:], calledNumber[1:]} {
			if strings.Contains(text, number) {
				t.Errorf("the log shows a number: %s", text)
			}
		}
	}
}

func TestStationSideFollowsItsOwnRule(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks,
		trunk:   func(c *trunk.Config) { noConsent(c); c.Recording.Enabled = false },
		station: func(c *queue.StationConfig) { c.Recording = policy.StationRule{Enabled: true} }})
	c := n.dial(phone.Options{Voice: phone.Tone(700, -16)})
	n.talk()
	n.saw(event.RecordingStarted)
	n.hangup(c)
	if cdr := n.record(); cdr.Recording.Reason != "allowed" {
		t.Errorf("recording %+v", cdr.Recording)
	}
}
