package demo

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"assent/prompts"
)

// config is the demonstration's configuration; %s is the station's address.
const config = `
sip: { listen: ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"] }
media: { address: 127.0.0.1, ports: 41000-41999, codecs: [PCMA, PCMU] }
trunks:
  carrier:
    sources: ["127.0.0.1"]
    numbers: ["+4930100*"]
    flow: consent
    trust_caller: true
    recording: { enabled: true, consent: required }
  carrier-hr:
    sources: ["127.0.0.1"]
    numbers: ["+4930200*"]
    flow: consent-hr
    recording: { enabled: true, consent: required }
  carrier-off:
    sources: ["127.0.0.1"]
    numbers: ["+4930300*"]
    flow: consent
    recording: { enabled: false, consent: required }
stations:
  agent-1: { address: "%s", calls: 20, ring: 10s }
queues:
  support: { stations: [agent-1], recording: { enabled: true }, music: calm }
  hr: { stations: [agent-1], recording: { enabled: false }, music: calm }
recordings: { dir: ./recordings }
consent: { ledger: ./ledger, valid_for: 365d, guard: 200ms }
cdr: { file: ./cdr.jsonl }
store: sqlite:./assent.db
flows: ./flows
prompts: ./prompts
language: en
api: { listen: 127.0.0.1:0 }
log: { level: info, format: json }
`

// flow is the demonstration's flow; %[1]s is its name, %[2]s the queue.
const flow = `
flow: %[1]s
start: welcome
tasks:
  welcome:
    - play_audio: { name: Welcome, prompt: welcome }
    - data_lookup:
        name: Known caller
        source: consent
        outcomes: { found: allow, not_found: ask, failure: ask }
  ask:
    - collect_input:
        name: Ask for consent
        prompt: consent_question
        notice: true
        digits: 1
        no_entry_timeout: 1s
        repeats: 0
        consent: { granted: "1", declined: "2" }
        outcomes: { "1": allow, "2": route, no_input: route, invalid: route }
  allow:
    - enable_participant_recording: { name: Enable recording }
    - goto: route
  route:
    - transfer_to_queue: { name: To %[2]s, queue: %[2]s, outcomes: { timeout: bye, full: bye, failure: bye } }
  bye:
    - play_audio: { name: Goodbye, prompt: goodbye }
    - disconnect: { name: End }
`

// layOut writes configuration, flows and prompts into dir and returns the
// configuration's path.
func layOut(dir, station string) (string, error) {
	files := map[string]string{
		"assent.yaml":           fmt.Sprintf(config, station),
		"flows/consent.yaml":    fmt.Sprintf(flow, "consent", "support"),
		"flows/consent-hr.yaml": fmt.Sprintf(flow, "consent-hr", "hr"),
	}
	for name, text := range files {
		if err := write(filepath.Join(dir, name), []byte(strings.TrimPrefix(text, "\n"))); err != nil {
			return "", err
		}
	}
	err := fs.WalkDir(prompts.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "demo/") {
			return err
		}
		clip, err := prompts.Files.ReadFile(name)
		if err != nil {
			return err
		}
		return write(filepath.Join(dir, "prompts", name), clip)
	})
	return filepath.Join(dir, "assent.yaml"), err
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}
