package configs

import (
	"os"
	"path/filepath"
	"slices"

	"assent/source"
)

// flowFile is a file of the flows' folder, as far as the configuration looks into
// it: for the flow's name.
type flowFile struct {
	path string
	name string // empty where the file says none
	text []byte
	doc  *source.Document // nil where the file is not YAML
}

// readFlows reads the files of the flows' folder, sorted by name. A folder that is
// not there is reported only if a trunk needs a flow.
func (l *loader) readFlows() []flowFile {
	var flows []flowFile
	first := map[string]string{} // flow → file
	for _, path := range flowPaths(l.Flows) {
		flow := l.readFlow(path)
		if other, twice := first[flow.name]; twice && flow.name != "" {
			l.problems = append(l.problems, flow.doc.Problem("flow", "the flow "+flow.name+" stands in "+other+" too", "give each flow a name of its own"))
		}
		first[flow.name] = path
		flows = append(flows, flow)
	}
	return flows
}

func (l *loader) readFlow(path string) flowFile {
	flow := flowFile{path: path}
	text, err := readFile(path)
	if err != nil {
		l.problems = append(l.problems, source.Problem{Pos: source.Position{File: path}, Message: "the flow can't be read: " + cause(err).Error()})
		return flow
	}
	flow.text = text
	doc, err := source.Parse(path, text)
	if err != nil {
		l.problems = append(l.problems, source.All(err)...)
		return flow
	}
	flow.doc = doc
	if n := doc.Find("flow"); n != nil {
		flow.name, _ = n.Scalar()
	}
	return flow
}

// flowPaths returns the paths of the flow files in a folder, sorted.
func flowPaths(dir string) []string {
	var paths []string
	entries, _ := os.ReadDir(dir) // a folder that can't be read has no flows: the trunk that names one is told
	for _, entry := range entries {
		if ext := filepath.Ext(entry.Name()); !entry.IsDir() && (ext == ".yaml" || ext == ".yml") {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	slices.Sort(paths)
	return paths
}

// names returns the names of the flows that have one.
func names(flows []flowFile) []string {
	var found []string
	for _, flow := range flows {
		if flow.name != "" {
			found = append(found, flow.name)
		}
	}
	return found
}
