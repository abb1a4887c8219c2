package configs

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const twoTrunks = oneTrunk + `  carrier-b:
    sources: [10.0.0.2]
    numbers: ["*"]
    flow: consent
`

func TestTheEnvironmentBeatsTheFile(t *testing.T) {
	s := loaded(t, twoTrunks+"log: {level: warn}\n",
		`ASSENT_SIP__LISTEN=["udp://127.0.0.1:5080"]`,
		"ASSENT_LOG__LEVEL=debug",
		"ASSENT_LOG__FORMAT=console",
		"ASSENT_TRUNKS__CARRIER_B__RECORDING__ENABLED=true",
		"ASSENT_TRUNKS__CARRIER_B__RTP_TIMEOUT=1d",
		"ASSENT_TRUNKS__A={answer: on_agent, recording: {consent: not_required}}",
		"ASSENT_CONSENT={guard: 300ms}",
		"ASSENT_LANGUAGE=de",
		"PATH=/bin", "ASSENTED=1", "odd",
	)
	b := s.Trunks["carrier-b"]
	switch {
	case len(s.SIP.Listen) != 1 || s.SIP.Listen[0] != "udp://127.0.0.1:5080":
		t.Errorf("sip.listen is %v", s.SIP.Listen)
	case s.Log.Level != "debug" || s.Log.Format != "console":
		t.Errorf("log is %+v", s.Log)
	case !b.Recording.Enabled || b.RTPTimeout != 24*time.Hour || b.Flow != "consent" || b.DTMF != "auto":
		t.Errorf("carrier-b is %+v", b)
	case s.Trunks["a"].Answer != "on_agent" || s.Trunks["a"].Recording.Consent != "not_required" || s.Trunks["a"].Flow != "consent":
		t.Errorf("a is %+v", s.Trunks["a"])
	case s.Consent.Guard != 300*time.Millisecond || s.Consent.ValidFor != 365*24*time.Hour:
		t.Errorf("consent is %+v", s.Consent)
	case s.Language != "de":
		t.Errorf("language is %s", s.Language)
	}
}

func TestWhatTheEnvironmentGetsWrongIsNamed(t *testing.T) {
	for env, want := range map[string]string{
		"ASSENT_LOG__LEVLE=debug":                "environment ASSENT_LOG__LEVLE: no key of the configuration has this name; did you mean ASSENT_LOG__LEVEL?",
		"ASSENT_TRUNKS__CARRIER_C__ANSWER=x":     "adds no entries to trunks; did you mean ASSENT_TRUNKS__CARRIER_B__ANSWER?",
		"ASSENT_TRUNKS={c: {flow: consent}}":     "environment ASSENT_TRUNKS: the file has no c, and the environment adds no entries; add it to the file",
		"ASSENT_SERVICE_PORT_HTTP=80":            "unset what is not meant for assent's configuration",
		"ASSENT_=1":                              "no key of the configuration has this name",
		"ASSENT_LOG=debug":                       "the value must be a map of keys, not a single value",
		"ASSENT_LOG={levle: debug}":              "environment ASSENT_LOG:1:2: unknown key levle in log; did you mean level?\n  {levle: debug}\n   ^",
		"ASSENT_LOG__LEVEL=":                     "environment ASSENT_LOG__LEVEL: level has no value",
		"ASSENT_LOG__LEVEL=loud":                 "environment ASSENT_LOG__LEVEL:1:1: level can't be \"loud\"",
		"ASSENT_SIP__LISTEN=udp://127.0.0.1:1":   "environment ASSENT_SIP__LISTEN:1:1: listen must be a list",
		"ASSENT_SIP__LISTEN=[":                   "environment ASSENT_SIP__LISTEN:1:1: this is not YAML",
		"ASSENT_SIP__LISTEN__0=x":                "no key of the configuration has this name",
		"ASSENT_TRUNKS__A__LIMITS__CALLS=\"5\"":  "calls must be a whole number, not \"5\"",
		"ASSENT_TRUNKS__A__LIMITS__CALLS=-5":     "calls can't be -5; use 0 to",
		"ASSENT_TRUNKS__A__RECORDING__HOLD=true": "no key of the configuration has this name",
	} {
		found := strings.Join(problems(t, twoTrunks, env), "\n")
		if !strings.Contains(found, want) {
			t.Errorf("%s gives\n%s\nwant\n%s", env, found, want)
		}
	}
}

