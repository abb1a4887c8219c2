package flowexec

import (
	"fmt"
	"slices"
	"strings"

	"assent/source"
)

// Task reads the name of a task; the zero Target if the key is not given.
func (b *Body) Task(key string) Target {
	n := b.child(key)
	if n == nil {
		return Target{}
	}
	return b.target(n)
}

// ScalarTask reads the task of an action whose whole value is its name.
func (b *Body) ScalarTask() Target { return b.target(b.node) }

func (b *Body) target(n *source.Node) Target {
	name, ok := n.Scalar()
	if !ok {
		b.c.report(n.Problem("a task's name is expected here, not "+n.Kind().String(), "the name of a task"))
		return Target{}
	}
	return b.c.find(n, name)
}

// Branches reads a map to tasks. check returns what would be right where a key
// of the map is wrong, else "".
func (b *Body) Branches(key string, check func(branch string) (want string)) map[string]Target {
	n := b.child(key)
	if n == nil {
		return nil
	}
	if n.Kind() != source.Map {
		b.Report(key, fmt.Sprintf("%s is %s", key, n.Kind()), "a map to the names of tasks")
		return nil
	}
	branches := map[string]Target{}
	for _, k := range n.Keys() {
		if want := check(k.Name); want != "" {
			b.c.report(n.KeyProblem(k.Name, fmt.Sprintf("%s has no %s %q", b.verb, strings.TrimSuffix(key, "s"), k.Name), want))
		}
		branches[k.Name] = b.target(n.Child(k.Name))
	}
	return branches
}

// Outcomes reads the branches of an action whose outcomes are fixed, and returns
// the traits that follow.
func (b *Body) Outcomes(names ...string) (map[string]Target, Traits) {
	outcomes := b.Branches("outcomes", func(name string) string {
		if slices.Contains(names, name) {
			return ""
		}
		return source.Suggest(name, "outcomes", names)
	})
	var traits Traits
	for _, name := range names {
		traits.Exits = append(traits.Exits, Exit{Outcome: name, To: outcomes[name]})
	}
	return outcomes, traits
}
