package flowexec

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"assent/source"
)

// Load compiles every *.yaml and *.yml file of a folder, in the order of their
// names. It returns all the problems that it finds, sorted; the flows are those
// of the files without errors.
func Load(dir string, list []Action, w World) (*Flows, []source.Problem) {
	flows := &Flows{byName: map[string]*Flow{}}
	files, err := flowFiles(dir)
	if err != nil {
		return flows, []source.Problem{{Pos: source.Position{File: dir}, Message: err.Error()}}
	}
	var problems source.Problems
	for _, file := range files {
		flow, found := LoadFile(file, list, w)
		problems = append(problems, found...)
		if flow == nil {
			continue
		}
		if other, taken := flows.byName[flow.Name]; taken {
			problems = append(problems, source.Problem{
				Pos:     source.Position{File: file},
				Message: fmt.Sprintf("the flow %q is also in %s", flow.Name, other.File),
				Want:    "give one of them another name",
			})
			continue
		}
		flows.byName[flow.Name] = flow
	}
	return flows, problems.Sort()
}

// flowFiles lists the flow files of a folder by name.
func flowFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the folder of flows: %w", err)
	}
	var files []string
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, nil
}

// LoadFile compiles one file. The flow is nil where the problems have errors.
func LoadFile(file string, list []Action, w World) (*Flow, []source.Problem) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, []source.Problem{{Pos: source.Position{File: file}, Message: err.Error()}}
	}
	return Compile(file, text, list, w)
}

// Compile compiles the text of one flow; file is what positions and the paths of
// sound files are relative to. The flow is nil where the problems have errors.
// text is borrowed.
func Compile(file string, text []byte, list []Action, w World) (*Flow, []source.Problem) {
	doc, err := source.Parse(file, text)
	if err != nil {
		return nil, source.All(err)
	}
	sum := sha256.Sum256(text)
	c := &compiler{
		world: w, dir: filepath.Dir(file), verbs: map[string]Action{},
		tasks: map[string]*task{}, names: map[string]source.Position{}, saved: map[string]bool{}, secret: map[string]bool{},
		flow: &Flow{File: file, SHA256: hex.EncodeToString(sum[:]), language: w.Language},
	}
	for _, a := range list {
		c.verbs[a.Verb] = a
	}
	c.document(doc.Root())
	if c.problems.Err() == nil {
		c.lint()
	}
	problems := c.problems.Sort()
	if problems.Err() != nil {
		return nil, problems
	}
	return c.flow, problems
}
