package depot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Layout makes names from the facts of a recording: a template such as
// "{{trunk}}/{{yyyy}}/{{mm}}/{{dd}}/{{id}}". The variables are a fixed set, without
// the parties' numbers: names are in clear, and what a caller says of himself
// makes no path.
type Layout struct{ parts []part }

// part is text as it stands, or a variable.
type part struct {
	text     string
	variable string
}

const (
	// maxLayout bounds a template, maxValue one variable's value: names stay far below
	// the 1024 bytes of S3.
	maxLayout = 256
	maxValue  = 64
	// unnamed stands for a variable without a value.
	unnamed = "none"
)

// variables are what a template may name.
var variables = map[string]func(f *facts) string{
	"id":        func(f *facts) string { return f.ID },
	"call":      func(f *facts) string { return f.Call },
	"trunk":     func(f *facts) string { return f.Trunk },
	"queue":     func(f *facts) string { return f.Queue },
	"station":   func(f *facts) string { return f.Station },
	"direction": func(f *facts) string { return f.Direction },
	"yyyy":      func(f *facts) string { return at(f, "2006") },
	"mm":        func(f *facts) string { return at(f, "01") },
	"dd":        func(f *facts) string { return at(f, "02") },
	"hh":        func(f *facts) string { return at(f, "15") },
}

func at(f *facts, layout string) string { return f.StartedAt.UTC().Format(layout) }

// facts are what names are made of: a part of the sidecar.
type facts struct {
	ID        string    `json:"id"`
	Call      string    `json:"call"`
	Trunk     string    `json:"trunk"`
	Queue     string    `json:"queue"`
	Station   string    `json:"station"`
	Direction string    `json:"direction"`
	StartedAt time.Time `json:"started_at"`
	SHA256    string    `json:"sha256"`
}

// ParseLayout reads a template. Each name that it makes is different from any
// other's, since it ends with the recording's id.
func ParseLayout(template string) (Layout, error) {
	var l Layout
	if len(template) > maxLayout {
		return l, fmt.Errorf("has %d bytes, at most %d are right", len(template), maxLayout)
	}
	for rest := template; rest != ""; {
		text, after, found := strings.Cut(rest, "{{")
		if text != "" {
			l.parts = append(l.parts, part{text: text})
		}
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}}")
		if !closed {
			return l, errors.New("has a {{ that is not closed")
		}
		if name = strings.TrimSpace(name); variables[name] == nil {
			return l, fmt.Errorf("{{%s}} is unknown; use %s", name, strings.Join(variableNames(), ", "))
		}
		l.parts = append(l.parts, part{variable: name})
		rest = tail
	}
	if n := len(l.parts); n == 0 || l.parts[n-1].variable != "id" {
		return l, errors.New("does not end with {{id}}, which tells recordings apart")
	}
	return l, l.checkText()
}

// checkText looks at what stands in a template beside its variables.
func (l Layout) checkText() error {
	example := l.name(&facts{ID: "x"})
	for _, folder := range strings.Split(example, "/") {
		if folder == "" || strings.HasPrefix(folder, ".") {
			return fmt.Errorf("makes names such as %q; no folder may be empty or begin with a dot", example)
		}
	}
	for _, p := range l.parts {
		if strings.ContainsFunc(p.text, func(r rune) bool { return r != '/' && !plain(r) }) {
			return fmt.Errorf("has %q in it; beside variables use letters, digits, / . - and _", p.text)
		}
	}
	return nil
}

// variableNames are the variables as a message lists them.
func variableNames() []string {
	var names []string
	for name := range variables {
		names = append(names, "{{"+name+"}}")
	}
	slices.Sort(names)
	return names
}

// name returns the name of a recording, without an ending.
func (l Layout) name(f *facts) string {
	var b strings.Builder
	for _, p := range l.parts {
		if p.variable == "" {
			b.WriteString(p.text)
			continue
		}
		b.WriteString(safe(variables[p.variable](f)))
	}
	return b.String()
}

// safe turns any text into a part of a name: one that is no path, on any store.
func safe(value string) string {
	value = strings.Map(func(r rune) rune {
		if plain(r) {
			return r
		}
		return '_'
	}, value[:min(len(value), maxValue)])
	if value == "" {
		return unnamed
	}
	if strings.Trim(value, ".") == "" || value[0] == '.' {
		return "_" + value[1:]
	}
	return value
}

func plain(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' || r == '_' || r == '.'
}
