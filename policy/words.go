package policy

// Phase is the part of its life that a call is in.
type Phase string

// The phases of a call.
const (
	PhaseIVR       Phase = "ivr"        // a flow talks with the caller
	PhaseQueueWait Phase = "queue_wait" // the caller waits for an agent
	PhaseTalk      Phase = "talk"       // the parties talk
	PhaseHold      Phase = "hold"       // one party has put the other on hold
	PhaseConsult   Phase = "consult"    // the agent asks a third party while the caller waits
)

// known reports whether p is one of the phases of a call.
func (p Phase) known() bool {
	switch p {
	case PhaseIVR, PhaseQueueWait, PhaseTalk, PhaseHold, PhaseConsult:
		return true
	}
	return false
}

// ConsentState is what the caller has said so far about being recorded.
type ConsentState string

// The states of consent.
const (
	StateNotAsked  ConsentState = "not_asked" // until asked
	StateGranted   ConsentState = "granted"   // said yes in this call
	StateDeclined  ConsentState = "declined"  // said no
	StateNoInput   ConsentState = "no_input"  // said nothing, or hung up
	StateInvalid   ConsentState = "invalid"   // gave an answer that means neither yes nor no
	StateOnFile    ConsentState = "on_file"   // said yes earlier, and it is still valid
	StateWithdrawn ConsentState = "withdrawn" // took it back during the call
)

// known reports whether s is one of the states of consent.
func (s ConsentState) known() bool {
	switch s {
	case StateNotAsked, StateGranted, StateDeclined, StateNoInput, StateInvalid, StateOnFile, StateWithdrawn:
		return true
	}
	return false
}

// OpensGate reports whether the action enable_participant_recording opens the
// gate in this state: after a yes, or when nothing was asked and the flow asserts
// a consent got elsewhere. A state that is not known leaves the gate closed.
func (s ConsentState) OpensGate() bool {
	return s == StateGranted || s == StateOnFile || s == StateNotAsked
}

// Verdict is what is to happen with the recording.
type Verdict string

// The verdicts of the decision table.
const (
	VerdictStop   Verdict = "stop"    // end the recording for good; keep, truncate or erase as the trunk says
	VerdictNo     Verdict = "no"      // do not record
	VerdictNotNow Verdict = "not_now" // do not record in this phase
	VerdictPause  Verdict = "pause"   // keep the recording open, leave a typed gap
	VerdictRecord Verdict = "record"  // record
)

// Reason is the code of the row that decided, as it stands in the CDR, the
// events, the metrics and the explanation.
type Reason string

// The reasons, in the order of their rows.
const (
	ReasonConsentWithdrawn    Reason = "consent_withdrawn"    // row 1
	ReasonTrunkDisabled       Reason = "trunk_disabled"       // row 2
	ReasonStationDisabled     Reason = "station_disabled"     // in place of rows 2, 6 and 7 on the station's side
	ReasonConsentMissing      Reason = "consent_missing"      // row 3
	ReasonPhaseIVR            Reason = "phase_ivr"            // row 4
	ReasonPhaseQueueWait      Reason = "phase_queue_wait"     // row 5
	ReasonNoQueue             Reason = "no_queue"             // row 6
	ReasonQueueDisabled       Reason = "queue_disabled"       // row 7
	ReasonPhaseConsult        Reason = "phase_consult"        // row 8
	ReasonExternalOnly        Reason = "external_only"        // row 9
	ReasonPeerRefused         Reason = "peer_refused"         // row 10
	ReasonRecorderUnavailable Reason = "recorder_unavailable" // row 11
	ReasonPhaseHold           Reason = "phase_hold"           // row 12
	ReasonSecurePause         Reason = "secure_pause"         // row 13
	ReasonAllowed             Reason = "allowed"              // row 14
)

// Verdict returns what a row with this reason decides. A reason that no row has
// gives "no".
func (r Reason) Verdict() Verdict {
	switch r {
	case ReasonConsentWithdrawn:
		return VerdictStop
	case ReasonPhaseIVR, ReasonPhaseQueueWait:
		return VerdictNotNow
	case ReasonPhaseHold, ReasonSecurePause:
		return VerdictPause
	case ReasonAllowed:
		return VerdictRecord
	}
	return VerdictNo
}

// Side says whose recording is decided upon: the trunk's line or the station's
// own setting.
type Side string

// The two sides of a call.
const (
	SideTrunk   Side = "trunk"
	SideStation Side = "station"
)

// The directions of a call, as seen from us.
const (
	Inbound  = "inbound"
	Outbound = "outbound"
)
