package flowexec

import (
	"fmt"
	"slices"
	"strings"

	"assent/policy"
	"assent/source"
)

// state is what the checks know of a call at one point of a flow.
type state struct {
	consent  policy.ConsentState
	gate     bool
	language string // "" is any: a variable chose it
}

// place is an action of a task.
type place struct{ task, action int }

// visit is a place that a call can come to in a state.
type visit struct {
	place
	state
}

// linter follows every path through a flow. It looks at each action once per
// state, and there are few states, so that it ends however the flow loops.
type linter struct {
	c        *compiler
	seen     map[visit]bool
	pending  []visit
	at       map[place][]state
	overrun  bool // more languages than a flow may have
	language map[string]bool
}

// lint reports what would surprise about a flow that has no errors.
func (c *compiler) lint() {
	l := &linter{c: c, seen: map[visit]bool{}, at: map[place][]state{}, language: map[string]bool{}}
	l.reach(visit{place{task: c.flow.start.index}, state{policy.StateNotAsked, false, c.world.Language}})
	for len(l.pending) > 0 {
		v := l.pending[len(l.pending)-1]
		l.pending = l.pending[:len(l.pending)-1]
		l.follow(v)
	}
	gated := c.world.Gated == nil || c.world.Gated(c.flow.Name)
	for _, t := range c.flow.tasks {
		l.task(t, gated)
	}
}

func (l *linter) reach(v visit) {
	if l.seen[v] || v.action >= len(l.c.flow.tasks[v.task].actions) {
		return
	}
	if v.action == 0 && !l.knows(v.language) {
		return
	}
	l.seen[v] = true
	l.at[v.place] = append(l.at[v.place], v.state)
	l.pending = append(l.pending, v)
}

// knows counts the languages that were met.
func (l *linter) knows(language string) bool {
	l.language[language] = true
	if len(l.language) <= maxLanguages {
		return true
	}
	if !l.overrun {
		l.overrun = true
		l.c.report(l.c.flow.start.node.Problem("the flow chooses among too many languages",
			fmt.Sprintf("%d at most", maxLanguages)))
	}
	return false
}

// follow goes on from one action to all that it leads to, and to the error path
// if it can fail.
func (l *linter) follow(v visit) {
	a := l.c.flow.tasks[v.task].actions[v.action]
	if t := l.c.flow.onError; t != nil {
		l.reach(visit{place{task: t.index}, v.state})
	}
	for _, exit := range a.traits.Exits {
		next := visit{place{v.task, v.action + 1}, v.state}
		if exit.To.Given() {
			next.place = place{task: exit.To.task.index}
		}
		if exit.Consent != "" {
			next.consent = exit.Consent
		}
		if exit.Language != nil {
			next.language = *exit.Language
		}
		next.gate = next.gate || a.traits.Opens && v.consent.OpensGate()
		l.reach(next)
	}
}

// task reports on one task, when all paths have been followed.
func (l *linter) task(t *task, gated bool) {
	if len(l.at[place{task: t.index}]) == 0 {
		p := l.c.list.KeyProblem(t.name, fmt.Sprintf("nothing leads to the task %q", t.name),
			"an outcome or a goto that names it, or no such task")
		l.warn(p)
		return
	}
	for i, a := range t.actions {
		states := l.at[place{t.index, i}]
		if len(states) == 0 {
			l.warn(a.node.Problem(fmt.Sprintf("nothing leads to the action %q", a.name),
				"the one before it always leads elsewhere"))
			return
		}
		l.prompts(a, states)
		if gated && a.traits.Opens {
			l.gate(a, states)
		}
		if gated && l.c.world.Queues[a.traits.Queue] {
			l.queue(a, states)
		}
	}
}

func (l *linter) warn(p source.Problem) {
	p.Warning = true
	l.c.report(p)
}

// prompts reports the prompts that are missing in a language which the caller
// may have at that action.
func (l *linter) prompts(a action, states []state) {
	known := l.c.world.Prompts
	if known == nil {
		return
	}
	for _, use := range a.prompts {
		for _, language := range languages(states) {
			if language == "" || known.Has(use.name, language) {
				continue
			}
			l.c.report(use.node.Problem(fmt.Sprintf("there is no prompt %q in the language %q", use.name, language),
				l.c.suggestPrompt(use.name, language)))
		}
	}
}

func (c *compiler) suggestPrompt(name, language string) string {
	if near := source.Nearest(name, c.world.promptNames()); near != "" && near != name {
		return "did you mean " + near + "?"
	}
	return fmt.Sprintf("%s/%s.wav in the folder of prompts, or %s.wav for all languages", language, name, name)
}

func languages(states []state) []string {
	var all []string
	for _, s := range states {
		if !slices.Contains(all, s.language) {
			all = append(all, s.language)
		}
	}
	slices.Sort(all)
	return all
}

// gate reports the ways to the gate on which nobody has agreed.
func (l *linter) gate(a action, states []state) {
	var refused []string
	unasked := false
	for _, s := range states {
		if s.gate {
			continue
		}
		unasked = unasked || s.consent == policy.StateNotAsked
		if !s.consent.OpensGate() && !slices.Contains(refused, string(s.consent)) {
			refused = append(refused, string(s.consent))
		}
	}
	if unasked {
		l.warn(a.node.Problem(fmt.Sprintf("%q can be reached without consent, and opens the gate", a.name),
			"ask with collect_input and consent before it, or look it up"))
	}
	if len(refused) > 0 {
		slices.Sort(refused)
		l.warn(a.node.Problem(fmt.Sprintf("%q can be reached after %s, and leaves the gate closed then",
			a.name, strings.Join(refused, ", ")), "lead those outcomes elsewhere"))
	}
}

// queue reports a queue whose calls are to be recorded and never can be.
func (l *linter) queue(a action, states []state) {
	if slices.ContainsFunc(states, func(s state) bool { return s.gate }) {
		return
	}
	l.warn(a.node.Problem(fmt.Sprintf("the queue %q records, but no way to %q goes through the gate", a.traits.Queue, a.name),
		"enable_participant_recording on the way of those who agree"))
}
