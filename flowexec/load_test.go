package flowexec_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assent/flowexec"
	"assent/source"
)

const examples = "../configs/flows"

func TestExampleFlowsLoadWithoutProblems(t *testing.T) {
	w := world()
	flows, problems := flowexec.Load(examples, verbs, w)
	if len(problems) > 0 {
		t.Fatal(source.Problems(problems))
	}
	if got := flows.Names(); !slices.Equal(got, []string{"consent", "returning"}) {
		t.Errorf("flows %v", got)
	}
	flow, ok := flows.Flow("consent")
	if !ok || !slices.Equal(flow.Tasks(), []string{"ask", "allow", "route", "bye"}) {
		t.Errorf("flow %+v", flow)
	}
	if _, ok := flows.Flow("none"); ok {
		t.Error("a flow that does not exist")
	}
}

func TestLoadReportsEveryFileAndKeepsTheGoodOnes(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml":    "flow: one\nstart: a\ntasks: { a: [ goto: a ] }",
		"b.yml":     "flow: one\nstart: a\ntasks: { a: [ goto: a ] }",
		"c.yaml":    "flow: three\nstart: b\ntasks: { a: [ goto: a ] }",
		"notes.txt": "not a flow",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	flows, problems := flowexec.Load(dir, verbs, flowexec.World{})
	if got := flows.Names(); !slices.Equal(got, []string{"one"}) {
		t.Errorf("flows %v", got)
	}
	got := source.Problems(problems).Error()
	for _, want := range []string{`b.yml: the flow "one" is also in ` + filepath.Join(dir, "a.yaml"), `c.yaml:2:8: there is no task "b"`} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

func TestLoadOfAFolderThatIsMissingIsAProblem(t *testing.T) {
	flows, problems := flowexec.Load(filepath.Join(t.TempDir(), "none"), verbs, flowexec.World{})
	if source.Problems(problems).Err() == nil || len(flows.Names()) != 0 {
		t.Errorf("problems %v", problems)
	}
	if _, problems := flowexec.LoadFile("none.yaml", verbs, flowexec.World{}); len(problems) != 1 {
		t.Errorf("problems %v", problems)
	}
}

func TestSoundFilesAreFoundBesideTheFlow(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ding.wav"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "a.yaml")
	if err := os.WriteFile(file, []byte(main("    - play_audio: { name: Ding, file: ding.wav }\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, problems := flowexec.LoadFile(file, verbs, flowexec.World{}); len(problems) > 0 {
		t.Error(source.Problems(problems))
	}
}
