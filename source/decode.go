package source

import (
	"encoding"
	"reflect"
	"strings"
	"time"
)

// Option changes how values are decoded.
type Option func(*decoder)

// Default makes every value of type T that decoding creates, as an entry of a
// map or an item of a list, start from what f returns instead of from zero. What
// the document gives then changes it.
func Default[T any](f func() T) Option {
	return func(d *decoder) {
		d.defaults[reflect.TypeFor[T]()] = func() reflect.Value { return reflect.ValueOf(f()) }
	}
}

// Decode fills what v points at from the document; see [Node.Decode].
func (d *Document) Decode(v any, options ...Option) error { return d.root.Decode(v, options...) }

// Decode fills what v points at, strictly: by `yaml:"name"` tags, unknown keys
// and wrong types refused. What the document does not give stays as it is, so v
// holds the defaults; a list that is given replaces the one that was there. The
// error is [Problems], all of them; v is then filled as far as it went.
//
// Beside Go's own kinds it knows [time.Duration] (see [ParseDuration]), types
// with UnmarshalText, and *[Node], which takes a value as it stands. A struct with
// UnmarshalText is written as a map of its keys, or in short as one text.
func (n *Node) Decode(v any, options ...Option) error {
	d := decoder{defaults: map[reflect.Type]func() reflect.Value{}}
	for _, option := range options {
		option(&d)
	}
	if n.kind != Null {
		d.value(n, reflect.ValueOf(v).Elem())
	}
	return d.problems.Err()
}

type decoder struct {
	defaults map[reflect.Type]func() reflect.Value
	problems Problems
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	nodeType     = reflect.TypeFor[*Node]()
)

func (d *decoder) report(p Problem) { d.problems = append(d.problems, p) }

// value decodes n into v, which can be set.
func (d *decoder) value(n *Node, v reflect.Value) {
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(n))
		return
	}
	if v.Kind() == reflect.Pointer {
		d.pointer(n, v)
		return
	}
	if text, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok && (n.kind != Map || v.Kind() != reflect.Struct) {
		d.text(n, text)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Slice:
		d.list(n, v)
	default:
		d.scalar(n, v)
	}
}

func (d *decoder) pointer(n *Node, v reflect.Value) {
	if n.kind == Null {
		v.SetZero()
		return
	}
	if v.IsNil() {
		v.Set(d.fresh(v.Type().Elem()).Addr())
	}
	d.value(n, v.Elem())
}

// fresh returns a new settable value of type t, with its default.
func (d *decoder) fresh(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	if f, ok := d.defaults[t]; ok {
		v.Set(f())
	}
	return v
}

func (d *decoder) structure(n *Node, v reflect.Value) {
	if n.kind == Null { // a section whose keys are all commented out
		return
	}
	if n.kind != Map {
		d.report(n.wrong("a map of keys", "its keys are "+strings.Join(FieldNames(v.Type()), ", ")))
		return
	}
	fields := fieldsOf(v.Type())
	for i, key := range n.keys {
		index, ok := fields[key.Name]
		if !ok {
			d.report(n.KeyProblem(key.Name, "unknown key "+key.Name+within(n), Suggest(key.Name, "keys here", FieldNames(v.Type()))))
			continue
		}
		d.value(n.values[i], v.FieldByIndex(index))
	}
}

func (d *decoder) mapping(n *Node, v reflect.Value) {
	if n.kind == Null {
		return
	}
	if n.kind != Map {
		d.report(n.wrong("a map of names", "write name: value"))
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMapWithSize(v.Type(), len(n.keys)))
	}
	for i, key := range n.keys {
		entry := d.fresh(v.Type().Elem())
		d.value(n.values[i], entry)
		v.SetMapIndex(reflect.ValueOf(key.Name).Convert(v.Type().Key()), entry)
	}
}

func (d *decoder) list(n *Node, v reflect.Value) {
	if n.kind != List {
		d.report(n.wrong("a list", "write [a, b], or [] for none"))
		return
	}
	list := reflect.MakeSlice(v.Type(), 0, len(n.items))
	for _, item := range n.items {
		entry := d.fresh(v.Type().Elem())
		d.value(item, entry)
		list = reflect.Append(list, entry)
	}
	v.Set(list)
}

func (d *decoder) text(n *Node, v encoding.TextUnmarshaler) {
	if n.kind != Scalar {
		d.report(n.wrong("a single value", ""))
		return
	}
	err := v.UnmarshalText([]byte(n.text))
	switch {
	case err != nil && n.Secret():
		d.report(n.Problem(n.title()+" can't be read", ""))
	case err != nil:
		d.report(n.Problem(n.title()+": "+err.Error(), ""))
	}
}

// wrong is the problem of a value that is not of the kind it must be.
func (n *Node) wrong(must, want string) Problem {
	return n.Problem(n.title()+" must be "+must+", not "+n.describe(), want)
}

// title names a value by its key, as messages do.
func (n *Node) title() string {
	switch {
	case n.parent == nil:
		return "the document"
	case n.parent.kind == List:
		return "an item of " + n.parent.title()
	}
	return n.name
}

func (n *Node) describe() string {
	switch {
	case n.kind != Scalar:
		return n.kind.String()
	case n.Secret():
		return "what is given"
	}
	if runes := []rune(n.text); len(runes) > 40 {
		return `"` + string(runes[:40]) + `…"`
	}
	if n.quoted {
		return `"` + n.text + `"`
	}
	return n.text
}

// within names the map that a key stands in, for messages.
func within(n *Node) string {
	if path := n.Path(); path != "" {
		return " in " + path
	}
	return ""
}
