package policy

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// rounds is how many random facts a property is held against.
const rounds = 20000

func TestRecordMeansThatNoRowSpeaksAgainstIt(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	recorded := 0
	for range rounds {
		f := randomFacts(r)
		if Evaluate(f, nil).Verdict != VerdictRecord {
			continue
		}
		recorded++
		for against, holds := range conditions(f) {
			if holds {
				t.Fatalf("recorded although %s: %+v", against, f)
			}
		}
	}
	if recorded < rounds/1000 {
		t.Fatalf("only %d of %d facts were recorded: the test looks at nothing", recorded, rounds)
	}
}

// conditions are the rows of the specification, written a second time and apart
// from the table.
func conditions(f Facts) map[string]bool {
	station := f.Side == SideStation
	listed := func(p Phase) bool {
		trunk := f.TrunkRule.Suppress
		if trunk == nil {
			trunk = DefaultSuppress()
		}
		words := " "
		for _, list := range [][]Phase{trunk, f.FlowSuppress} {
			for _, w := range list {
				words += string(w) + " "
			}
		}
		if f.Queue != "" {
			for _, w := range f.QueueRule.Suppress {
				words += string(w) + " "
			}
		}
		return strings.Contains(words, " "+string(p)+" ")
	}
	waits := f.TrunkRule.Consent != "not_required" &&
		!(station && f.TrunkRule.StationConsent == "inbound_only" && (f.Direction == "outbound" || f.Conference))
	return map[string]bool{
		"the side is unknown":           f.Side != SideTrunk && !station,
		"the phase is unknown":          !f.Phase.known(),
		"the consent is unknown":        !f.Consent.known(),
		"consent was withdrawn":         f.Consent == "withdrawn",
		"the trunk is off":              !station && !f.TrunkRule.Enabled,
		"the station is off":            station && !f.StationRule.Enabled,
		"the gate is closed":            waits && !f.GateOpen,
		"the flow is suppressed":        f.Phase == "ivr" && listed("ivr"),
		"waiting is suppressed":         f.Phase == "queue_wait" && listed("queue_wait"),
		"it is in no queue":             !station && f.Queue == "" && !f.TrunkRule.OutsideQueues,
		"the queue is off":              !station && f.Queue != "" && !f.QueueRule.Enabled,
		"consults are suppressed":       f.Phase == "consult" && listed("consult"),
		"only outside parties are left": f.OutsideOnly && !f.TrunkRule.ExternalOnly,
		"a peer refused":                f.PeerRefused,
		"the recorder is not ready":     !f.RecorderReady,
		"hold is suppressed":            f.Phase == "hold" && listed("hold"),
		"an agent paused":               f.SecurePause,
	}
}

func TestNotRecordingHasARowThatSpeaksAgainstIt(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range rounds {
		f := randomFacts(r)
		d := Evaluate(f, nil)
		against := false
		for _, holds := range conditions(f) {
			against = against || holds
		}
		if against == (d.Verdict == VerdictRecord) {
			t.Fatalf("%s %s: %+v", d.Verdict, d.Reason, f)
		}
	}
}

func TestFactsThatNobodyFilledInNeverRecord(t *testing.T) {
	if d := Evaluate(Facts{}, nil); d.Verdict == VerdictRecord {
		t.Errorf("zero facts: %s", d.Reason)
	}
	// Each word that a decision needs, taken away.
	for name, forget := range map[string]func(*Facts){
		"side": func(f *Facts) { f.Side = "" }, "phase": func(f *Facts) { f.Phase = "" },
		"consent": func(f *Facts) { f.Consent = "" }, "gate": func(f *Facts) { f.GateOpen = false },
		"trunk rule": func(f *Facts) { f.TrunkRule = TrunkRule{} }, "queue": func(f *Facts) { f.Queue = "" },
		"queue rule": func(f *Facts) { f.QueueRule = QueueRule{} }, "recorder": func(f *Facts) { f.RecorderReady = false },
	} {
		f := recordable(SideTrunk)
		forget(&f)
		if Evaluate(f, nil).Verdict == VerdictRecord {
			t.Errorf("recorded without %s", name)
		}
	}
}

func TestTakingAPermissionAwayNeverMakesARecording(t *testing.T) {
	takeAway := map[string]func(*Facts){
		"trunk off":        func(f *Facts) { f.TrunkRule.Enabled = false },
		"queue off":        func(f *Facts) { f.QueueRule.Enabled = false },
		"station off":      func(f *Facts) { f.StationRule.Enabled = false },
		"gate closed":      func(f *Facts) { f.GateOpen = false },
		"consent required": func(f *Facts) { f.TrunkRule.Consent = ConsentRequired },
		"stations gated":   func(f *Facts) { f.TrunkRule.StationConsent = StationEverywhere },
		"outside queues":   func(f *Facts) { f.TrunkRule.OutsideQueues = false },
		"external only":    func(f *Facts) { f.TrunkRule.ExternalOnly = false },
		"outside only":     func(f *Facts) { f.OutsideOnly = true },
		"peer refuses":     func(f *Facts) { f.PeerRefused = true },
		"recorder down":    func(f *Facts) { f.RecorderReady = false },
		"paused":           func(f *Facts) { f.SecurePause = true },
		"withdrawn":        func(f *Facts) { f.Consent = StateWithdrawn },
		"suppress all":     func(f *Facts) { f.TrunkRule.Suppress = allPhases },
		"default list":     func(f *Facts) { f.TrunkRule.Suppress = nil },
		"queue adds":       func(f *Facts) { f.QueueRule.Suppress = allPhases },
		"flow adds":        func(f *Facts) { f.FlowSuppress = allPhases },
	}
	r := rand.New(rand.NewPCG(3, 3))
	for range rounds / 4 {
		f := randomFacts(r)
		if Evaluate(f, nil).Verdict == VerdictRecord {
			continue
		}
		for name, take := range takeAway {
			if name == "default list" && len(f.TrunkRule.Suppress) > 0 {
				continue // may also lift what only the given list has
			}
			less := f
			take(&less)
			if Evaluate(less, nil).Verdict == VerdictRecord {
				t.Fatalf("%s turns no into record: %+v", name, f)
			}
		}
	}
}

