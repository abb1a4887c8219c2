package configs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assent/consent"
	"assent/source"
)

// maxFile bounds what is read of a file before it is refused.
const maxFile = 2 << 20

// Load reads and checks the configuration at path. env is the environment as
// [os.Environ] gives it. The error is [source.Problems], everything that is wrong
// at once; the Snapshot is not nil as long as the file was YAML, so that a caller
// may go on checking, but only one that came without an error may be run.
func Load(path string, env []string) (*Snapshot, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, source.Problems{{
			Pos: source.Position{File: path}, Message: "the configuration can't be read: " + cause(err).Error(),
			Want: "assent init > " + filepath.Base(path) + " writes one",
		}}
	}
	doc, err := source.Parse(path, text)
	if err != nil {
		return nil, err
	}
	l := loader{path: path, dir: filepath.Dir(path), env: environment(env), doc: doc, Config: Default()}
	return l.load(text)
}

// loader carries one Load from the text to the Snapshot.
type loader struct {
	Config

	path, dir string
	env       map[string]string
	doc       *source.Document
	tokens    []string // written out in the file, for withoutTokens
	flows     []flowFile
	problems  source.Problems
}

func (l *loader) load(text []byte) (*Snapshot, error) {
	overrides := l.applyEnvironment(secretVariables(l.doc.Root()))
	l.noteTokens()
	l.resolveSecrets(l.doc.Root())
	l.problems = append(l.problems, l.notYet()...)
	l.problems = append(l.problems, source.All(l.doc.Decode(&l.Config, entryDefaults()...))...)
	read := len(l.problems)
	l.resolvePaths()
	l.flows = l.readFlows()
	l.check()
	snapshot := &Snapshot{
		Config: l.Config, File: l.path, Version: l.version(text, overrides),
		doc: l.doc, flows: l.flows,
	}
	l.problems = l.withoutTokens(withoutEchoes(l.problems, read))
	snapshot.Warnings = l.problems.Warnings().Sort()
	return snapshot, l.problems.Err()
}

// report adds an error at a path of the configuration.
func (l *loader) report(path, want, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	if n := l.doc.Find(path); n != nil && n.Secret() {
		if text, _ := n.Scalar(); text != "" && strings.Contains(msg, text) {
			msg = lastKey(path) + " can't be what is given"
		}
	}
	l.problems = append(l.problems, l.doc.Problem(path, msg, want))
}

// warn adds a warning at a path of the configuration.
func (l *loader) warn(path, want, format string, args ...any) {
	p := l.doc.Problem(path, fmt.Sprintf(format, args...), want)
	p.Warning = true
	l.problems = append(l.problems, p)
}

// resolvePaths makes paths relative to the configuration's folder.
func (l *loader) resolvePaths() {
	if l.Consent.Key == "" && l.Consent.Ledger != "" {
		l.Consent.Key = consent.KeyBeside(l.Consent.Ledger)
	}
	for _, path := range []*string{&l.Recordings.Dir, &l.Consent.Ledger, &l.Consent.Key, &l.Audit.Dir, &l.CDR.File, &l.Flows, &l.Prompts,
		&l.STIR.Roots, &l.STIR.TLSRoots, &l.STIR.Key, &l.STIR.Certificate,
		&l.SIP.TLS.Certificate, &l.SIP.TLS.Key, &l.SIP.TLS.CA, &l.SIP.TLS.ClientCA} {
		*path = l.inDir(*path)
	}
	if file, ok := strings.CutPrefix(l.Store, "sqlite:"); ok {
		l.Store = "sqlite:" + l.inDir(file)
	}
	if to := &l.Recordings.Depot.Store; !strings.Contains(*to, "://") {
		*to = l.inDir(*to)
	}
	keys := &l.Recordings.Encryption
	keys.Key = l.keyInDir(keys.Key)
	for i, key := range keys.OldKeys {
		keys.OldKeys[i] = l.keyInDir(key)
	}
}

// keyInDir does the same for the reference to a key.
func (l *loader) keyInDir(ref string) string {
	if file, ok := strings.CutPrefix(ref, "file:"); ok && file != "" {
		return "file:" + l.inDir(file)
	}
	return ref
}

// inDir returns a path that is relative to the configuration's folder as one that
// is relative to the working directory. An empty path stays empty.
func (l *loader) inDir(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(l.dir, path)
}

// version names what was loaded: the file, the environment's changes, the flows.
func (l *loader) version(text []byte, overrides []string) string {
	h := sha256.New()
	add := func(part string) { _, _ = fmt.Fprintf(h, "%d\n%s", len(part), part) } // a hash never fails
	add(string(text))
	for _, override := range slices.Sorted(slices.Values(overrides)) {
		add(override)
	}
	for _, flow := range l.flows {
		add(filepath.Base(flow.path))
		add(string(flow.text))
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// withoutEchoes drops what later checks say of places where a value could not even
// be read: the first `read` problems. One verdict is enough there.
func withoutEchoes(ps source.Problems, read int) source.Problems {
	wrong := map[source.Position]bool{}
	var out source.Problems
	for i, p := range ps {
		if wrong[p.Pos] {
			continue
		}
		if i < read && p.Pos.Line > 0 {
			wrong[p.Pos] = true
		}
		out = append(out, p)
	}
	return out
}

// readFile reads a file within bounds.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.New("it is a folder")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		return nil, fmt.Errorf("it has more than %d bytes", maxFile)
	}
	return text, err
}

// cause strips the operation and the path off an error of package os: the message
// names the path itself.
func cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
