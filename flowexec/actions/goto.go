package actions

import (
	"context"

	"assent/flowexec"
)

// gotoAction goes on with another task. It stands alone: "goto: route".
var gotoAction = flowexec.Action{Verb: "goto", Scalar: true, Compile: func(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	to := b.ScalarTask()
	return gotoStep{to}, flowexec.Traits{Exits: []flowexec.Exit{{To: to}}}
}}

type gotoStep struct{ to flowexec.Target }

// Run leads to the task.
func (s gotoStep) Run(context.Context, *flowexec.Run) (flowexec.Target, error) { return s.to, nil }
