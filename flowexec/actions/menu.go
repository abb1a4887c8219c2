package actions

import (
	"context"
	"slices"
	"time"

	"assent/flowexec"
)

// menu lets the caller choose with one key.
var menu = flowexec.Action{Verb: "menu", Compile: compileMenu}

const (
	menuTimeout    = 10 * time.Second
	maxMenuTimeout = time.Minute
	menuRepeats    = 3
)

type menuStep struct {
	question
	choices  map[string]flowexec.Target
	outcomes map[string]flowexec.Target
}

func compileMenu(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	b.Required("prompt", "the choices, as the name of a prompt")
	s := &menuStep{}
	s.prompt = b.Prompt("prompt")
	s.repeats = b.Int("repeats", menuRepeats, 0, maxRepeats)
	s.pad = keypad{low: 1, high: 1, first: b.Duration("timeout", menuTimeout, time.Second, maxMenuTimeout)}
	s.choices = b.Branches("choices", func(key string) string {
		if oneKey(key) {
			return ""
		}
		return `one of 0-9, "*" and "#"`
	})
	if len(s.choices) == 0 {
		b.Report("choices", "the menu has no choices", `choices: { "1": task }`)
	}
	s.pad.named = func(text string) bool { _, named := s.choices[text]; return named }
	s.good = s.pad.named
	outcomes, traits := b.Outcomes(noInput.String(), invalid.String())
	s.outcomes = outcomes
	choices := make([]string, 0, len(s.choices))
	for choice := range s.choices {
		choices = append(choices, choice)
	}
	slices.Sort(choices)
	for _, choice := range choices {
		traits.Exits = append(traits.Exits, flowexec.Exit{Outcome: choice, To: s.choices[choice]})
	}
	return s, traits
}

// Run asks for the choice.
func (s *menuStep) Run(ctx context.Context, r *flowexec.Run) (flowexec.Target, error) {
	e, err := s.ask(ctx, r)
	if err != nil {
		return flowexec.Target{}, err
	}
	if e.result == entered {
		return s.choices[e.text], nil
	}
	return s.outcomes[e.result.String()], nil
}
