package flowexec

import (
	"fmt"
	"slices"

	"assent/policy"
	"assent/source"
)

const (
	// maxTasks and maxActions bound a flow, and with it the time to check it.
	maxTasks   = 500
	maxActions = 2000
	// maxLanguages bounds the languages that one flow may choose among.
	maxLanguages = 32
)

// suppressible are the phases that a flow may add to the trunk's list.
var suppressible = []string{"ivr", "queue_wait", "hold", "consult"}

// compiler compiles one flow.
type compiler struct {
	// set once
	world World
	dir   string // of the file
	verbs map[string]Action
	flow  *Flow

	list     *source.Node // the map of the tasks
	tasks    map[string]*task
	names    map[string]source.Position // of actions
	saved    map[string]bool            // variables that something sets; true: with fields
	secret   map[string]bool            // variables that hold secure entries
	refs     []reference                // checked when all variables are known
	actions  int
	problems source.Problems
}

// reference is one "${...}" and the value that it stands in.
type reference struct {
	name    string
	node    *source.Node
	exposes string // where others would read it, may be empty
}

func (c *compiler) report(p source.Problem) { c.problems = append(c.problems, p) }

// document compiles the file from its top.
func (c *compiler) document(root *source.Node) {
	if root.Kind() != source.Map {
		c.report(root.Problem("a flow is a map, not "+root.Kind().String(), "flow, start and tasks"))
		return
	}
	known := []string{"flow", "start", "tasks", "on_error", "suppress"}
	for _, key := range root.Keys() {
		if !slices.Contains(known, key.Name) {
			c.report(root.KeyProblem(key.Name, fmt.Sprintf("a flow has no %q", key.Name),
				source.Suggest(key.Name, "keys", known)))
		}
	}
	if name, ok := c.word(root, "flow", "the flow's name"); ok {
		c.flow.Name = name
		if !plainName.MatchString(name) {
			c.report(root.Child("flow").Problem(fmt.Sprintf("%q can't name a flow", name),
				"letters, digits, - _ and . only"))
		}
	}
	c.suppress(root.Child("suppress"))
	c.declare(root)
	for _, t := range c.flow.tasks {
		c.compileTask(t)
	}
	if name, ok := c.word(root, "start", "the task to start with"); ok {
		c.flow.start = c.find(root.Child("start"), name).task
	}
	if root.Has("on_error") {
		if name, ok := c.word(root, "on_error", "the task that errors lead to"); ok {
			c.flow.onError = c.find(root.Child("on_error"), name).task
		}
	}
	c.flow.apology = c.world.Prompts != nil && c.world.Prompts.Has(apologyPrompt, c.world.Language)
	c.checkRefs()
}

// word returns the text of a key that must be there.
func (c *compiler) word(n *source.Node, key, want string) (string, bool) {
	child := n.Child(key)
	if child == nil {
		c.report(n.Problem(fmt.Sprintf("%q is missing", key), want))
		return "", false
	}
	text, ok := child.Scalar()
	if !ok || text == "" {
		c.report(child.Problem(fmt.Sprintf("%q is %s", key, child.Kind()), want))
		return "", false
	}
	return text, true
}

func (c *compiler) suppress(n *source.Node) {
	if n == nil {
		return
	}
	if n.Kind() != source.List {
		c.report(n.Problem("suppress is "+n.Kind().String(), "a list of phases, such as [ivr]"))
		return
	}
	for _, item := range n.Items() {
		phase, ok := item.Scalar()
		if !ok || !slices.Contains(suppressible, phase) {
			c.report(item.Problem(fmt.Sprintf("%q is not a phase", phase),
				source.Suggest(phase, "phases", suppressible)))
			continue
		}
		c.flow.Suppress = append(c.flow.Suppress, policy.Phase(phase))
	}
}

// declare makes the tasks known before any action is compiled, so that an
// action may lead to a later task.
func (c *compiler) declare(root *source.Node) {
	n := root.Child("tasks")
	if n == nil {
		c.report(root.Problem(`"tasks" is missing`, "the flow's tasks, by name"))
		return
	}
	keys := n.Keys()
	switch {
	case n.Kind() != source.Map || len(keys) == 0:
		c.report(n.Problem("tasks is "+n.Kind().String(), "a map of at least one task, by name"))
		return
	case len(keys) > maxTasks:
		c.report(n.Problem(fmt.Sprintf("%d tasks", len(keys)), fmt.Sprintf("%d at most", maxTasks)))
		return
	}
	c.list = n
	for i, key := range keys {
		t := &task{name: key.Name, index: i, node: n.Child(key.Name)}
		c.flow.tasks = append(c.flow.tasks, t)
		c.tasks[key.Name] = t
	}
}

// compileTask compiles a task's list of actions.
func (c *compiler) compileTask(t *task) {
	if t.node.Kind() != source.List || len(t.node.Items()) == 0 {
		c.report(t.node.Problem(fmt.Sprintf("the task %q is %s", t.name, t.node.Kind()),
			"a list of at least one action"))
		return
	}
	for _, item := range t.node.Items() {
		if c.actions++; c.actions > maxActions {
			if c.actions == maxActions+1 {
				c.report(item.Problem("too many actions", fmt.Sprintf("%d at most", maxActions)))
			}
			return
		}
		if a, ok := c.compileAction(item); ok {
			t.actions = append(t.actions, a)
		}
	}
}

// compileAction compiles a one-key map.
func (c *compiler) compileAction(item *source.Node) (action, bool) {
	keys := item.Keys()
	if item.Kind() != source.Map || len(keys) != 1 {
		c.report(item.Problem("an action is a map with one key, its verb",
			"such as  - play_audio: { name: Welcome, prompt: welcome }"))
		return action{}, false
	}
	verb := keys[0].Name
	a, known := c.verbs[verb]
	if !known {
		c.report(item.KeyProblem(verb, fmt.Sprintf("there is no action %q", verb),
			source.Suggest(verb, "actions", c.verbNames())))
		return action{}, false
	}
	b := &Body{c: c, verb: verb, item: item, node: item.Child(verb)}
	if !b.begin(a.Scalar) {
		return action{}, false
	}
	step, traits := a.Compile(b)
	b.End()
	return action{name: b.name, verb: verb, node: item, step: step, traits: traits, prompts: b.prompts}, true
}

func (c *compiler) verbNames() []string {
	names := make([]string, 0, len(c.verbs))
	for verb := range c.verbs {
		names = append(names, verb)
	}
	return names
}

// find returns the task that a node names.
func (c *compiler) find(n *source.Node, name string) Target {
	if t, ok := c.tasks[name]; ok {
		return Target{t}
	}
	names := make([]string, 0, len(c.tasks))
	for name := range c.tasks {
		names = append(names, name)
	}
	c.report(n.Problem(fmt.Sprintf("there is no task %q", name), source.Suggest(name, "tasks", names)))
	return Target{}
}
