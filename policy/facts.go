package policy

import "slices"

// Facts is all that a decision depends on. It is a snapshot: Evaluate borrows its
// slices and keeps nothing. What is left zero counts as "no".
type Facts struct {
	// Side is whose recording is asked about. A side that is not known never records.
	Side Side
	// Direction is Inbound or Outbound.
	Direction string
	// Conference says that the participant is in a conference.
	Conference bool
	// Phase is where the call stands. An unknown one counts as suppressed.
	Phase Phase

	// Trunk, Queue, Station and Flow are names in the configuration; an empty
	// Queue means that the call is in none.
	Trunk       string
	TrunkRule   TrunkRule
	Queue       string
	QueueRule   QueueRule
	Station     string
	StationRule StationRule
	Flow        string
	// FlowSuppress adds phases to those that the trunk suppresses.
	FlowSuppress []Phase

	// Consent is the consent's state; an unknown one counts as a closed gate.
	Consent ConsentState
	// GateOpen says that enable_participant_recording has opened the call's gate.
	GateOpen bool
	// OutsideOnly says that only outside parties are left in the call.
	OutsideOnly bool
	// PeerRefused says that a peer sent a=recordpref:off (RFC 7866 section 6.2).
	PeerRefused bool
	// RecorderReady says that storage, key and ledger are ready.
	RecorderReady bool
	// Caller is whether somebody vouches for the caller's number. No row reads it;
	// the decision tells it.
	Caller Caller
	// SecurePause says that an agent or the API has paused the recording.
	SecurePause bool
}

// Caller is what the verification of the caller's number came to (RFC 8224).
type Caller struct {
	Verdict     string `json:"verdict"`               // passed, failed or none
	Attestation string `json:"attestation,omitempty"` // A, B or C, of one that passed
	Reason      string `json:"reason,omitempty"`      // why it did not pass
}

// trunkKey returns the configuration path of a key of the trunk's recording rule.
func (f *Facts) trunkKey(name string) string { return "trunks." + f.Trunk + ".recording." + name }

// suppressor looks for the phase p in the suppress lists that hold for the call:
// the trunk's, and what the queue it is in and the flow add. It returns the key of
// the list that has p; where none has, the trunk's key and false.
func (f *Facts) suppressor(p Phase) (key string, suppressed bool) {
	trunk := f.trunkKey("suppress")
	switch {
	case f.TrunkRule.suppresses(p):
		return trunk, true
	case f.Queue != "" && slices.Contains(f.QueueRule.Suppress, p):
		return "queues." + f.Queue + ".recording.suppress", true
	case slices.Contains(f.FlowSuppress, p):
		return "flows." + f.Flow + ".suppress", true
	}
	return trunk, false
}
