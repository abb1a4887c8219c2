package policy

import "testing"

func TestEveryCellOfTheTableWhoIsGated(t *testing.T) {
	type column struct {
		name       string
		direction  string
		conference bool
	}
	columns := []column{
		{"inbound", Inbound, false}, {"outbound", Outbound, false},
		{"inbound conference", Inbound, true}, {"outbound conference", Outbound, true},
	}
	rows := []struct {
		side           Side
		consent        string
		stationConsent string
		waits          [4]bool // by column
	}{
		{SideTrunk, ConsentRequired, StationInboundOnly, [4]bool{true, true, true, true}},
		{SideTrunk, ConsentRequired, StationEverywhere, [4]bool{true, true, true, true}},
		{SideStation, ConsentRequired, StationInboundOnly, [4]bool{true, false, false, false}},
		{SideStation, ConsentRequired, StationEverywhere, [4]bool{true, true, true, true}},
		{SideTrunk, ConsentNotRequired, StationInboundOnly, [4]bool{}},
		{SideTrunk, ConsentNotRequired, StationEverywhere, [4]bool{}},
		{SideStation, ConsentNotRequired, StationInboundOnly, [4]bool{}},
		{SideStation, ConsentNotRequired, StationEverywhere, [4]bool{}},
		// Words that are not known wait.
		{"", ConsentRequired, StationInboundOnly, [4]bool{true, true, true, true}},
		{SideTrunk, "", "", [4]bool{true, true, true, true}},
		{SideStation, "maybe", "", [4]bool{true, true, true, true}},
	}
	for _, row := range rows {
		for i, col := range columns {
			f := recordable(row.side)
			f.Direction, f.Conference = col.direction, col.conference
			f.TrunkRule.Consent, f.TrunkRule.StationConsent = row.consent, row.stationConsent
			f.GateOpen, f.Consent = false, StateNotAsked

			if got := GateNeeded(f); got != row.waits[i] {
				t.Errorf("%s side, consent %q, station_consent %q, %s: waits %v, want %v",
					row.side, row.consent, row.stationConsent, col.name, got, row.waits[i])
			}
			if row.side == "" {
				continue // never records, gate or not
			}
			want := ReasonAllowed
			if row.waits[i] {
				want = ReasonConsentMissing
			}
			if got := Evaluate(f, nil).Reason; got != want {
				t.Errorf("%s side, consent %q, %s, gate closed: %s, want %s", row.side, row.consent, col.name, got, want)
			}
			f.GateOpen, f.Consent = true, StateGranted
			if got := Evaluate(f, nil).Reason; got != ReasonAllowed {
				t.Errorf("%s side, consent %q, %s, gate open: %s, want allowed", row.side, row.consent, col.name, got)
			}
		}
	}
}

func TestDirectionThatNobodyKnowsWaits(t *testing.T) {
	f := recordable(SideStation)
	f.Direction = ""
	if !GateNeeded(f) {
		t.Error("a station of a call without a direction does not wait")
	}
}

func TestGateOpensAfterAYesAndAfterNoQuestionAtAll(t *testing.T) {
	opens := map[ConsentState]bool{StateGranted: true, StateOnFile: true, StateNotAsked: true}
	for _, s := range append(allStates, "", "perhaps") {
		if got := s.OpensGate(); got != opens[s] {
			t.Errorf("consent %q opens the gate: %v, want %v", s, got, opens[s])
		}
	}
}
