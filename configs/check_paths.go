package configs

import (
	"path/filepath"
	"strings"

	"assent/audit"
	"assent/consent"
	"assent/recorder"
)

// place is a path of the configuration.
type place struct {
	key  string // empty for the configuration's own file
	path string // as realPath gives it
	// own says that nothing else may be there or below: a file that is written, or a
	// folder that proves something.
	own bool
	// writes is a file that appears there, empty if there is none.
	writes string
}

// checkPaths looks for paths of which one would damage what is at the other. Of
// two, it blames the one that is given; no key is blamed twice.
func (l *loader) checkPaths() {
	told := map[string]bool{}
	places := l.places()
	for i, a := range places {
		for _, b := range places[i+1:] {
			offender, other, msg := a, b, a.harms(b)
			if msg == "" {
				offender, other, msg = b, a, b.harms(a)
			}
			if !l.stands(offender) && l.stands(other) {
				offender = other
			}
			if key := offender.key; msg != "" && !told[key] {
				told[key] = true
				l.report(key, "give "+key+" a place of its own, such as "+presets[key], "%s", msg)
			}
		}
	}
}

// harms says what is wrong with p beside another place, or "".
func (p place) harms(other place) string {
	switch {
	case p.key == other.key || p.key == "":
	case p.path == other.path && other.own:
		return p.key + " and " + other.name() + " are the same"
	case other.own && below(p.path, other.path):
		return p.key + " lies in " + other.name()
	case p.writes != "" && readAs(p.writes, other) != "":
		return "what " + p.key + " names would be read as a " + readAs(p.writes, other)
	}
	return ""
}

// presets are what the keys of paths are by default.
var presets = map[string]string{
	"recordings.dir": recorder.Default().Dir, "consent.ledger": consent.Default().Ledger,
	"audit.dir": audit.Default().Dir, "consent.key": consent.KeyBeside(consent.Default().Ledger), "cdr.file": Default().CDR.File,
	"store": Default().Store, "recordings.store": "./data/stored", "flows": Default().Flows, "prompts": Default().Prompts,
}

// places returns the paths that are not empty, those first that are blamed first.
func (l *loader) places() []place {
	var all []place
	add := func(key, path string, own bool, writes ...string) {
		if real, err := realPath(path); path != "" && err == nil {
			p := place{key: key, path: real, own: own}
			if len(writes) > 0 {
				p.writes = filepath.Join(append([]string{real}, writes...)...)
			}
			all = append(all, p)
		}
	}
	add("cdr.file", l.CDR.File, true, "")
	if file, ok := strings.CutPrefix(l.Store, "sqlite:"); ok && file != "" {
		file = strings.TrimPrefix(file, "//")
		for _, suffix := range []string{"", "-wal", "-shm", "-journal"} { // what SQLite keeps beside it
			add("store", file+suffix, true, "")
		}
	}
	add("flows", l.Flows, false)
	add("prompts", l.Prompts, false)
	add("recordings.dir", l.Recordings.Dir, false, "recording.wav") // the recorder leaves what is not its own alone
	for _, file := range []string{l.Consent.Key, consent.PublicPath(l.Consent.Key)} {
		if l.Consent.Key != "" {
			add("consent.key", file, true, "")
		}
	}
	if to := l.Recordings.Depot.Store; !strings.Contains(to, "://") {
		add("recordings.store", to, true)
	}
	add("consent.ledger", l.Consent.Ledger, true, "ledger.jsonl")
	add("audit.dir", l.Audit.Dir, true, "ledger.jsonl")
	add("", l.path, true)
	return all
}

func (p place) name() string {
	if p.key == "" {
		return "the configuration"
	}
	return p.key
}

// stands reports whether the file or the environment says where a place is.
func (l *loader) stands(p place) bool {
	_, given := l.doc.At(p.key)
	return given && p.key != ""
}

// below reports whether a path lies in a folder.
func below(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != "." && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// readAs returns what a file would be taken for in a folder that is read, or "".
func readAs(file string, folder place) string {
	parent, ext := filepath.Dir(file), filepath.Ext(file)
	switch {
	case folder.key == "flows" && parent == folder.path && (ext == ".yaml" || ext == ".yml"):
		return "flow"
	case folder.key == "prompts" && (parent == folder.path || filepath.Dir(parent) == folder.path) && ext == ".wav":
		return "prompt"
	}
	return ""
}

// realPath returns a path that is absolute and without links, as far as it exists.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rest := ""
	for dir := path; ; dir = filepath.Dir(dir) {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest), nil
		}
		if dir == filepath.Dir(dir) {
			return path, nil
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}
