package policy

import (
	"fmt"
	"testing"
)

// cell is one row of the decision table with what makes it match.
type cell struct {
	row     int
	reason  Reason
	verdict Verdict
	spoil   func(*Facts)
	key     string
}

var trunkCells = []cell{
	{1, ReasonConsentWithdrawn, VerdictStop, func(f *Facts) { f.Consent = StateWithdrawn }, "trunks.carrier-a.recording.on_withdrawal"},
	{2, ReasonTrunkDisabled, VerdictNo, func(f *Facts) { f.TrunkRule.Enabled = false }, "trunks.carrier-a.recording.enabled"},
	{3, ReasonConsentMissing, VerdictNo, func(f *Facts) { f.GateOpen = false }, "trunks.carrier-a.recording.consent"},
	{4, ReasonPhaseIVR, VerdictNotNow, func(f *Facts) { f.Phase = PhaseIVR }, "trunks.carrier-a.recording.suppress"},
	{5, ReasonPhaseQueueWait, VerdictNotNow, func(f *Facts) { f.Phase = PhaseQueueWait }, "trunks.carrier-a.recording.suppress"},
	{6, ReasonNoQueue, VerdictNo, func(f *Facts) { f.Queue = "" }, "trunks.carrier-a.recording.outside_queues"},
	{7, ReasonQueueDisabled, VerdictNo, func(f *Facts) { f.QueueRule.Enabled = false }, "queues.support.recording.enabled"},
	{8, ReasonPhaseConsult, VerdictNo, func(f *Facts) { f.Phase = PhaseConsult }, "trunks.carrier-a.recording.suppress"},
	{9, ReasonExternalOnly, VerdictNo, func(f *Facts) { f.OutsideOnly = true }, "trunks.carrier-a.recording.external_only"},
	{10, ReasonPeerRefused, VerdictNo, func(f *Facts) { f.PeerRefused = true }, ""},
	{11, ReasonRecorderUnavailable, VerdictNo, func(f *Facts) { f.RecorderReady = false }, ""},
	{12, ReasonPhaseHold, VerdictPause, func(f *Facts) { f.Phase = PhaseHold }, "trunks.carrier-a.recording.suppress"},
	{13, ReasonSecurePause, VerdictPause, func(f *Facts) { f.SecurePause = true }, ""},
	{14, ReasonAllowed, VerdictRecord, func(*Facts) {}, ""},
}

// cells returns the table of a side.
func cells(side Side) []cell {
	if side == SideTrunk {
		return trunkCells
	}
	var list []cell
	for _, c := range trunkCells {
		switch c.row {
		case 2:
			list = append(list, cell{2, ReasonStationDisabled, VerdictNo,
				func(f *Facts) { f.StationRule.Enabled = false }, "stations.agent-1.recording.enabled"})
		case 3:
			c.key = "trunks.carrier-a.recording.station_consent"
			list = append(list, c)
		case 6, 7:
		default:
			list = append(list, c)
		}
	}
	return list
}

func TestEachRowDecidesAlone(t *testing.T) {
	for _, side := range bothSides {
		for _, c := range cells(side) {
			f := recordable(side)
			c.spoil(&f)
			d := Evaluate(f, nil)
			if d.Side != side || d.Reason != c.reason || d.Verdict != c.verdict {
				t.Errorf("%s row %d: %s %s, want %s %s", side, c.row, d.Verdict, d.Reason, c.verdict, c.reason)
			}
			for _, s := range d.Steps {
				if s.Matched && (s.Row != c.row || s.Key != c.key) {
					t.Errorf("%s row %d: matched row %d with key %q, want key %q", side, c.row, s.Row, s.Key, c.key)
				}
			}
		}
	}
}

func TestFirstRowThatMatchesDecides(t *testing.T) {
	for _, side := range bothSides {
		table := cells(side)
		for i, first := range table {
			for _, later := range table[i+1:] {
				f := recordable(side)
				later.spoil(&f)
				first.spoil(&f) // where both set the phase, the earlier one stands
				if got := Evaluate(f, nil).Reason; got != first.reason {
					t.Errorf("%s rows %d and %d: %s, want %s", side, first.row, later.row, got, first.reason)
				}
			}
		}
	}
}

