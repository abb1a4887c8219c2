package actions

import (
	"context"

	"assent/flowexec"
)

// transferToQueue drains and lets the caller wait in a queue.
var transferToQueue = flowexec.Action{Verb: "transfer_to_queue", Compile: compileTransferToQueue}

var queueOutcomes = []string{"timeout", "full", "failure"}

type queueStep struct {
	handover
	queue string
}

func compileTransferToQueue(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	h, traits := compileHandover(b, queueOutcomes)
	traits.Queue = b.Queue("queue")
	return queueStep{h, traits.Queue}, traits
}

// Run transfers the call.
func (s queueStep) Run(ctx context.Context, r *flowexec.Run) (flowexec.Target, error) {
	return s.run(ctx, r, func() (string, error) { return r.ToQueue(ctx, s.queue) })
}
