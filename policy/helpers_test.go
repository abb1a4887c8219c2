package policy

import "math/rand/v2"

// recordable returns facts in which everything speaks for recording.
func recordable(side Side) Facts {
	rule := DefaultTrunkRule()
	rule.Enabled = true
	return Facts{
		Side: side, Direction: Inbound, Phase: PhaseTalk,
		Trunk: "carrier-a", TrunkRule: rule,
		Queue: "support", QueueRule: QueueRule{Enabled: true},
		Station: "agent-1", StationRule: StationRule{Enabled: true},
		Flow: "consent", Consent: StateGranted, GateOpen: true, RecorderReady: true,
	}
}

var (
	allPhases = []Phase{PhaseIVR, PhaseQueueWait, PhaseTalk, PhaseHold, PhaseConsult}
	allStates = []ConsentState{StateNotAsked, StateGranted, StateDeclined, StateNoInput, StateInvalid, StateOnFile, StateWithdrawn}
	bothSides = []Side{SideTrunk, SideStation}
)

// pick returns one of some values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// often is true three times in four, so that random facts reach the later rows.
func often(r *rand.Rand) bool { return r.IntN(4) != 0 }

// randomPhases returns some phases; nil stands for a list that is not given.
func randomPhases(r *rand.Rand) []Phase {
	if r.IntN(5) == 0 {
		return nil
	}
	list := []Phase{}
	for _, p := range allPhases {
		if r.IntN(4) == 0 {
			list = append(list, p)
		}
	}
	return list
}

// randomFacts returns facts in which anything may be said, unknown words too.
func randomFacts(r *rand.Rand) Facts {
	return Facts{
		Side:       pick(r, SideTrunk, SideTrunk, SideStation, SideStation, "", "both"),
		Direction:  pick(r, Inbound, Outbound, Outbound, "", "sideways"),
		Conference: !often(r),
		Phase:      pick(r, PhaseTalk, PhaseTalk, PhaseTalk, PhaseIVR, PhaseQueueWait, PhaseHold, PhaseConsult, "", "dreaming"),
		Trunk:      "carrier-a",
		TrunkRule: TrunkRule{
			Enabled: often(r), Consent: pick(r, ConsentRequired, ConsentNotRequired, "", "maybe"), Suppress: randomPhases(r),
			OutsideQueues: often(r), ExternalOnly: often(r), StationConsent: pick(r, StationInboundOnly, StationEverywhere, ""),
		},
		Queue: pick(r, "support", "support", ""), QueueRule: QueueRule{Enabled: often(r), Suppress: randomPhases(r)},
		Station: "agent-1", StationRule: StationRule{Enabled: often(r)},
		Flow: "consent", FlowSuppress: randomPhases(r),
		Consent:  pick(r, append(allStates, StateGranted, StateGranted, StateOnFile, "", "perhaps")...),
		GateOpen: often(r), OutsideOnly: !often(r), PeerRefused: !often(r), RecorderReady: often(r), SecurePause: !often(r),
	}
}
