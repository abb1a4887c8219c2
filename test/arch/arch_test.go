package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// layers are the packages from the bottom up: a package may import those of
// lower layers, never one of its own or a higher one.
var layers = [][]string{
	{"policy", "event", "source", "prompts", "media/pcm", "balance", "numbering", "sockfilter", "terms", "stir"},
	{"ladder"},
	{"media/codec", "media/dtmf", "media/sdp", "vault", "depot", "consent/merkle", "gateway", "route", "toll", "resolver", "resolver/dnstest", "stir/stirtest", "auth", "registrar"},
	{"sip", "media", "trunk", "queue", "flowexec", "consent", "recorder", "retention"},
	{"store", "audit", "speech", "flowexec/actions", "flowexec/flowtest", "evidence"},
	{"evidence/vcon"},
	{"call", "archive"},
	{"api", "configs"},
	{"app", "doctor"},
	{"demo/phone", "demo"},
	{"cmd/assent"},
}

// within is what may be imported inside one layer all the same.
var within = map[string][]string{
	"media/codec": {"media/pcm"}, "media/dtmf": {"media/pcm"},
	"demo": {"demo/phone"}, "depot": {"vault"},
}

// only names the packages that may import a library: what it stands for stays
// behind one door.
var only = map[string][]string{
	"github.com/emiago/sipgo":    {"sip"},
	"github.com/icholy/digest":   {"auth"},
	"github.com/pion/rtp":        {"media"},
	"github.com/pion/rtcp":       {"media"},
	"github.com/pion/srtp":       {"media"},
	"github.com/hraban/opus":     {"media/codec"},
	"modernc.org/sqlite":         {"store"},
	"github.com/goccy/go-yaml":   {"source"},
	"github.com/alecthomas":      {"cmd/assent"},
	"github.com/prometheus":      {"api"},
	"github.com/minio":           {"depot"},
	"github.com/johannesboyne":   {},
	"github.com/tink-crypto":     {"vault"},
	"github.com/miekg/dns":       {"resolver", "resolver/dnstest", "stir/stirtest"},
	"github.com/pressly/goose":   {"store"},
	"golang.org/x/mod":           {"consent/merkle"},
	"golang.org/x/net":           {"sockfilter"},
	"github.com/oklog/ulid":      {"event"},
	"github.com/danielgtaylor":   {"api"},
	"github.com/santhosh-tekuri": {},
}

func TestImportsPointOneWay(t *testing.T) {
	layer := map[string]int{}
	for i, packages := range layers {
		for _, p := range packages {
			layer[p] = i
		}
	}
	for pkg, imports := range productImports(t) {
		at, known := layer[pkg]
		if !known {
			t.Errorf("package %s has no layer: add it to layers", pkg)
			continue
		}
		for _, imported := range imports {
			own, ok := strings.CutPrefix(imported, "assent/")
			if ok && layer[own] >= at && !slices.Contains(within[pkg], own) {
				t.Errorf("%s imports %s, which is not below it", pkg, own)
			}
		}
	}
}

func TestLibrariesStayBehindOneDoor(t *testing.T) {
	for pkg, imports := range productImports(t) {
		for _, imported := range imports {
			for library, packages := range only {
				if strings.HasPrefix(imported, library) && !slices.Contains(packages, pkg) {
					t.Errorf("%s imports %s, which only %v may", pkg, imported, packages)
				}
			}
		}
	}
}

func TestFlowsCannotReachRecorderOrPolicyDecisions(t *testing.T) {
	for _, pkg := range []string{"flowexec", "flowexec/actions"} {
		for _, imported := range productImports(t)[pkg] {
			switch imported {
			case "assent/recorder", "assent/media", "assent/call", "assent/consent":
				t.Errorf("%s imports %s: a flow could start a recording", pkg, imported)
			}
		}
	}
}

// One place in the program connects a recorder to media.
func TestOneCallTapsTheMedia(t *testing.T) {
	var places []string
	walk(t, func(path string, text string) {
		if strings.HasPrefix(path, "media/") || strings.HasPrefix(path, "test/") || strings.HasSuffix(path, "_test.go") {
			return
		}
		for range strings.Count(text, ".Tap(") {
			places = append(places, path)
		}
	})
	if len(places) != 1 || places[0] != "call/record.go" {
		t.Errorf("recorders are connected to media in %v, want call/record.go alone", places)
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for pkg := range productImports(t) {
		dir := filepath.Join(root, pkg)
		found := false
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			file, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				t.Fatal(err)
			}
			found = found || file.Doc != nil && len(file.Doc.Text()) > 60
		}
		if !found {
			t.Errorf("package %s has no package comment", pkg)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#: ]+)(#[^)]*)?\)`)

func TestLinksInDocumentsLeadSomewhere(t *testing.T) {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && skipped(d.Name()) {
			return skip(d, err)
		}
		if d.IsDir() || !strings.HasSuffix(path, ".md") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s: link to %s leads nowhere", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var metric = regexp.MustCompile(`"(assent_[a-z0-9_]*)"`)
var metricName = regexp.MustCompile(`^assent_[a-z0-9]+(_[a-z0-9]+)*$`)

func TestMetricsAreNamedAsPromised(t *testing.T) {
	names := 0
	walk(t, func(path, text string) {
		for _, m := range metric.FindAllStringSubmatch(text, -1) {
			names++
			if !metricName.MatchString(m[1]) {
				t.Errorf("%s: metric %q", path, m[1])
			}
		}
		for _, label := range []string{`"call_id"`, `"number"`, `"address"`, `"caller"`} {
			if strings.HasPrefix(path, "api/metrics") && strings.Contains(text, label) {
				t.Errorf("%s has the label %s: labels come from fixed sets only", path, label)
			}
		}
	})
	if names == 0 {
		t.Error("no metric found: this test looks in the wrong place")
	}
}

// productImports maps every package of the product to what its non-test files
// import.
func productImports(t *testing.T) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	walk(t, func(path, _ string) {
		if strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "test/") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		imports[pkg] = append(imports[pkg], "")
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			imports[pkg] = append(imports[pkg], name)
		}
	})
	return imports
}

// walk visits every Go file of the tree; paths are relative to its root.
func walk(t *testing.T, visit func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && skipped(d.Name()) {
			return skip(d, err)
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(relative), string(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func skipped(name string) bool {
	return name == ".git" || name == "testdata" || name == "bin" || name == "data"
}

func skip(d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}
