package flowexec_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/zap"

	"assent/flowexec"
	"assent/flowexec/flowtest"
	"assent/source"
)

// FuzzCompile feeds the compiler with anything, and runs what it accepts: it
// must end, and must not ask for the gate after a caller who says nothing where
// the checks saw no way to it without consent.
func FuzzCompile(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(examples, "*.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	list := offline()
	f.Fuzz(func(t *testing.T, text []byte) {
		flow, problems := flowexec.Compile("fuzz.yaml", text, list, flowexec.World{Language: "en"})
		for _, p := range problems {
			if p.Message == "" || p.Pos.File != "fuzz.yaml" {
				t.Errorf("a problem without text or place: %+v", p)
			}
		}
		if (flow == nil) != (source.Problems(problems).Err() != nil) {
			t.Fatalf("flow %v with problems %v", flow, problems)
		}
		if flow == nil {
			return
		}
		caller := &flowtest.Fake{Outcomes: []string{"failure", "failure"}}
		_ = flow.Run(context.Background(), caller, zap.NewNop()) // it may fail, it must end
		if caller.Gate && len(problems) == 0 {
			t.Errorf("the gate opened for a caller who said nothing:\n%s", text)
		}
	})
}

// offline are the verbs but the one that goes out to a network.
func offline() []flowexec.Action {
	var list []flowexec.Action
	for _, a := range verbs {
		if a.Verb != "data_lookup" {
			list = append(list, a)
		}
	}
	return list
}
