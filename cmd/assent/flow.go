package main

import (
	"errors"
	"fmt"
	"strings"

	"assent/app"
	"assent/flowexec"
	"assent/source"
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
// and trunks; named files by themselves where there is no configuration.
func (v flowCheckVerb) Run(io streams) error {
	_, warnings, err := loadFlows(io, v.configFlag, v.Files)
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

// loadFlows compiles files, or the configuration's flows, and says so if it could
// not hold them against a configuration.
func loadFlows(io streams, f configFlag, files []string) ([]*flowexec.Flow, []source.Problem, error) {
	if len(files) > 0 {
		opts, alone := f.optional()
		if alone {
			fmt.Fprintf(io.err, "no %s here: the names of prompts, queues, stations and trunks are not checked\n", f.Config)
		}
		return app.LoadFlows(opts, files)
	}
	return app.LoadFlows(f.options(), nil)
}

type flowGraphVerb struct {
	configFlag
	outputFlag
	Files []string `arg:"" optional:"" help:"Flow files; all of the configuration's flows where none is given."`
}

// Run prints one flowchart after the other.
func (v flowGraphVerb) Run(io streams) error {
	flows, _, err := loadFlows(io, v.configFlag, v.Files)
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