func TestStationSideDoesNotLookAtTrunkSwitchOrQueues(t *testing.T) {
	f := recordable(SideStation)
	f.TrunkRule.Enabled, f.TrunkRule.OutsideQueues, f.QueueRule.Enabled = false, false, false
	for _, queue := range []string{"", "support"} {
		f.Queue = queue
		if d := Evaluate(f, nil); d.Reason != ReasonAllowed {
			t.Errorf("queue %q: %s, want allowed", queue, d.Reason)
		}
	}
}

func TestEachSuppressionCanBeLifted(t *testing.T) {
	for _, side := range bothSides {
		for _, p := range allPhases {
			f := recordable(side)
			f.Phase, f.TrunkRule.Suppress = p, []Phase{}
			if d := Evaluate(f, nil); d.Reason != ReasonAllowed {
				t.Errorf("%s side, phase %s, nothing suppressed: %s, want allowed", side, p, d.Reason)
			}
		}
	}
}

func TestSuppressListThatIsGivenReplacesTheDefaultAndOneThatIsNotDoesNot(t *testing.T) {
	for _, tt := range []struct {
		list  []Phase
		phase Phase
		want  Reason
	}{
		{nil, PhaseIVR, ReasonPhaseIVR},
		{nil, PhaseQueueWait, ReasonPhaseQueueWait},
		{nil, PhaseHold, ReasonPhaseHold},
		{nil, PhaseConsult, ReasonPhaseConsult},
		{[]Phase{PhaseHold}, PhaseIVR, ReasonAllowed},
		{[]Phase{PhaseHold}, PhaseQueueWait, ReasonAllowed},
		{[]Phase{PhaseHold}, PhaseConsult, ReasonAllowed},
		{[]Phase{PhaseHold}, PhaseHold, ReasonPhaseHold},
		{[]Phase{}, PhaseHold, ReasonAllowed},
	} {
		f := recordable(SideTrunk)
		f.TrunkRule.Suppress, f.Phase = tt.list, tt.phase
		if got := Evaluate(f, nil).Reason; got != tt.want {
			t.Errorf("suppress %v in phase %s: %s, want %s", tt.list, tt.phase, got, tt.want)
		}
	}
}

func TestListsOfQueueAndFlowOnlyAdd(t *testing.T) {
	reasons := map[Phase]Reason{
		PhaseIVR: ReasonPhaseIVR, PhaseQueueWait: ReasonPhaseQueueWait, PhaseHold: ReasonPhaseHold, PhaseConsult: ReasonPhaseConsult,
	}
	for p, want := range reasons {
		f := recordable(SideTrunk)
		f.Phase = p
		f.QueueRule.Suppress, f.FlowSuppress = []Phase{}, []Phase{}
		if got := Evaluate(f, nil).Reason; got != want {
			t.Errorf("empty lists of queue and flow lift %s of the trunk: %s", p, got)
		}

		f.TrunkRule.Suppress = []Phase{}
		f.QueueRule.Suppress = []Phase{p}
		assertDecider(t, f, want, "queues.support.recording.suppress")
		f.QueueRule.Suppress, f.FlowSuppress = nil, []Phase{p}
		assertDecider(t, f, want, "flows.consent.suppress")
	}

	f := recordable(SideTrunk)
	f.TrunkRule.Suppress, f.TrunkRule.OutsideQueues = []Phase{}, true
	f.Queue, f.QueueRule.Suppress, f.Phase = "", []Phase{PhaseHold}, PhaseHold
	assertDecider(t, f, ReasonAllowed, "")
}

func assertDecider(t *testing.T, f Facts, reason Reason, key string) {
	t.Helper()
	d := Evaluate(f, nil)
	for _, s := range d.Steps {
		if s.Matched && (s.Reason != reason || s.Key != key) {
			t.Errorf("phase %s: decided %s by %q, want %s by %q", f.Phase, s.Reason, s.Key, reason, key)
		}
	}
}

