package flowexec

import (
	"slices"

	"assent/policy"
)

// Queues returns the queues that the flow can send a caller to, each once, in
// the file's order. It is empty, not nil, where there are none.
func (f *Flow) Queues() []string {
	queues := []string{}
	for _, a := range f.reachable() {
		if q := a.traits.Queue; q != "" && !slices.Contains(queues, q) {
			queues = append(queues, q)
		}
	}
	return queues
}

// LooksUpConsent tells whether the flow can ask for the caller's stored consent.
func (f *Flow) LooksUpConsent() bool {
	return slices.ContainsFunc(f.reachable(), func(a action) bool {
		return slices.ContainsFunc(a.traits.Exits, func(e Exit) bool { return e.Consent == policy.StateOnFile })
	})
}

// reachable returns the actions that a call can come to, from the start or by
// the error path, in the file's order.
func (f *Flow) reachable() []action {
	pending := []place{{task: f.start.index}}
	if f.onError != nil {
		pending = append(pending, place{task: f.onError.index})
	}
	seen := map[place]bool{}
	for len(pending) > 0 {
		p := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if seen[p] || p.action >= len(f.tasks[p.task].actions) {
			continue
		}
		seen[p] = true
		for _, exit := range f.tasks[p.task].actions[p.action].traits.Exits {
			next := place{p.task, p.action + 1}
			if exit.To.Given() {
				next = place{task: exit.To.task.index}
			}
			pending = append(pending, next)
		}
	}
	var actions []action
	for _, t := range f.tasks {
		for i, a := range t.actions {
			if seen[place{t.index, i}] {
				actions = append(actions, a)
			}
		}
	}
	return actions
}
