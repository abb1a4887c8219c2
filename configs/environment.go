package configs

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"assent/source"
)

// prefix begins the name of every environment variable that is ours.
const prefix = "ASSENT_"

// What the verbs that talk to a running service read from the environment: they
// are no keys of its configuration.
const (
	ClientURL   = prefix + "API_URL"
	ClientToken = prefix + "API_TOKEN"
)

// environmentFile begins the name under which a variable's value is parsed.
const environmentFile = "environment "

// environment returns the variables by name.
func environment(env []string) map[string]string {
	values := map[string]string{}
	for _, entry := range env {
		if name, value, ok := strings.Cut(entry, "="); ok {
			values[name] = value
		}
	}
	return values
}

// applyEnvironment lays the variables over the document. used are those that the
// document names as secrets: they are no overrides. It returns what it applied.
func (l *loader) applyEnvironment(used map[string]bool) (applied []string) {
	for _, name := range slices.Sorted(maps.Keys(l.env)) {
		rest, ours := strings.CutPrefix(name, prefix)
		if !ours || used[name] || name == ClientURL || name == ClientToken {
			continue
		}
		applied = append(applied, name+"="+l.env[name])
		value, err := source.Parse(environmentFile+name, []byte(l.env[name]))
		if err != nil {
			l.problems = append(l.problems, concealed(name, source.All(err))...)
			continue
		}
		if private(name) {
			value.Conceal()
		}
		o := override{name: name, value: value.Root()}
		if !o.apply(l.doc.Root(), reflect.TypeFor[Config](), rest) {
			o.problem(o.unmatched(l.doc.Root()), o.nearest(l.doc.Root()))
		}
		l.problems = append(l.problems, o.problems...)
	}
	return applied
}

// private says whether a variable may hold a secret, which no message shows.
func private(name string) bool {
	return strings.HasPrefix(name, prefix+"API") || strings.HasPrefix(name, prefix+"STORE")
}

func concealed(name string, ps source.Problems) source.Problems {
	if !private(name) {
		return ps
	}
	for i := range ps {
		ps[i].Message, ps[i].Excerpt = "this is not YAML", ""
	}
	return ps
}

// override is one variable on its way into the document.
type override struct {
	name     string
	value    *source.Node
	problems source.Problems
}

func (o *override) problem(msg, want string) {
	p := o.value.Problem(msg, want)
	p.Pos, p.Excerpt = source.Position{File: environmentFile + o.name}, ""
	o.problems = append(o.problems, p)
}

// apply walks down from a node that is decoded into type t by what is left of the
// variable's name, and sets the value; false says that no key has that name.
func (o *override) apply(n *source.Node, t reflect.Type, rest string) bool {
	for key, inner := range children(n, t) {
		name := variable(key)
		if name != rest && !strings.HasPrefix(rest, name+"__") {
			continue
		}
		if twin := namesake(n, key); t.Kind() == reflect.Map && twin != "" {
			o.problem("the name means both "+key+" and "+twin, "rename one of them, or change them in the file")
			return true
		}
		child := n.Child(key)
		if child == nil {
			child = nothing(o.name)
		}
		if name == rest {
			o.set(n, key, child, inner)
			return true
		}
		if o.apply(child, inner, rest[len(name)+2:]) {
			n.Set(o.at(key), child)
			return true
		}
	}
	return false
}

// namesake returns another key of the map whose variable has the same name.
func namesake(n *source.Node, key string) string {
	for _, other := range n.Keys() {
		if other.Name != key && variable(other.Name) == variable(key) {
			return other.Name
		}
	}
	return ""
}

// set gives a key the variable's value. A section changes key by key; a map of
// names keeps its entries and gets no new ones.
func (o *override) set(parent *source.Node, key string, old *source.Node, t reflect.Type) {
	if t.Kind() == reflect.Struct || t.Kind() == reflect.Map {
		o.merge(old, o.value, t)
		parent.Set(o.at(key), old)
		return
	}
	parent.Set(o.at(key), o.value)
}

// at returns a key that stands where the variable's value stands.
func (o *override) at(name string) source.Key { return source.Key{Name: name, Pos: o.value.Pos()} }

// merge lays value over old, both decoded into type t.
func (o *override) merge(old, value *source.Node, t reflect.Type) {
	if value.Kind() != source.Map {
		o.problem("the value must be a map of keys, not "+value.Kind().String(), "give one key by a variable of its own, such as "+o.name+"__KEY")
		return
	}
	known := map[string]reflect.Type{}
	for key, inner := range children(old, t) {
		known[key] = inner
	}
	for _, key := range value.Keys() {
		inner, ok := known[key.Name]
		if !ok && t.Kind() == reflect.Map {
			o.problem("the file has no "+key.Name+", and the environment adds no entries", "add it to the file")
			continue
		}
		child := old.Child(key.Name)
		if child != nil && inner != nil && (inner.Kind() == reflect.Struct || inner.Kind() == reflect.Map) {
			o.merge(child, value.Child(key.Name), inner)
			continue
		}
		old.Set(key, value.Child(key.Name)) // an unknown key is found when it is decoded
	}
}

// unmatched says why no key was found.
func (o *override) unmatched(root *source.Node) string {
	rest := strings.TrimPrefix(o.name, prefix)
	for key, t := range children(root, reflect.TypeFor[Config]()) {
		if t.Kind() == reflect.Map && strings.HasPrefix(rest, variable(key)+"__") {
			return "no key of the configuration has this name; the environment adds no entries to " + key
		}
	}
	return "no key of the configuration has this name"
}

// nearest names the variable that was probably meant.
func (o *override) nearest(root *source.Node) string {
	near := source.Nearest(strings.TrimPrefix(o.name, prefix), variables(root, reflect.TypeFor[Config](), ""))
	if near != "" {
		return "did you mean " + prefix + near + "?"
	}
	return "the name is " + prefix + " and a key's path in upper case, its levels joined by __, such as ASSENT_LOG__LEVEL; unset what is not meant for assent's configuration"
}

// children yields the keys below n with their types: all keys of a section, given
// or not, and the entries that a map of names has.
func children(n *source.Node, t reflect.Type) func(yield func(string, reflect.Type) bool) {
	return func(yield func(string, reflect.Type) bool) {
		switch t.Kind() {
		case reflect.Struct:
			for key, field := range source.Fields(t) {
				if !yield(key, field.Type) {
					return
				}
			}
		case reflect.Map:
			for _, key := range n.Keys() {
				if !yield(key.Name, t.Elem()) {
					return
				}
			}
		}
	}
}

// variables returns the names of all variables that would match, without prefix.
func variables(n *source.Node, t reflect.Type, above string) []string {
	var found []string
	for key, inner := range children(n, t) {
		name := above + variable(key)
		found = append(found, name)
		child := n.Child(key)
		if child == nil {
			child = nothing(name)
		}
		found = append(found, variables(child, inner, name+"__")...)
	}
	return found
}

// variable returns a key as it stands in a variable's name.
func variable(key string) string {
	return strings.NewReplacer("-", "_", ".", "_").Replace(strings.ToUpper(key))
}

// nothing returns a value that is not there yet.
func nothing(name string) *source.Node {
	doc, err := source.Parse(environmentFile+name, nil)
	if err != nil {
		panic("configs: the empty document does not parse: " + err.Error())
	}
	return doc.Root()
}
