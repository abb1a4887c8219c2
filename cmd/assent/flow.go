package main

import (
	"errors"
	"fmt"
	"strings"

	"assent/app"
	"assent/flowexec"
)

type flowVerb struct {
	Check flowCheckVerb `cmd:"" help:"Compile flows and look for what is wrong or risky."`
	Graph flowGraphVerb `cmd:"" help:"Draw flows as Mermaid flowcharts."`
	Test  flowTestVerb  `cmd:"" help:"Let scripted callers live flows, and compare what comes of it."`
}

type flowCheckVerb struct {
	configFlag
	outputFlag
	Files []string `arg:"" optional:"" help:"Flow files; all of the configuration's flows where none is given."`
}

// Run compiles the flows against the configuration's prompts, queues, stations
// and trunks.
func (v flowCheckVerb) Run(io streams) error {
	_, warnings, err := app.LoadFlows(v.options(), v.Files)
	err = invalid(err)
	printWarnings(io, warnings)
	if v.Output == "json" {
		return errors.Join(v.print(io.out, judge("", warnings, err), nil, nil), err)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(io.out, "flows: valid")
	return err
}

type flowGraphVerb struct {
	configFlag
	outputFlag
	Files []string `arg:"" optional:"" help:"Flow files; all of the configuration's flows where none is given."`
}

// Run prints one flowchart after the other.
func (v flowGraphVerb) Run(io streams) error {
	flows, _, err := app.LoadFlows(v.options(), v.Files)
	if err != nil {
		return invalid(err)
	}
	graphs := []flowexec.Graph{}
	for _, f := range flows {
		graphs = append(graphs, f.Graph())
	}
	if v.Output == "json" {
		return v.print(io.out, graphs, nil, nil)
	}
	for _, g := range graphs {
		if _, err := fmt.Fprint(io.out, g.Mermaid()); err != nil {
			return err
		}
	}
	return nil
}

type flowTestVerb struct {
	configFlag
	outputFlag
	Files []string `arg:"" optional:"" help:"Test files; those in the folder tests of the configuration's flows where none is given."`
}

// errStories says that a story went another way than expected.
var errStories = errors.New("not all tests went as expected")

// Run lives all stories and tells how each went.
func (v flowTestVerb) Run(io streams) error {
	verdicts, err := app.TestFlows(v.options(), v.Files)
	if err != nil {
		return invalid(err)
	}
	failed := false
	rows := make([][]string, 0, len(verdicts))
	for _, story := range verdicts {
		word := "ok"
		if !story.OK {
			word, failed = "FAILED", true
		}
		rows = append(rows, []string{word, story.Flow, story.Name, strings.Join(story.Wrong, "; ")})
	}
	err = v.print(io.out, verdicts, []string{"RESULT", "FLOW", "TEST", "WRONG"}, rows)
	if failed {
		return errors.Join(err, errStories)
	}
	return err
}
