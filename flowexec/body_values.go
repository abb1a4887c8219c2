package flowexec

import (
	"fmt"
	"strconv"
	"time"

	"assent/source"
)

// Text returns the text of a key, "" if it is not given.
func (b *Body) Text(key string) string {
	n := b.child(key)
	if n == nil {
		return ""
	}
	text, ok := n.Scalar()
	if !ok {
		b.Report(key, fmt.Sprintf("%s is %s", key, n.Kind()), "a single value")
	}
	return text
}

// Required is Text for a key that must be given.
func (b *Body) Required(key, want string) string {
	text := b.Text(key)
	n := b.node.Child(key)
	switch {
	case n == nil:
		b.Report(key, fmt.Sprintf("%s needs %q", b.verb, key), want)
	case n.Kind() == source.Scalar && text == "":
		b.Report(key, key+" is empty", want)
	}
	return text
}

// Template reads a text that may hold variables.
func (b *Body) Template(key string) Template {
	n := b.child(key)
	if n == nil {
		return Template{}
	}
	return b.template(n, key)
}

func (b *Body) template(n *source.Node, key string) Template {
	text, ok := n.Scalar()
	if !ok {
		b.c.report(n.Problem(fmt.Sprintf("%s is %s", key, n.Kind()), "a single value"))
		return Template{}
	}
	t, err := parseTemplate(text)
	if err != nil {
		b.c.report(n.Problem(err.Error(), "close it, or write $${ for the characters themselves"))
	}
	for _, ref := range t.refs() {
		b.c.refs = append(b.c.refs, reference{name: ref, node: n})
	}
	return t
}

// RequiredTemplate is Template for a key that must be given.
func (b *Body) RequiredTemplate(key, want string) Template {
	b.Required(key, want)
	return b.Template(key)
}

// Bool reads true or false.
func (b *Body) Bool(key string, missing bool) bool {
	n := b.child(key)
	if n == nil {
		return missing
	}
	text, _ := n.Scalar()
	if n.Quoted() || text != "true" && text != "false" {
		b.Report(key, fmt.Sprintf("%s is neither true nor false", key), "true or false, without quotes")
	}
	return text == "true"
}

// Int reads a whole number within bounds.
func (b *Body) Int(key string, missing, low, high int) int {
	if !b.Has(key) {
		return missing
	}
	n, err := strconv.Atoi(b.Text(key))
	if err != nil || n < low || n > high {
		b.Report(key, fmt.Sprintf("%s is not a whole number from %d to %d", key, low, high),
			fmt.Sprintf("for instance %d", missing))
	}
	return n
}

// Float reads a number within bounds.
func (b *Body) Float(key string, missing, low, high float64) float64 {
	if !b.Has(key) {
		return missing
	}
	f, err := strconv.ParseFloat(b.Text(key), 64)
	if err != nil || !(f >= low && f <= high) { // NaN is neither
		b.Report(key, fmt.Sprintf("%s is not a number from %g to %g", key, low, high),
			fmt.Sprintf("for instance %g", missing))
	}
	return f
}

// Duration reads a length of time within bounds.
func (b *Body) Duration(key string, missing, low, high time.Duration) time.Duration {
	if !b.Has(key) {
		return missing
	}
	d, err := source.ParseDuration(b.Text(key))
	switch {
	case err != nil:
		b.Report(key, key+": "+err.Error(), "for instance "+source.FormatDuration(max(missing, low)))
	case d < low || d > high:
		b.Report(key, fmt.Sprintf("%s is %s", key, source.FormatDuration(d)),
			fmt.Sprintf("from %s to %s", source.FormatDuration(low), source.FormatDuration(high)))
	}
	return d
}

// Map reads a map of texts that may hold variables, in the document's order.
func (b *Body) Map(key string) (names []string, values []Template) {
	n := b.child(key)
	if n == nil {
		return nil, nil
	}
	if n.Kind() != source.Map {
		b.Report(key, fmt.Sprintf("%s is %s", key, n.Kind()), "a map")
		return nil, nil
	}
	for _, k := range n.Keys() {
		names = append(names, k.Name)
		values = append(values, b.template(n.Child(k.Name), k.Name))
	}
	return names, values
}