func TestExplanationRecomputesToTheOutcome(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range rounds {
		d := Evaluate(randomFacts(r), func(key string) string { return "assent.yaml:1" })
		verdict, reason := Outcome(d.Steps)
		if verdict != d.Verdict || reason != d.Reason || reason == "" {
			t.Fatalf("steps say %s %s, decision says %s %s", verdict, reason, d.Verdict, d.Reason)
		}
		matched, last := 0, 0
		for _, s := range d.Steps {
			if s.Reached == (matched == 1) {
				t.Fatalf("row %d reached: %v after %d matches", s.Row, s.Reached, matched)
			}
			if s.Matched {
				matched++
			}
			if s.Row <= last {
				t.Fatalf("row %d comes after row %d", s.Row, last)
			}
			if (s.Source != "") != (s.Key != "") {
				t.Fatalf("row %d: key %q, source %q", s.Row, s.Key, s.Source)
			}
			last = s.Row
		}
		if matched != 1 || last != 14 {
			t.Fatalf("%d rows matched, the last row is %d", matched, last)
		}
	}
}

func TestEvaluateDoesNotTouchItsFacts(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 1000 {
		f := randomFacts(r)
		before, _ := json.Marshal(f)
		first, second := Evaluate(f, nil), Evaluate(f, nil)
		after, _ := json.Marshal(f)
		if string(before) != string(after) || !reflect.DeepEqual(first, second) {
			t.Fatal("evaluating changed the facts, or came to another end the second time")
		}
	}
}

func TestOutcomeOfNoStepsIsNo(t *testing.T) {
	if v, reason := Outcome(nil); v != VerdictNo || reason != "" {
		t.Errorf("%s %s", v, reason)
	}
}

func TestCombineTakesStopThenRecordThenPauseThenTheTrunk(t *testing.T) {
	verdicts := []Verdict{VerdictStop, VerdictNo, VerdictNotNow, VerdictPause, VerdictRecord}
	rank := map[Verdict]int{VerdictStop: 3, VerdictRecord: 2, VerdictPause: 1}
	for _, trunk := range verdicts {
		for _, station := range verdicts {
			tr := Decision{Side: SideTrunk, Verdict: trunk, Reason: "t"}
			st := Decision{Side: SideStation, Verdict: station, Reason: "s"}
			want := SideTrunk
			if rank[station] > rank[trunk] {
				want = SideStation
			}
			got := Combine(tr, &st)
			if got.Side != want {
				t.Errorf("trunk %s, station %s: the %s side's, want the %s side's", trunk, station, got.Side, want)
			}
			if got.Other == nil || got.Other.Side == got.Side || got.Other.Other != nil {
				t.Errorf("trunk %s, station %s: the other side is %+v", trunk, station, got.Other)
			}
			if tr.Other != nil || st.Other != nil {
				t.Error("Combine changed its arguments")
			}
		}
	}
}

func TestCombineWithoutAStationIsTheTrunk(t *testing.T) {
	d := Evaluate(recordable(SideTrunk), nil)
	if got := Combine(d, nil); !reflect.DeepEqual(got, d) {
		t.Errorf("%+v", got)
	}
}

func TestDecisionsAreWrittenInSnakeCase(t *testing.T) {
	station := Evaluate(recordable(SideStation), nil)
	b, err := json.Marshal(Combine(Evaluate(Facts{Side: SideTrunk, Trunk: "a"}, nil), &station))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"side":"station"`, `"verdict":"record"`, `"reason":"allowed"`, `"steps":[{"row":1,`, `"matched":true`, `"reached":true`, `"other":{"side":"trunk"`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	var back Decision
	if err := json.Unmarshal(b, &back); err != nil || back.Other == nil {
		t.Errorf("read back: %v", err)
	}
}

func TestEveryReasonHasItsVerdict(t *testing.T) {
	for _, side := range bothSides {
		for _, c := range cells(side) {
			if got := c.reason.Verdict(); got != c.verdict {
				t.Errorf("%s: %s, want %s", c.reason, got, c.verdict)
			}
		}
	}
	if got := Reason("made up").Verdict(); got != VerdictNo {
		t.Errorf("a reason of no row: %s", got)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	f := recordable(SideTrunk)
	source := func(string) string { return "default" }
	b.ReportAllocs()
	for b.Loop() {
		Evaluate(f, source)
	}
}
