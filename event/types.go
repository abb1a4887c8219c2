package event

// Type is the name of an event, as it stands in the JSON.
type Type string

// The events of a call.
const (
	CallStarted     Type = "call.started"
	CallRefused     Type = "call.refused"
	CallAnswered    Type = "call.answered"
	CallBridged     Type = "call.bridged"
	CallHeld        Type = "call.held"
	CallTransferred Type = "call.transferred"
	CallLimited     Type = "call.limited"    // a limit of outbound calls refuses or ends it; the reason and the detail say which
	CallAudioLost   Type = "call.audio_lost" // none comes from a leg, or the leg hears none
	CallAudioBack   Type = "call.audio_restored"
	CallVerified    Type = "call.verified" // whether somebody vouches for the caller's number
	CallSigned      Type = "call.signed"   // we vouch for it where the call leaves
	CallEnded       Type = "call.ended"    // exactly one a call, always
)

// The events of a call's flow.
const (
	FlowEntered  Type = "flow.entered"
	FlowFailed   Type = "flow.failed"
	AudioDrained Type = "audio.drained"
)

// The events of a call's consent. All but ConsentAsked set the consent's state.
const (
	ConsentAsked     Type = "consent.asked"
	ConsentGranted   Type = "consent.granted"
	ConsentDeclined  Type = "consent.declined"
	ConsentNoInput   Type = "consent.no_input"
	ConsentInvalid   Type = "consent.invalid"
	ConsentOnFile    Type = "consent.on_file"
	ConsentWithdrawn Type = "consent.withdrawn"
)

// The events of a call's recording.
const (
	RecordingGateOpened Type = "recording.gate_opened"
	RecordingDecided    Type = "recording.decided"
	RecordingStarted    Type = "recording.started" // the first sample is placed
	RecordingPaused     Type = "recording.paused"
	RecordingResumed    Type = "recording.resumed"
	RecordingFinalized  Type = "recording.finalized"
	RecordingStored     Type = "recording.stored"
	RecordingFailed     Type = "recording.failed"
	RecordingDeleted    Type = "recording.deleted"
	RecordingHeld       Type = "recording.held"     // kept from deletion
	RecordingReleased   Type = "recording.released" // no longer kept from deletion
	RecordingAccessed   Type = "recording.accessed"
)

// The events of queues, trunks and the configuration.
const (
	QueueEntered      Type = "queue.entered"
	QueueLeft         Type = "queue.left"
	TrunkUp           Type = "trunk.up"
	TrunkDown         Type = "trunk.down"
	TrunkLimitReached Type = "trunk.limit_reached"
	ConfigReloaded    Type = "config.reloaded"
	ConfigRejected    Type = "config.rejected"
	StorageLow        Type = "storage.low"      // little room is left for recordings
	StorageRestored   Type = "storage.restored" // there is room again
	AuditFailed       Type = "audit.failed"     // stored evidence does not hold; the reason says what
)

// Types returns the names of all events. The caller owns the slice.
func Types() []Type {
	return []Type{
		CallStarted, CallRefused, CallAnswered, CallBridged, CallHeld, CallTransferred, CallLimited, CallAudioLost, CallAudioBack, CallVerified, CallSigned, CallEnded,
		FlowEntered, FlowFailed, AudioDrained,
		ConsentAsked, ConsentGranted, ConsentDeclined, ConsentNoInput, ConsentInvalid, ConsentOnFile, ConsentWithdrawn,
		RecordingGateOpened, RecordingDecided, RecordingStarted, RecordingPaused, RecordingResumed,
		RecordingFinalized, RecordingStored, RecordingFailed, RecordingDeleted, RecordingHeld,
		RecordingReleased, RecordingAccessed,
		QueueEntered, QueueLeft, TrunkUp, TrunkDown, TrunkLimitReached, ConfigReloaded, ConfigRejected,
		StorageLow, StorageRestored, AuditFailed,
	}
}
