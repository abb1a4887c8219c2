package actions

import (
	"context"
	"maps"
	"slices"

	"assent/flowexec"
)

// switchAction branches by a value. Without a case for it and without a default,
// the next action follows.
var switchAction = flowexec.Action{Verb: "switch", Compile: compileSwitch}

type switchStep struct {
	value    flowexec.Template
	cases    map[string]flowexec.Target
	fallback flowexec.Target
}

func compileSwitch(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	s := switchStep{
		value:    b.RequiredTemplate("value", "what to compare, such as ${vars.account}"),
		cases:    b.Branches("cases", func(string) string { return "" }),
		fallback: b.Task("default"),
	}
	if len(s.cases) == 0 {
		b.Report("cases", "switch has no cases", "cases: { value: task }")
	}
	traits := flowexec.Traits{Exits: []flowexec.Exit{{To: s.fallback}}}
	for _, value := range slices.Sorted(maps.Keys(s.cases)) {
		traits.Exits = append(traits.Exits, flowexec.Exit{Outcome: value, To: s.cases[value]})
	}
	return s, traits
}

// Run compares the value with the cases, letter by letter.
func (s switchStep) Run(_ context.Context, r *flowexec.Run) (flowexec.Target, error) {
	value, err := r.Expand(s.value)
	if err != nil {
		return flowexec.Target{}, err
	}
	if to, ok := s.cases[value]; ok {
		return to, nil
	}
	return s.fallback, nil
}
