package flowexec

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"assent/source"
)

// plainName is what flows and prompts may be called: a file name without a
// folder.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$`)

// Prompt reads the name of a prompt, which may hold variables.
func (b *Body) Prompt(key string) Template {
	t := b.Template(key)
	name, constant := t.Constant()
	switch {
	case !b.Has(key):
	case constant && !plainName.MatchString(name):
		b.Report(key, fmt.Sprintf("%q can't name a prompt", name), "the name of a sound file, without folder and .wav")
	case constant:
		b.prompts = append(b.prompts, promptUse{name, b.node.Child(key)})
	}
	return t
}

// PromptName returns the name that a prompt's template gives for this call. A
// name that could leave the folder of prompts is an error.
func (r *Run) PromptName(t Template) (string, error) {
	name, err := r.Expand(t)
	if err == nil && !plainName.MatchString(name) {
		err = fmt.Errorf("the variables give no name of a prompt")
	}
	return name, err
}

// Speech reads a text that is to be spoken, of so many bytes at most, which may hold variables.
func (b *Body) Speech(key string, most int) Template {
	t := b.RequiredTemplate(key, "what is to be said")
	if text, constant := t.Constant(); constant && len(text) > most {
		b.Report(key, fmt.Sprintf("the text has %d bytes", len(text)), fmt.Sprintf("at most %d, in two actions", most))
	}
	if b.c.world.Speech == nil {
		return t
	}
	if err := b.c.world.Speech(); err != nil {
		b.Report(key, "nothing can be spoken: "+err.Error(), "install it, name another command, or play a recorded prompt")
	}
	return t
}

// File reads the path of a sound file, relative to the flow's folder.
func (b *Body) File(key string) string {
	path := b.Required(key, "the path of a WAV file")
	if path == "" {
		return ""
	}
	if strings.Contains(path, "${") {
		b.Report(key, "a file's path can't hold variables", "a prompt, whose name can")
		return ""
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(b.c.dir, path)
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		b.Report(key, fmt.Sprintf("there is no file %s", path), "a WAV file, its path relative to the flow's folder")
	}
	if absolute, err := filepath.Abs(path); err == nil { // whoever plays it has a folder of its own
		return absolute
	}
	return path
}

// Queue reads the name of a queue.
func (b *Body) Queue(key string) string {
	return b.configured(key, "queue", b.c.world.queueNames())
}

// Station reads the name of a station.
func (b *Body) Station(key string) string {
	return b.configured(key, "station", b.c.world.Stations)
}

// Trunk reads the name of a trunk, "" if it is not given.
func (b *Body) Trunk(key string) string {
	if !b.Has(key) {
		return ""
	}
	return b.configured(key, "trunk", b.c.world.Trunks)
}

// configured reads a name of the configuration; nil names are not known.
func (b *Body) configured(key, kind string, names []string) string {
	name := b.Required(key, "the name of a "+kind)
	if name != "" && names != nil && !slices.Contains(names, name) {
		b.Report(key, fmt.Sprintf("there is no %s %q", kind, name), source.Suggest(name, kind+"s", names))
	}
	return name
}

// Variable reads the name of a variable that the action sets, "" if it is not
// given. With fields, "${vars.NAME.field}" is possible too.
func (b *Body) Variable(key string, fields bool) string {
	name := b.Text(key)
	if b.Has(key) {
		b.Sets(key, name, fields)
	}
	return name
}

// Sets notes that the action sets a variable which a key names.
func (b *Body) Sets(key, name string, fields bool) {
	if !variableName.MatchString(name) {
		b.Report(key, fmt.Sprintf("%q can't name a variable", name), "letters, digits and _, such as account")
	}
	b.c.saved[name] = b.c.saved[name] || fields
}

// Secret notes that a variable holds a secure entry.
func (b *Body) Secret(name string) { b.c.secret[name] = true }

// Exposes notes that others can read what a template gives: the flow is warned
// if that is a secure entry.
func (b *Body) Exposes(key string, t Template, where string) {
	for _, ref := range t.refs() {
		b.c.refs = append(b.c.refs, reference{ref, b.node.Child(key), where})
	}
}

// checkRefs reports the references to what nothing sets, and the secrets that
// get out.
func (c *compiler) checkRefs() {
	for _, ref := range c.refs {
		if ref.exposes != "" && c.secret[strings.TrimPrefix(ref.name, "vars.")] {
			p := ref.node.Problem(fmt.Sprintf("the secure entry ${%s} gets into %s", ref.name, ref.exposes),
				"a variable that is not secure")
			p.Warning = true
			c.report(p)
		}
		if slices.Contains(FactNames, ref.name) {
			continue
		}
		name, isVariable := strings.CutPrefix(ref.name, "vars.")
		base, _, isField := strings.Cut(name, ".")
		withFields, set := c.saved[base]
		if isVariable && set && (withFields || !isField) {
			continue
		}
		c.report(ref.node.Problem(fmt.Sprintf("nothing sets ${%s}", ref.name),
			source.Suggest(ref.name, "names", c.referable())))
	}
}

// referable lists what "${...}" may name.
func (c *compiler) referable() []string {
	names := slices.Clone(FactNames)
	for name := range c.saved {
		names = append(names, "vars."+name)
	}
	return names
}