func TestPhaseThatNobodyKnowsIsNotRecorded(t *testing.T) {
	for _, p := range []Phase{"", "dreaming"} {
		f := recordable(SideTrunk)
		f.Phase, f.TrunkRule.Suppress = p, []Phase{}
		if d := Evaluate(f, nil); d.Reason != ReasonPhaseIVR || d.Verdict != VerdictNotNow {
			t.Errorf("phase %q: %s %s", p, d.Verdict, d.Reason)
		}
	}
}

func TestConsentThatNobodyKnowsIsMissingEvenWhereNoneIsNeeded(t *testing.T) {
	for _, side := range bothSides {
		for _, s := range []ConsentState{"", "perhaps"} {
			f := recordable(side)
			f.Consent, f.TrunkRule.Consent = s, ConsentNotRequired
			if got := Evaluate(f, nil).Reason; got != ReasonConsentMissing {
				t.Errorf("%s side, consent %q: %s", side, s, got)
			}
		}
	}
}

func TestWithdrawalStopsEvenWhereNoConsentIsNeeded(t *testing.T) {
	for _, side := range bothSides {
		f := recordable(side)
		f.Consent, f.TrunkRule.Consent = StateWithdrawn, ConsentNotRequired
		if got := Evaluate(f, nil).Verdict; got != VerdictStop {
			t.Errorf("%s side: %s", side, got)
		}
	}
}

func TestGateDecidesAndNotTheAnswerThatCameAfterIt(t *testing.T) {
	for _, s := range []ConsentState{StateNotAsked, StateDeclined, StateNoInput, StateInvalid, StateOnFile} {
		f := recordable(SideTrunk)
		f.Consent = s
		if got := Evaluate(f, nil).Reason; got != ReasonAllowed {
			t.Errorf("gate open, consent %s: %s; no flow closes the gate", s, got)
		}
	}
}

func TestExternalOnlyRecordsWhereTheTrunkAllows(t *testing.T) {
	f := recordable(SideTrunk)
	f.OutsideOnly, f.TrunkRule.ExternalOnly = true, true
	assertDecider(t, f, ReasonAllowed, "")
}

func TestOutsideQueuesRecordsWhereTheTrunkAllows(t *testing.T) {
	f := recordable(SideTrunk)
	f.Queue, f.TrunkRule.OutsideQueues = "", true
	f.QueueRule.Enabled = false // of no queue
	assertDecider(t, f, ReasonAllowed, "")
}

func TestDefaultsRecordNothing(t *testing.T) {
	f := recordable(SideTrunk)
	f.TrunkRule = DefaultTrunkRule()
	if got := Evaluate(f, nil).Reason; got != ReasonTrunkDisabled {
		t.Errorf("default rule: %s", got)
	}
	f.TrunkRule.Enabled, f.GateOpen = true, false
	if got := Evaluate(f, nil).Reason; got != ReasonConsentMissing {
		t.Errorf("default rule, switched on: %s", got)
	}
}

func ExampleEvaluate() {
	f := Facts{
		Side: SideTrunk, Direction: Inbound, Phase: PhaseTalk, Consent: StateDeclined,
		Trunk: "carrier-a", TrunkRule: DefaultTrunkRule(), Queue: "support", RecorderReady: true,
	}
	f.TrunkRule.Enabled = true
	d := Evaluate(f, func(key string) string { return "default" })
	fmt.Println(d.Verdict, d.Reason)
	for _, s := range d.Steps[:3] {
		fmt.Println(s.Row, s.Reason, s.Matched, s.Key, s.Source, s.Input)
	}
	// Output:
	// no consent_missing
	// 1 consent_withdrawn false trunks.carrier-a.recording.on_withdrawal default consent declined
	// 2 trunk_disabled false trunks.carrier-a.recording.enabled default enabled true
	// 3 consent_missing true trunks.carrier-a.recording.consent default gate closed, consent declined, inbound, consent rule required
}
