package main

import (
	"errors"
	"fmt"

	"assent/app"
)

type flowVerb struct {
	Check flowCheckVerb `cmd:"" help:"Compile flows and look for what is wrong or risky."`
}

type flowCheckVerb struct {
	configFlag
	outputFlag
	Files []string `arg:"" optional:"" help:"Flow files; all of the configuration's flows where none is given."`
}

// Run compiles the flows against the configuration's prompts, queues, stations
// and trunks.
func (v flowCheckVerb) Run(io streams) error {
	warnings, err := app.CheckFlows(v.options(), v.Files)
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
