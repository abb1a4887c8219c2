package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"assent/app"
	"assent/media/codec"
	"assent/source"
)

type checkVerb struct {
	outputFlag
	Files []string `arg:"" optional:"" help:"Configurations; assent.yaml where none is given."`
}

// Run validates every file; warnings are printed and do not fail.
func (v checkVerb) Run(io streams) error {
	files := v.Files
	if len(files) == 0 {
		files = []string{defaultConfig}
	}
	verdicts, problems := make([]verdict, 0, len(files)), source.Problems(nil)
	for _, file := range files {
		warnings, err := app.Check(app.Options{Config: file, Env: os.Environ()})
		problems = append(problems, source.All(err)...)
		verdicts = append(verdicts, judge(file, warnings, err))
		printWarnings(io, warnings)
		if v.Output != "json" && !codec.HasOpus {
			fmt.Fprintln(io.err, "note: this build has no Opus; one made with cgo and libopus (make build) has")
		}
		if err == nil && v.Output != "json" {
			fmt.Fprintf(io.out, "%s: valid\n", file)
		}
	}
	if v.Output == "json" {
		return errors.Join(v.print(io.out, verdicts, nil, nil), problems.Err())
	}
	return problems.Err()
}

// invalid makes every error of loading a configuration one that says so.
func invalid(err error) error { return source.All(err).Err() }

func printWarnings(io streams, warnings []source.Problem) {
	for _, w := range warnings {
		fmt.Fprintln(io.err, w.Error())
	}
}

// verdict is what a check found, as programs read it.
type verdict struct {
	File     string    `json:"file,omitempty"`
	Valid    bool      `json:"valid"`
	Problems []finding `json:"problems"`
}

// finding is one problem. Line and column are 0 where only the file is known.
type finding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Warning bool   `json:"warning"`
	Message string `json:"message"`
	Want    string `json:"want"`
}

func judge(file string, warnings []source.Problem, err error) verdict {
	v := verdict{File: file, Valid: err == nil, Problems: []finding{}}
	for _, p := range slices.Concat(source.All(err), warnings) {
		v.Problems = append(v.Problems, finding{p.Pos.File, p.Pos.Line, p.Pos.Column, p.Warning, p.Message, p.Want})
	}
	return v
}
