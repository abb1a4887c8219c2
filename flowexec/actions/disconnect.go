package actions

import (
	"context"

	"assent/flowexec"
)

// disconnect drains and ends the call.
var disconnect = flowexec.Action{Verb: "disconnect", Compile: func(*flowexec.Body) (flowexec.Step, flowexec.Traits) {
	return disconnectStep{}, flowexec.Traits{}
}}

type disconnectStep struct{}

// Run ends the call.
func (disconnectStep) Run(ctx context.Context, r *flowexec.Run) (flowexec.Target, error) {
	return flowexec.Target{}, r.Disconnect(ctx)
}
