package configs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"assent/policy"
	"assent/queue"
	"assent/source"
	"assent/trunk"
)

// folder returns a folder with a flow "consent", a prompt "calm", and the file.
func folder(t testing.TB, text string) (path string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"assent.yaml": text, "flows/consent.yaml": "flow: consent\nsuppress: [talk]\n", "prompts/en/calm.wav": "", "prompts/bell.wav": "",
	} {
		write(t, filepath.Join(dir, name), content)
	}
	return filepath.Join(dir, "assent.yaml")
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// loaded loads a configuration that must be right.
func loaded(t *testing.T, text string, env ...string) *Snapshot {
	t.Helper()
	s, err := Load(folder(t, text), env)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return s
}

// problems loads a configuration and returns what is wrong with it, with the
// folder taken off the file names.
func problems(t *testing.T, text string, env ...string) []string {
	t.Helper()
	path := folder(t, text)
	s, err := Load(path, env)
	all := source.All(err)
	if s != nil {
		all = append(all, s.Warnings...)
	}
	var found []string
	for _, p := range all {
		found = append(found, strings.ReplaceAll(p.Error(), filepath.Dir(path)+"/", ""))
	}
	return found
}

func TestTheContractsConfigurationLoadsAsWritten(t *testing.T) {
	text, err := os.ReadFile("testdata/interfaces.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := loaded(t, string(text))
	dir := filepath.Dir(s.File)
	in := func(path string) string { return filepath.Join(dir, path) }

	want := Default()
	want.Recordings.Dir, want.Consent.Ledger, want.CDR.File = in("data/recordings"), in("data/ledger"), in("data/cdr.jsonl")
	want.Audit.Dir, want.Consent.Key = in("data/audit"), in("data/ledger.key")
	want.Store, want.Flows, want.Prompts = "sqlite:"+in("data/assent.db"), in("flows"), in("prompts")
	carrier := trunk.DefaultConfig()
	carrier.Sources, carrier.Numbers, carrier.Flow = []string{"192.0.2.0/24"}, []string{"+4980012345*"}, "consent"
	carrier.Limits = trunk.Limits{Calls: 200, PerSecond: 20}
	carrier.Recording.Enabled = true
	want.Trunks["carrier-a"] = carrier
	agent := queue.DefaultStationConfig()
	agent.Address, agent.Calls, agent.Ring = "sip:agent-1@198.51.100.7:5060", 1, 20*time.Second
	want.Stations["agent-1"] = agent
	want.Queues["support"] = queue.Config{
		Stations: []string{"agent-1"}, Strategy: queue.LongestIdle, MaxWait: 5 * time.Minute, MaxWaiting: 100, Music: "calm",
		Recording: policy.QueueRule{Enabled: true, Suppress: []policy.Phase{}},
	}
	hr := queue.DefaultConfig()
	hr.Stations = []string{"agent-1"}
	want.Queues["hr"] = hr
	if !reflect.DeepEqual(s.Config, want) {
		t.Errorf("got  %+v\nwant %+v", s.Config, want)
	}
}

func TestTheInitialConfigurationWorksOnLoopback(t *testing.T) {
	s, err := Load("assent.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Warnings) != 0 {
		t.Errorf("it warns: %v", s.Warnings)
	}
	if text, _ := os.ReadFile("assent.yaml"); string(text) != Init() {
		t.Error("Init is not the file")
	}
	if flow, err := fs.ReadFile(Files(), "flows/consent.yaml"); err != nil || !strings.Contains(string(flow), "flow: consent") {
		t.Errorf("the flow is %q, %v", flow, err)
	}
	for _, listen := range s.SIP.Listen {
		if !strings.Contains(listen, "://127.0.0.1:") {
			t.Errorf("it listens on %s", listen)
		}
	}
}

// TestTheInitialConfigurationNamesEveryKey takes the commented keys too.
func TestTheInitialConfigurationNamesEveryKey(t *testing.T) {
	for _, key := range keysOf(reflect.TypeFor[Config](), "") {
		name := lastKey(key.path)
		if name != "NAME" && !strings.Contains(Init(), name+":") {
			t.Errorf("%s is not there", key.path)
		}
	}
}

func TestAnEmptyFileIsTheDefaults(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "sip:\ntrunks:\nqueues:\nlog: {}\n"} {
		s := loaded(t, text)
		if !reflect.DeepEqual(s.SIP, Default().SIP) || !reflect.DeepEqual(s.Media, Default().Media) || len(s.Trunks) != 0 || s.Log != Default().Log {
			t.Errorf("%q gives %+v", text, s.Config)
		}
	}
}

const oneTrunk = `trunks:
  a:
    sources: [10.0.0.1]
    numbers: ["*"]
    flow: consent
`

