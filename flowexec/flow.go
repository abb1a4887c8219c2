package flowexec

import (
	"context"
	"slices"

	"assent/policy"
	"assent/source"
)

// Flow is a compiled flow. It is immutable and may be run by many calls at once.
type Flow struct {
	Name     string
	File     string
	SHA256   string         // of the file, in hex
	Suppress []policy.Phase // phases that the flow adds to the trunk's list

	tasks    []*task // in the file's order
	start    *task
	onError  *task  // nil: the apology
	language string // what calls begin with
	apology  bool   // there is a prompt for the apology
}

// Tasks returns the names of the flow's tasks in the file's order.
func (f *Flow) Tasks() []string {
	names := make([]string, len(f.tasks))
	for i, t := range f.tasks {
		names[i] = t.name
	}
	return names
}

// task is a named list of actions.
type task struct {
	name    string
	index   int // in Flow.tasks
	node    *source.Node
	actions []action
}

// action is one compiled action of a task.
type action struct {
	name, verb string
	node       *source.Node // the one-key map that it was
	step       Step
	traits     Traits
	prompts    []promptUse
}

// Action is one verb of the language.
type Action struct {
	Verb string
	// Scalar says that the value is a single word and not a map with a name.
	Scalar bool
	// Compile reads the action's value. It reports what is wrong to the Body
	// and returns a Step all the same, which is then never run.
	Compile func(b *Body) (Step, Traits)
}

// Step is a compiled action. It is shared by all calls and keeps no state.
type Step interface {
	// Run does the action and returns the task to go on with; the zero Target
	// is the next action. ErrOver ends the flow in good order, any other error
	// takes the flow's error path.
	Run(ctx context.Context, r *Run) (Target, error)
}

// Target is a task that a branch leads to. The zero Target leads to the next
// action.
type Target struct{ task *task }

// Given says whether the branch leads to a task.
func (t Target) Given() bool { return t.task != nil }

// Traits are what the checks need to know of an action.
type Traits struct {
	Exits []Exit // every way out; none: the flow ends here
	Opens bool   // it asks that the gate be opened
	Queue string // it sends the caller to this queue
}

// Exit is one way out of an action.
type Exit struct {
	Outcome  string // what it is called where there are several; "" is whatever is not listed
	To       Target
	Consent  policy.ConsentState // what the state becomes; "" leaves it
	Language *string             // what the language becomes; "" is any; nil leaves it
}

// Continues are the traits of an action that always leads to the next one.
func Continues() Traits { return Traits{Exits: []Exit{{}}} }

// Flows are the compiled flows of a folder, by name.
type Flows struct{ byName map[string]*Flow }

// Flow returns the flow of that name, and whether there is one.
func (fs *Flows) Flow(name string) (*Flow, bool) {
	f, ok := fs.byName[name]
	return f, ok
}

// Names returns the names of the flows, sorted.
func (fs *Flows) Names() []string {
	names := make([]string, 0, len(fs.byName))
	for name := range fs.byName {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
