package actions

import (
	"context"

	"assent/flowexec"
)

// enableParticipantRecording drains and asks that the gate be opened. It records
// nothing, has no branches, and does nothing when it is repeated.
var enableParticipantRecording = flowexec.Action{
	Verb: "enable_participant_recording",
	Compile: func(*flowexec.Body) (flowexec.Step, flowexec.Traits) {
		traits := flowexec.Continues()
		traits.Opens = true
		return enableStep{}, traits
	},
}

type enableStep struct{}

// Run opens the gate, if the consent's state allows it.
func (enableStep) Run(ctx context.Context, r *flowexec.Run) (flowexec.Target, error) {
	return flowexec.Target{}, r.EnableRecording(ctx)
}
