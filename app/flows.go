package app

import (
	"context"
	"fmt"
	"path/filepath"

	"assent/configs"
	"assent/flowexec"
	"assent/flowexec/actions"
	"assent/flowexec/flowtest"
	"assent/media"
	"assent/source"
)

// LoadFlows compiles flow files, or all of the configuration's flows where none
// are named, against what the configuration has. With opts.Config empty the files
// are compiled by themselves: the prompts, queues, stations and trunks that they
// name are taken as they stand. It returns the warnings too.
func LoadFlows(opts Options, files []string) (flows []*flowexec.Flow, warnings []source.Problem, err error) {
	if opts.Config == "" {
		return compileFlows(files, flowexec.World{Language: configs.Default().Language})
	}
	snapshot, err := configs.Load(opts.Config, opts.Env)
	if err != nil {
		return nil, nil, err
	}
	prompts, err := media.LoadPrompts(snapshot.Config.Prompts)
	if err != nil {
		return nil, nil, fmt.Errorf("prompts: %w", err)
	}
	w := world(snapshot.Config, prompts)
	if len(files) > 0 {
		return compileFlows(files, w)
	}
	all, found := flowexec.Load(snapshot.Config.Flows, actions.All(), w)
	problems := source.Problems(found)
	for _, name := range all.Names() {
		f, _ := all.Flow(name)
		flows = append(flows, f)
	}
	return flows, problems.Warnings(), problems.Err()
}

// compileFlows compiles files against what w has.
func compileFlows(files []string, w flowexec.World) (flows []*flowexec.Flow, warnings []source.Problem, err error) {
	var problems source.Problems
	for _, file := range files {
		f, found := flowexec.LoadFile(file, actions.All(), w)
		problems = append(problems, found...)
		if f != nil {
			flows = append(flows, f)
		}
	}
	return flows, problems.Warnings(), problems.Err()
}

// TestFlows runs files of stories through the configuration's flows; where none are named, those of the folder tests
// beside the flows. The error tells of files and flows that can't be read, not of stories that went wrong.
func TestFlows(opts Options, files []string) ([]flowtest.Verdict, error) {
	flows, _, err := LoadFlows(opts, nil)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		if files, err = testFiles(opts); err != nil {
			return nil, err
		}
	}
	verdicts := []flowtest.Verdict{}
	var problems source.Problems
	for _, file := range files {
		script, err := flowtest.LoadScript(file)
		if err != nil {
			problems = append(problems, source.All(err)...)
			continue
		}
		f := named(flows, script.Flow)
		if f == nil {
			problems = append(problems, source.Problem{Pos: source.Position{File: file},
				Message: fmt.Sprintf("there is no flow %q", script.Flow), Want: "the name of one of the configuration's flows"})
			continue
		}
		for _, story := range script.Stories {
			verdicts = append(verdicts, story.Live(context.Background(), f))
		}
	}
	return verdicts, problems.Err()
}

func testFiles(opts Options) ([]string, error) {
	snapshot, err := configs.Load(opts.Config, opts.Env)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(snapshot.Config.Flows, "tests")
	files, err := filepath.Glob(filepath.Join(dir, "*.y*ml"))
	if err == nil && len(files) == 0 {
		err = source.Problems{{Pos: source.Position{File: dir}, Message: "there are no tests", Want: "a file of tests, or its name as an argument"}}
	}
	return files, err
}

func named(flows []*flowexec.Flow, name string) *flowexec.Flow {
	for _, f := range flows {
		if f.Name == name {
			return f
		}
	}
	return nil
}