func TestEntriesStartFromTheirDefaults(t *testing.T) {
	s := loaded(t, oneTrunk+`    recording: { enabled: true, suppress: [], beep: { hz: 440 } }
  b:
    sources: [10.0.0.2]
    numbers: ["*"]
    flow: consent
`)
	a, b := s.Trunks["a"], s.Trunks["b"]
	if a.Recording.Suppress == nil || len(a.Recording.Suppress) != 0 {
		t.Errorf("[] suppresses %v", a.Recording.Suppress)
	}
	if want := policy.DefaultSuppress(); !reflect.DeepEqual(b.Recording.Suppress, want) {
		t.Errorf("no list suppresses %v", b.Recording.Suppress)
	}
	if a.Recording.Beep.Hz != 440 || a.Recording.Beep.Every != 14*time.Second || a.Recording.Consent != policy.ConsentRequired || a.RTPTimeout != 30*time.Second {
		t.Errorf("what is not given is %+v", a)
	}
	b.Recording.Suppress[0] = "changed"
	if again := loaded(t, oneTrunk).Trunks["a"]; again.Recording.Suppress[0] != policy.PhaseIVR {
		t.Error("trunks share their default list")
	}
}

func TestSourceNamesFileAndLineOrDefaultOrEnvironment(t *testing.T) {
	s := loaded(t, oneTrunk+"    recording:\n      enabled: true\n", "ASSENT_TRUNKS__A__RECORDING__CONSENT=not_required", "ASSENT_LOG__LEVEL=debug")
	dir := filepath.Dir(s.File)
	for key, want := range map[string]string{
		"trunks.a.recording.enabled":  s.File + ":7",
		"trunks.a.recording.suppress": SourceDefault,
		"trunks.a.recording.consent":  SourceEnvironment,
		"log.level":                   SourceEnvironment,
		"queues.x.recording.enabled":  SourceDefault,
		"flows.consent.suppress":      filepath.Join(dir, "flows/consent.yaml") + ":2",
		"flows.consent.start":         SourceDefault,
		"trunks.a.flow":               s.File + ":5",
	} {
		if got := s.Source(key); got != want {
			t.Errorf("%s comes from %s, want %s", key, got, want)
		}
	}
}

func TestTheVersionFollowsTheContent(t *testing.T) {
	path := folder(t, oneTrunk)
	version := func(env ...string) string {
		s, err := Load(path, env)
		if err != nil {
			t.Fatal(err)
		}
		return s.Version
	}
	first := version()
	if len(first) != 12 || version("HOME=/root") != first {
		t.Errorf("the version %q changes without a reason", first)
	}
	seen := map[string]string{first: "nothing"}
	note := func(what, v string) {
		if before, ok := seen[v]; ok {
			t.Errorf("%s does not change the version after %s", what, before)
		}
		seen[v] = what
	}
	note("the environment", version("ASSENT_LOG__LEVEL=warn"))
	write(t, filepath.Join(filepath.Dir(path), "flows/consent.yaml"), "flow: consent\n")
	note("a flow", version())
	write(t, path, oneTrunk+"# a comment\n")
	note("the file", version())
}

func TestAFileThatCannotBeReadSaysSo(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "assent.yaml")
	if _, err := Load(missing, nil); err == nil || !strings.Contains(err.Error(), "no such file") || !strings.Contains(err.Error(), "assent init > assent.yaml") {
		t.Errorf("a missing file gives %v", err)
	}
	if _, err := Load(t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "it is a folder") {
		t.Errorf("a folder gives %v", err)
	}
	big := folder(t, strings.Repeat("#\n", maxFile))
	if _, err := Load(big, nil); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a huge file gives %v", err)
	}
}

func TestEveryMistakeAtOnePlaceCounts(t *testing.T) {
	found := strings.Join(problems(t, "trunks: {a: {sources: [10.0.0.1], recording: {suppress: [x, x]}}}"), "\n")
	for _, want := range []string{"no flow", "serves no number", "there is no x in phases", "x stands here twice"} {
		if !strings.Contains(found, want) {
			t.Errorf("%q is missing in\n%s", want, found)
		}
	}
}

func TestThousandsOfTrunksLoad(t *testing.T) {
	var b strings.Builder
	b.WriteString("trunks:\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "  t%d: {sources: [\"10.0.%d.%d\"], numbers: [\"*\"], flow: consent, recording: {enabled: true}}\n", i, i/250, i%250+1)
	}
	if s := loaded(t, b.String()); len(s.Trunks) != 2000 {
		t.Errorf("%d trunks", len(s.Trunks))
	}
}

func ExampleLoad() {
	s, err := Load("assent.yaml", nil)
	if err != nil {
		fmt.Println(err) // every mistake, with its place and a caret
		return
	}
	const key = "trunks.carrier-a.recording.enabled"
	fmt.Println(s.Trunks["carrier-a"].Recording.Enabled, strings.HasPrefix(s.Source(key), "assent.yaml:"), s.Source("trunks.carrier-a.gateways"))
	// Output: true true default
}
