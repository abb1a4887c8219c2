package flowexec

import (
	"fmt"
	"slices"

	"assent/source"
)

// Body is the value of one action while it is compiled. Its methods read a key
// each and report what is wrong; every key that none of them has read is
// reported in the end, so that what an action reads is what it may hold.
type Body struct {
	c       *compiler
	verb    string
	item    *source.Node // the one-key map
	node    *source.Node // its value
	name    string
	known   []string // keys that were read
	prompts []promptUse
}

// promptUse is a prompt that an action names.
type promptUse struct {
	name string
	node *source.Node
}

// begin checks the value's shape and reads the action's name.
func (b *Body) begin(scalar bool) bool {
	if scalar {
		b.name = b.verb
		return true
	}
	if b.node.Kind() != source.Map && b.node.Kind() != source.Null {
		b.c.report(b.node.Problem(fmt.Sprintf("%s is %s", b.verb, b.node.Kind()), "a map with a name"))
		return false
	}
	b.name = b.Required("name", "a name that is unique in the flow")
	if b.name == "" {
		return true
	}
	node := b.node.Child("name")
	if other, taken := b.c.names[b.name]; taken {
		b.c.report(node.Problem(fmt.Sprintf("the name %q is taken by the action in line %d", b.name, other.Line),
			"a name that is unique in the flow"))
	}
	b.c.names[b.name] = node.Pos()
	return true
}

// Sub returns a map within the action's value, to be read like it; whoever reads
// it calls End.
func (b *Body) Sub(key string) *Body {
	n := b.child(key)
	if n.Kind() != source.Map {
		b.Report(key, fmt.Sprintf("%s is %s", key, n.Kind()), "a map")
	}
	return &Body{c: b.c, verb: key, item: b.node, node: n, name: b.name}
}

// End reports the keys that nothing has read. The compiler calls it for the
// action itself.
func (b *Body) End() {
	for _, key := range b.node.Keys() {
		if !slices.Contains(b.known, key.Name) {
			b.c.report(b.node.KeyProblem(key.Name, fmt.Sprintf("%s has no %q", b.verb, key.Name),
				source.Suggest(key.Name, "keys", b.known)))
		}
	}
}

// Has says whether a key is given.
func (b *Body) Has(key string) bool { return b.child(key) != nil }

// Report reports a problem with a key's value, or with the whole action where
// the key is missing.
func (b *Body) Report(key, msg, want string) { b.c.report(b.problem(key, msg, want)) }

// Warn is Report for what is doubtful and can be run all the same.
func (b *Body) Warn(key, msg, want string) {
	p := b.problem(key, msg, want)
	p.Warning = true
	b.c.report(p)
}

func (b *Body) problem(key, msg, want string) source.Problem {
	if n := b.node.Child(key); n != nil {
		return n.Problem(msg, want)
	}
	return b.item.KeyProblem(b.verb, msg, want)
}

func (b *Body) child(key string) *source.Node {
	if !slices.Contains(b.known, key) {
		b.known = append(b.known, key)
	}
	return b.node.Child(key)
}
