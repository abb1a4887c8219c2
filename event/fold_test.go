package event

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

var began = time.Date(2026, 3, 4, 5, 6, 7, 891_234_567, time.FixedZone("CET", 3600))

const (
	callID      = "01JNG5M5W0000000000000CA11"
	recordingID = "01JNG5M5W0000000000000REC0"
	otherID     = "01JNG5M5W0000000000000REC1"
	sum         = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// story gives events the call's id and one second after the other.
func story(events ...Event) []Event {
	for i := range events {
		events[i].Time = began.Add(time.Duration(i) * time.Second)
		events[i].Call = callID
		events[i].Trunk, events[i].Direction = "carrier-a", Inbound
		events[i].From, events[i].To = "+4930123456", "+4980012345"
		events[i].ConfigVersion = "c0ffee"
	}
	return events
}

func entry(i int64) *int64 { return &i }

func decided(decision, reason string) Event {
	return Event{Type: RecordingDecided, Reason: reason, Recording: &Recording{Decision: decision, Reason: reason}}
}

var (
	started  = Event{Type: CallStarted}
	answered = Event{Type: CallAnswered}
	granted  = Event{Type: ConsentGranted, Consent: &Consent{State: "granted", Method: "rfc4733", Key: "1", Ledger: entry(7)}}
	bridged  = Event{Type: CallBridged, Queue: "support", Station: "agent-1"}
	recorded = Event{Type: RecordingStarted, Recording: &Recording{ID: recordingID}}
	sealed   = Event{Type: RecordingFinalized, Recording: &Recording{ID: recordingID, Result: ResultOK, File: recordingID + ".wav", SHA256: sum, DurationMS: 61000}}
	bye      = Event{Type: CallEnded, By: ByCaller, Q850: 16, Reason: "bye"}
)

// ends are all ways in which a call can end, each with what its record must say.
var ends = []struct {
	name      string
	events    []Event
	answered  bool
	ending    Ending
	consent   CDRConsent
	recording CDRRecording
}{
	{
		name: "says yes and is recorded",
		events: []Event{started, answered, {Type: ConsentAsked}, granted, {Type: RecordingGateOpened}, {Type: QueueEntered, Queue: "support"},
			decided("not_now", "phase_queue_wait"), bridged, decided("record", "allowed"), recorded, sealed,
			{Type: RecordingStored, Recording: &Recording{ID: recordingID, Result: ResultOK, File: recordingID + ".wav", SHA256: sum, DurationMS: 61000}}, bye},
		answered: true, ending: Ending{By: ByCaller, Q850: 16, Reason: "bye"},
		consent:   CDRConsent{State: "granted", Method: "rfc4733", Ledger: entry(7)},
		recording: CDRRecording{ID: recordingID, Decision: "record", Reason: "allowed", Result: ResultOK, File: recordingID + ".wav", SHA256: sum, DurationMS: 61000},
	},
	{
		name: "audio was kept though the last decision was another",
		events: []Event{started, answered, granted, bridged, decided("record", "allowed"), recorded, decided("pause", "secure_pause"),
			decided("not_now", "phase_ivr"), sealed, bye},
		answered: true, ending: Ending{By: ByCaller, Q850: 16, Reason: "bye"},
		consent:   CDRConsent{State: "granted", Method: "rfc4733", Ledger: entry(7)},
		recording: CDRRecording{ID: recordingID, Decision: "record", Reason: "allowed", Result: ResultOK, File: recordingID + ".wav", SHA256: sum, DurationMS: 61000},
	},
	{
		name: "says no",
		events: []Event{started, answered, {Type: ConsentAsked}, {Type: ConsentDeclined, Consent: &Consent{Method: "info", Ledger: entry(0)}},
			bridged, decided("no", "consent_missing"), {Type: CallEnded, By: ByAgent, Q850: 16, Reason: "bye"}},
		answered: true, ending: Ending{By: ByAgent, Q850: 16, Reason: "bye"},
		consent:   CDRConsent{State: "declined", Method: "info", Ledger: entry(0)},
		recording: CDRRecording{Decision: "no", Reason: "consent_missing", Result: ResultNone},
	},
	{
		name:     "hangs up while the question is played",
		events:   []Event{started, answered, {Type: ConsentAsked}, {Type: ConsentNoInput, Consent: &Consent{Ledger: entry(3)}}, bye},
		answered: true, ending: Ending{By: ByCaller, Q850: 16, Reason: "bye"},
		consent:   CDRConsent{State: "no_input", Ledger: entry(3)},
		recording: CDRRecording{Decision: "no", Result: ResultNone},
	},
	{
		name: "the latest answer holds",
		events: []Event{started, answered, granted, {Type: ConsentInvalid, Consent: &Consent{Method: "inband", Ledger: entry(9)}},
			{Type: ConsentAsked}, bye},
		answered: true, ending: Ending{By: ByCaller, Q850: 16, Reason: "bye"},
		consent:   CDRConsent{State: "invalid", Method: "inband", Ledger: entry(9)},
		recording: CDRRecording{Decision: "no", Result: ResultNone},
	},
	{
		name: "known from the consent store",
		events: []Event{started, answered, {Type: ConsentOnFile, Consent: &Consent{State: "on_file", Method: "store", Ledger: entry(4)}},
			{Type: RecordingGateOpened, Consent: &Consent{State: "on_file", Method: "store", Ledger: entry(5)}}, bye},
		answered: true, ending: Ending{By: ByCaller, Q850: 16, Reason: "bye"},
		consent:   CDRConsent{State: "on_file", Method: "store", Ledger: entry(4)},
		recording: CDRRecording{Decision: "no", Result: ResultNone},
	},
	{
		name: "the flow asserts a consent that was not asked for",
		events: []Event{started, answered, {Type: RecordingGateOpened, Consent: &Consent{State: "not_asked", Method: "flow", Ledger: entry(2)}},
			decided("record", "allowed"), recorded, sealed, bye},
		answered: true, ending: Ending{By: ByCaller, Q850: 16, Reason: "bye"},
		consent:   CDRConsent{State: "not_asked", Method: "flow", Ledger: entry(2)},
		recording: CDRRecording{ID: recordingID, Decision: "record", Reason: "allowed", Result: ResultOK, File: recordingID + ".wav", SHA256: sum, DurationMS: 61000},
	},
	{
		name: "withdraws, and the file is erased",
		events: []Event{started, answered, granted, bridged, decided("record", "allowed"), recorded,
			{Type: ConsentWithdrawn, Consent: &Consent{Method: "api", Ledger: entry(11)}}, decided("stop", "consent_withdrawn"), sealed,
			{Type: RecordingDeleted, Recording: &Recording{ID: recordingID}}, bye},
		answered: true, ending: Ending{By: ByCaller, Q850: 16, Reason: "bye"},
		consent:   CDRConsent{State: "withdrawn", Method: "api", Ledger: entry(11)},
		recording: CDRRecording{ID: recordingID, Decision: "stop", Reason: "consent_withdrawn", Result: ResultFailed},
	},
	{
		name: "the recording breaks",
		events: []Event{started, answered, granted, bridged, decided("record", "allowed"), recorded,
			{Type: RecordingFailed, Reason: "failed", Recording: &Recording{ID: recordingID, File: "left over", SHA256: sum}}, bye},
		answered: true, ending: Ending{By: ByCaller, Q850: 16, Reason: "bye"},
		consent:   CDRConsent{State: "granted", Method: "rfc4733", Ledger: entry(7)},
		recording: CDRRecording{ID: recordingID, Decision: "record", Reason: "allowed", Result: ResultFailed},
	},
	{
		name: "the disk is full",
		events: []Event{started, answered, granted, bridged, decided("record", "allowed"), recorded,
			{Type: RecordingFinalized, Recording: &Recording{ID: recordingID, Result: ResultDegraded, File: "x.wav", SHA256: sum, DurationMS: 5}},
			decided("no", "recorder_unavailable"), {Type: CallEnded, By: ByAgent}},
		answered: true, ending: Ending{By: ByAgent},
		consent:   CDRConsent{State: "granted", Method: "rfc4733", Ledger: entry(7)},
		recording: CDRRecording{ID: recordingID, Decision: "record", Reason: "allowed", Result: ResultDegraded, File: "x.wav", SHA256: sum, DurationMS: 5},
	},
	{
		name: "the recording is too short",
		events: []Event{started, answered, granted, bridged, decided("record", "allowed"), recorded,
			{Type: RecordingFailed, Recording: &Recording{ID: recordingID, Result: ResultTooShort, DurationMS: 20}}, bye},
		answered: true, ending: Ending{By: ByCaller, Q850: 16, Reason: "bye"},
		consent:   CDRConsent{State: "granted", Method: "rfc4733", Ledger: entry(7)},
		recording: CDRRecording{ID: recordingID, Decision: "record", Reason: "allowed", Result: ResultTooShort, DurationMS: 20},
	},
	{
		name: "the recorder was not ready",
		events: []Event{started, answered, granted, bridged, decided("no", "recorder_unavailable"),
			{Type: CallEnded, By: ByCaller, Q850: 16, Recording: &Recording{Result: ResultNone}}},
		answered: true, ending: Ending{By: ByCaller, Q850: 16},
		consent:   CDRConsent{State: "granted", Method: "rfc4733", Ledger: entry(7)},
		recording: CDRRecording{Decision: "no", Reason: "recorder_unavailable", Result: ResultBlocked},
	},
	{
		name:     "the recorder never reports",
		events:   []Event{started, answered, granted, bridged, decided("record", "allowed"), recorded, bye},
		answered: true, ending: Ending{By: ByCaller, Q850: 16, Reason: "bye"},
		consent:   CDRConsent{State: "granted", Method: "rfc4733", Ledger: entry(7)},
		recording: CDRRecording{ID: recordingID, Decision: "record", Reason: "allowed", Result: ResultFailed},
	},
	{
		name: "a second recording breaks after a first that was kept",
		events: []Event{started, answered, granted, decided("record", "allowed"), recorded, sealed,
			{Type: RecordingStarted, Recording: &Recording{ID: otherID}}, {Type: RecordingFailed, Recording: &Recording{ID: otherID}}, bye},
		answered: true, ending: Ending{By: ByCaller, Q850: 16, Reason: "bye"},
		consent:   CDRConsent{State: "granted", Method: "rfc4733", Ledger: entry(7)},
		recording: CDRRecording{ID: recordingID, Decision: "record", Reason: "allowed", Result: ResultOK, File: recordingID + ".wav", SHA256: sum, DurationMS: 61000},
	},
	{
		name: "the end itself carries the recording",
		events: []Event{started, answered, granted, recorded,
			{Type: CallEnded, By: BySystem, Recording: &Recording{ID: recordingID, Result: ResultOK, File: "x.wav", SHA256: sum, DurationMS: 9}}},
		answered: true, ending: Ending{By: BySystem},
		consent:   CDRConsent{State: "granted", Method: "rfc4733", Ledger: entry(7)},
		recording: CDRRecording{ID: recordingID, Decision: "record", Reason: "allowed", Result: ResultOK, File: "x.wav", SHA256: sum, DurationMS: 9},
	},
	{
		name:    "CANCEL before the answer",
		events:  []Event{started, {Type: CallEnded, By: ByCaller, SIP: 487, Q850: 16, Reason: "cancelled"}},
		ending:  Ending{By: ByCaller, SIP: 487, Q850: 16, Reason: "cancelled"},
		consent: CDRConsent{State: "not_asked"}, recording: CDRRecording{Decision: "no", Result: ResultNone},
	},
	{
		name:    "no ACK comes",
		events:  []Event{started, {Type: CallEnded, By: BySystem, Q850: 102, Reason: "no_ack"}},
		ending:  Ending{By: BySystem, Q850: 102, Reason: "no_ack"},
		consent: CDRConsent{State: "not_asked"}, recording: CDRRecording{Decision: "no", Result: ResultNone},
	},
	{
		name:     "the flow disconnects",
		events:   []Event{started, answered, {Type: CallEnded, By: ByFlow, Q850: 16, Reason: "disconnect"}},
		answered: true, ending: Ending{By: ByFlow, Q850: 16, Reason: "disconnect"},
		consent: CDRConsent{State: "not_asked"}, recording: CDRRecording{Decision: "no", Result: ResultNone},
	},
	{
		name:    "refused, with the end behind it",
		events:  []Event{started, {Type: CallRefused, SIP: 404, Q850: 1, Reason: "unknown_number"}, {Type: CallEnded, By: BySystem}},
		ending:  Ending{By: BySystem, SIP: 404, Q850: 1, Reason: "unknown_number"},
		consent: CDRConsent{State: "not_asked"}, recording: CDRRecording{Decision: "no", Result: ResultNone},
	},
	{
		name:    "refused, and nothing else",
		events:  []Event{{Type: CallRefused, SIP: 503, Q850: 34, Reason: "trunk_calls_limit"}},
		ending:  Ending{By: BySystem, SIP: 503, Q850: 34, Reason: "trunk_calls_limit"},
		consent: CDRConsent{State: "not_asked"}, recording: CDRRecording{Decision: "no", Result: ResultNone},
	},
	{
		name:    "the process died, and the next one writes the record",
		events:  []Event{started, {Type: RecordingFinalized, Recording: &Recording{ID: recordingID, Result: ResultDegraded, File: "x.wav", SHA256: sum, DurationMS: 1}}, {Type: CallEnded, By: ByCrash, Reason: "crash"}},
		ending:  Ending{By: ByCrash, Reason: "crash"},
		consent: CDRConsent{State: "not_asked"}, recording: CDRRecording{ID: recordingID, Decision: "record", Reason: "allowed", Result: ResultDegraded, File: "x.wav", SHA256: sum, DurationMS: 1},
	},
	{
		name:    "only its end is known",
		events:  []Event{{Type: CallEnded}},
		ending:  Ending{By: BySystem},
		consent: CDRConsent{State: "not_asked"}, recording: CDRRecording{Decision: "no", Result: ResultNone},
	},
}

func TestCallIsFoldedWhicheverWayItEnds(t *testing.T) {
	for _, tt := range ends {
		t.Run(tt.name, func(t *testing.T) {
			events := story(append([]Event(nil), tt.events...)...)
			got := Fold(events)
			if got.ID != callID || got.Trunk != "carrier-a" || got.Direction != Inbound || got.From != "+4930123456" ||
				got.To != "+4980012345" || got.ConfigVersion != "c0ffee" {
				t.Errorf("who called whom: %+v", got)
			}
			if !got.StartedAt.Equal(events[0].Time) || !got.EndedAt.Equal(events[len(events)-1].Time) {
				t.Errorf("from %s to %s", got.StartedAt, got.EndedAt)
			}
			if got.AnsweredAt.IsZero() == tt.answered {
				t.Errorf("answered at %s", got.AnsweredAt)
			}
			if got.Ending != tt.ending {
				t.Errorf("ending %+v, want %+v", got.Ending, tt.ending)
			}
			if !reflect.DeepEqual(got.Consent, tt.consent) {
				t.Errorf("consent %+v, want %+v", got.Consent, tt.consent)
			}
			if got.Recording != tt.recording {
				t.Errorf("recording %+v, want %+v", got.Recording, tt.recording)
			}
			validate(t, CDRSchema, got)
		})
	}
}

func TestOnlyTheFirstEndCounts(t *testing.T) {
	events := story(started, answered, bye, Event{Type: CallEnded, By: ByAgent, SIP: 500, Reason: "late"},
		Event{Type: ConsentGranted}, bridged)
	got := Fold(events)
	if got.Ending.By != ByCaller || !got.EndedAt.Equal(events[2].Time) || got.Consent.State != "not_asked" || got.Station != "" {
		t.Errorf("after its end the call went on: %+v", got)
	}
}

func TestRecordingSealedAfterTheEndIsFolded(t *testing.T) {
	f := NewFolder()
	for _, e := range story(started, answered, granted, recorded, bye) {
		if f.Ended() {
			t.Fatal("ended before its end")
		}
		f.Add(e)
	}
	if !f.Ended() || f.CDR().Recording.Result != ResultFailed {
		t.Errorf("at the end: %+v", f.CDR().Recording)
	}
	f.Add(sealed)
	if got := f.CDR().Recording; got.Result != ResultOK || got.Reason != "allowed" {
		t.Errorf("after sealing: %+v", got)
	}
}

func TestDeletingAnotherRecordingChangesNothing(t *testing.T) {
	events := story(started, answered, granted, recorded, sealed, Event{Type: RecordingDeleted, Recording: &Recording{ID: otherID}}, bye)
	if got := Fold(events).Recording; got.Result != ResultOK || got.File == "" {
		t.Errorf("%+v", got)
	}
}

func TestTransferMovesTheCallToAnotherQueueAndStation(t *testing.T) {
	got := Fold(story(started, answered, bridged, Event{Type: CallTransferred, Queue: "sales"}, Event{Type: CallBridged, Station: "agent-2"}, bye))
	if got.Queue != "sales" || got.Station != "agent-2" {
		t.Errorf("queue %s, station %s", got.Queue, got.Station)
	}
}

func TestRecordKeepsNothingThatItsEventsPointAt(t *testing.T) {
	ledger, quality := int64(5), &Quality{Caller: &LegQuality{Packets: 10}, Agent: &LegQuality{Packets: 20}}
	cdr := Fold(story(started, Event{Type: ConsentGranted, Consent: &Consent{Ledger: &ledger}}, Event{Type: CallEnded, Quality: quality}))
	ledger, quality.Caller.Packets, quality.Agent.Packets = 0, 0, 0
	if *cdr.Consent.Ledger != 5 || cdr.Quality.Caller.Packets != 10 || cdr.Quality.Agent.Packets != 20 {
		t.Errorf("the record changed with its events: %+v", cdr)
	}
}

func TestFoldingInStepsAndAtOnceIsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	types := Types()
	for range 500 {
		var events []Event
		f := NewFolder()
		for range r.IntN(30) {
			e := Event{Type: types[r.IntN(len(types))], By: BySystem}
			if r.IntN(2) == 0 {
				e.Recording = &Recording{ID: recordingID, Result: []string{"", ResultOK, ResultFailed, ResultNone}[r.IntN(4)]}
			}
			events = append(events, e)
		}
		ended := 0
		for _, e := range story(events...) {
			before := f.Ended()
			f.Add(e)
			if f.Ended() && !before {
				ended++
			}
		}
		if got, want := f.CDR(), Fold(events); !reflect.DeepEqual(got, want) || ended > 1 {
			t.Fatalf("%d ends, %+v, want %+v", ended, got, want)
		}
		if f.Ended() {
			validate(t, CDRSchema, f.CDR())
		}
	}
}

func TestFiguresThatAreNotFiniteDoNotCostTheRecord(t *testing.T) {
	q := &Quality{Caller: &LegQuality{LossPercent: math.NaN(), JitterMS: math.Inf(1), RTTMS: math.Inf(-1)}}
	validate(t, CDRSchema, Fold(story(started, Event{Type: CallEnded, Quality: q})))
}

func TestRunningCallHasNoEnd(t *testing.T) {
	if got := Fold(story(started, answered)); !got.EndedAt.IsZero() || got.Recording.Result != ResultNone {
		t.Errorf("%+v", got)
	}
}