func TestAVariableThatMeansTwoEntriesIsRefused(t *testing.T) {
	twins := strings.ReplaceAll(twoTrunks, "  a:\n", "  carrier_b:\n")
	found := strings.Join(problems(t, twins, "ASSENT_TRUNKS__CARRIER_B__ANSWER=on_agent"), "\n")
	if want := "environment ASSENT_TRUNKS__CARRIER_B__ANSWER: the name means both carrier_b and carrier-b"; !strings.Contains(found, want) {
		t.Errorf("got\n%s", found)
	}
}

func TestSecretsComeFromEnvironmentAndFiles(t *testing.T) {
	path := folder(t, "api:\n  tokens: [\"${env:ASSENT_TOKEN}\", \"${file:token}\", \"x-${env:PART}-0123456789\"]\n")
	write(t, filepath.Join(filepath.Dir(path), "token"), "file-token-0123456789\n")
	s, err := Load(path, []string{"ASSENT_TOKEN=env-token-0123456789", "PART=y"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.API.Tokens, " "); got != "env-token-0123456789 file-token-0123456789 x-y-0123456789" {
		t.Errorf("the tokens are %s", got)
	}
	over, err := Load(path, []string{`ASSENT_API__TOKENS=["${env:T}"]`, "T=0123456789abcdef"})
	if err != nil || over.API.Tokens[0] != "0123456789abcdef" {
		t.Errorf("an overridden secret is still wanted: %v", err)
	}
}

func TestMissingSecretsAreNamedAndNoneIsShown(t *testing.T) {
	found := problems(t, `api:
  tokens:
    - ${env:NONE}
    - ${env:EMPTY}
    - ${file:none}
    - ${vault:x}
    - ${env:OPEN
    - ${file:secret.txt}
log:
  level: ${env:LEVEL}
consent:
  guard: ${env:LEVEL}
`, "EMPTY=", "LEVEL=hunter2")
	want := []string{
		"assent.yaml:3:7: the environment variable NONE is not set; write ${env:NAME} or ${file:PATH} of one that is there\n      - ${env:NONE}\n        ^",
		"assent.yaml:4:7: the environment variable EMPTY is not set",
		"assent.yaml:5:7: the file none can't be read: no such file or directory",
		"assent.yaml:6:7: ${vault:x} is no reference to a secret",
		"assent.yaml:7:7: ${env:OPEN is not closed",
		"assent.yaml:8:7: the file secret.txt can't be read",
		"assent.yaml:10:10: level can't be what is given",
		"assent.yaml:12:10: guard: not a length of time",
	}
	if len(found) != len(want) {
		t.Fatalf("%d problems:\n%s", len(found), strings.Join(found, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(found[i], want[i]) {
			t.Errorf("got\n%s\nwant\n%s", found[i], want[i])
		}
	}
	if strings.Contains(strings.Join(found, "\n"), "hunter2") {
		t.Error("a secret is shown")
	}
	for _, text := range []string{"api: {tokens: [hunter2], listen: x}", "api: {tokens: hunter2}", "api:\n  tokens:\n    - hunter2"} {
		if shown := strings.Join(problems(t, text), "\n"); shown == "" || strings.Contains(shown, "hunter2") {
			t.Errorf("a token is shown:\n%s", shown)
		}
	}
	private := strings.Join(problems(t, "", "ASSENT_API__TOKENS=[hunter2, [", "ASSENT_STORE=mysql://u:hunter2@h", "ASSENT_API={tokens: hunter2}"), "\n")
	if private == "" || strings.Contains(private, "hunter2") {
		t.Errorf("a secret is shown:\n%s", private)
	}
}
