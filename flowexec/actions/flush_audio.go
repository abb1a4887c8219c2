package actions

import (
	"context"

	"assent/flowexec"
)

// flushAudio plays out everything that is queued, then goes on.
var flushAudio = flowexec.Action{Verb: "flush_audio", Compile: func(*flowexec.Body) (flowexec.Step, flowexec.Traits) {
	return flushStep{}, flowexec.Continues()
}}

type flushStep struct{}

// Run drains.
func (flushStep) Run(ctx context.Context, r *flowexec.Run) (flowexec.Target, error) {
	return flowexec.Target{}, r.Drain(ctx)
}
