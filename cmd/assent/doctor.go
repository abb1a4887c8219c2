package main

import (
	"errors"
	"fmt"

	"assent/app"
	"assent/doctor"
)

type doctorVerb struct {
	configFlag
	outputFlag
}

// errUnfit is what the doctor ends with where something will not work.
var errUnfit = errors.New("something will not work as it is configured")

// Run checks the configuration, and then the machine against it.
func (v doctorVerb) Run(io streams) error {
	if _, err := app.Check(v.options()); err != nil {
		return invalid(err)
	}
	snapshot, err := v.load()
	if err != nil {
		return invalid(err)
	}
	findings := doctor.Judge(snapshot.Config, doctor.Gather(snapshot.Config))
	rows := make([][]string, len(findings))
	for i, f := range findings {
		rows[i] = []string{string(f.State), f.Check, f.Detail}
	}
	if err := v.print(io.out, findings, []string{"STATE", "CHECK", "FINDING"}, rows); err != nil {
		return err
	}
	if v.Output != "json" {
		printWants(io, findings)
	}
	if doctor.Failed(findings) {
		return errUnfit
	}
	return nil
}

// printWants says what to do about what is not as it should be.
func printWants(io streams, findings []doctor.Finding) {
	for _, f := range findings {
		if f.State == doctor.OK {
			continue
		}
		fmt.Fprintf(io.out, "\n%s: %s\n", f.State, f.Detail)
		if f.Key != "" {
			fmt.Fprintf(io.out, "  %s: ", f.Key)
		} else {
			fmt.Fprint(io.out, "  ")
		}
		fmt.Fprintln(io.out, f.Want)
	}
}
