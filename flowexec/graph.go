package flowexec

import (
	"fmt"
	"strings"
)

// Graph is a flow as a picture needs it: its tasks, and the ways between them.
type Graph struct {
	Flow    string      `json:"flow"`
	Start   string      `json:"start"`
	OnError string      `json:"on_error,omitempty"`
	Tasks   []GraphTask `json:"tasks"`
	Edges   []GraphEdge `json:"edges"`
}

// GraphTask is a task with its actions, in order.
type GraphTask struct {
	Name    string        `json:"name"`
	Actions []GraphAction `json:"actions"`
}

// GraphAction is one action of a task.
type GraphAction struct {
	Name  string `json:"name"`
	Verb  string `json:"verb"`
	Opens bool   `json:"opens_gate,omitempty"` // it asks that the gate be opened
	Queue string `json:"queue,omitempty"`      // it sends the caller there
}

// GraphEdge leads from an action to another task. An outcome without an edge
// falls through to the next action.
type GraphEdge struct {
	From    string `json:"from"` // a task
	Action  string `json:"action"`
	Outcome string `json:"outcome,omitempty"`
	To      string `json:"to"` // a task
}

// Graph returns the flow's picture. The caller owns it.
func (f *Flow) Graph() Graph {
	g := Graph{Flow: f.Name, Start: f.start.name, Edges: []GraphEdge{}}
	if f.onError != nil {
		g.OnError = f.onError.name
	}
	for _, t := range f.tasks {
		drawn := GraphTask{Name: t.name}
		for _, a := range t.actions {
			drawn.Actions = append(drawn.Actions, GraphAction{a.name, a.verb, a.traits.Opens, a.traits.Queue})
			for _, exit := range a.traits.Exits {
				if exit.To.Given() {
					g.Edges = append(g.Edges, GraphEdge{t.name, a.name, exit.Outcome, exit.To.task.name})
				}
			}
		}
		g.Tasks = append(g.Tasks, drawn)
	}
	return g
}

// Mermaid renders the picture in the language of Mermaid's flowcharts, which
// code hosts and editors draw.
func (g Graph) Mermaid() string {
	ids := map[string]string{}
	for i, t := range g.Tasks {
		ids[t.Name] = fmt.Sprintf("t%d", i)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "flowchart TD\n  call((%s)) --> %s\n", label(g.Flow), ids[g.Start])
	for i, t := range g.Tasks {
		lines := []string{"<b>" + escape(t.Name) + "</b>"}
		for _, a := range t.Actions {
			lines = append(lines, a.text())
		}
		fmt.Fprintf(&b, "  t%d[\"%s\"]\n", i, strings.Join(lines, "<br>"))
	}
	for _, e := range g.Edges {
		arrow := "-->"
		if e.Outcome != "" {
			arrow += "|" + label(e.Outcome) + "|"
		}
		fmt.Fprintf(&b, "  %s %s %s\n", ids[e.From], arrow, ids[e.To])
	}
	if g.OnError != "" {
		fmt.Fprintf(&b, "  error((error)) -.-> %s\n", ids[g.OnError])
	}
	return b.String()
}

func (a GraphAction) text() string {
	text := escape(a.Verb)
	if a.Name != a.Verb {
		text += ": " + escape(a.Name)
	}
	if a.Queue != "" {
		text += " → " + escape(a.Queue)
	}
	return text
}

func label(s string) string { return `"` + escape(s) + `"` }

// escape writes what Mermaid reads as markup by its character codes.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(`"#<>&;|`+"`", r) || r < ' ' {
			fmt.Fprintf(&b, "#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
