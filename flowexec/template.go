package flowexec

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// maxValue bounds a variable, and any text made of variables, in bytes.
const maxValue = 64 << 10

// errLong says that a text made of variables has become too long.
var errLong = fmt.Errorf("a value is longer than %d bytes", maxValue)

// variableName is what a variable may be called.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

// Template is a text with "${call.from}" or "${vars.NAME}" in it; "$${" stands
// for "${".
type Template struct{ parts []part }

// part is literal text, or a reference such as "call.from".
type part struct{ text, ref string }

// parseTemplate reads a template. A reference that is not closed is an error.
func parseTemplate(s string) (Template, error) {
	var t Template
	for s != "" {
		i := strings.Index(s, "${")
		if i < 0 {
			return t.literal(s), nil
		}
		if i > 0 && s[i-1] == '$' {
			t, s = t.literal(s[:i-1]+"${"), s[i+2:]
			continue
		}
		ref, rest, closed := strings.Cut(s[i+2:], "}")
		if !closed {
			return t, errors.New("a ${ that no } closes")
		}
		t = t.literal(s[:i])
		t.parts = append(t.parts, part{ref: strings.TrimSpace(ref)})
		s = rest
	}
	return t, nil
}

func (t Template) literal(s string) Template {
	if s != "" {
		t.parts = append(t.parts, part{text: s})
	}
	return t
}

// Constant returns the text of a template without variables, and whether it is
// one.
func (t Template) Constant() (string, bool) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.ref != "" {
			return "", false
		}
		b.WriteString(p.text)
	}
	return b.String(), true
}

// Prefix returns the text before the first variable.
func (t Template) Prefix() string {
	var b strings.Builder
	for _, p := range t.parts {
		if p.ref != "" {
			break
		}
		b.WriteString(p.text)
	}
	return b.String()
}

// refs returns the references within the template.
func (t Template) refs() []string {
	var refs []string
	for _, p := range t.parts {
		if p.ref != "" {
			refs = append(refs, p.ref)
		}
	}
	return refs
}

// Expand returns the template's text for this call. A variable that was never
// set is empty.
func (r *Run) Expand(t Template) (string, error) {
	return r.ExpandWith(t, func(_, value string) string { return value })
}

// ExpandWith is Expand, with every variable's value passed through escape, which
// is also given the text that stands before it.
func (r *Run) ExpandWith(t Template, escape func(before, value string) string) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		text := p.text
		if p.ref != "" {
			text = escape(b.String(), r.lookup(p.ref))
		}
		if b.Len()+len(text) > maxValue {
			return "", errLong
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// lookup returns the value of a reference; compiling has checked its name.
func (r *Run) lookup(ref string) string {
	if name, ok := strings.CutPrefix(ref, "vars."); ok {
		return r.vars[name]
	}
	return r.facts[ref]
}

// Set gives a variable its value.
func (r *Run) Set(name, value string) error {
	if len(value) > maxValue {
		return errLong
	}
	r.vars[name] = value
	return nil
}

// Forget removes a variable and the fields below it, "name.field".
func (r *Run) Forget(name string) {
	for key := range r.vars {
		if key == name || strings.HasPrefix(key, name+".") {
			delete(r.vars, key)
		}
	}
}
