package actions

import (
	"context"

	"assent/flowexec"
)

// set gives variables their values, in the order in which they stand.
var set = flowexec.Action{Verb: "set", Compile: compileSet}

type setStep struct {
	names  []string
	values []flowexec.Template
}

func compileSet(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	names, values := b.Map("values")
	if len(names) == 0 {
		b.Report("values", "set has no values", `values: { variable: value }`)
	}
	for _, name := range names {
		b.Sets("values", name, false)
	}
	return setStep{names, values}, flowexec.Continues()
}

// Run sets the variables; each may use those before it.
func (s setStep) Run(_ context.Context, r *flowexec.Run) (flowexec.Target, error) {
	for i, name := range s.names {
		value, err := r.Expand(s.values[i])
		if err != nil {
			return flowexec.Target{}, err
		}
		r.Forget(name)
		if err := r.Set(name, value); err != nil {
			return flowexec.Target{}, err
		}
	}
	return flowexec.Target{}, nil
}
