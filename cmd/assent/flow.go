package main

import (
	"fmt"

	"assent/app"
)

type flowVerb struct {
	Check flowCheckVerb `cmd:"" help:"Compile flows and look for what is wrong or risky."`
}

type flowCheckVerb struct {
	configFlag
	Files []string `arg:"" optional:"" help:"Flow files; all of the configuration's flows where none is given."`
}

// Run compiles the flows against the configuration's prompts, queues, stations
// and trunks; without a configuration only the language itself is checked.
func (v flowCheckVerb) Run(io streams) error {
	warnings, err := app.CheckFlows(v.options(), v.Files)
	printWarnings(io, warnings)
	if err != nil {
		return err
	}
	fmt.Fprintln(io.out, "flows: valid")
	return nil
}
