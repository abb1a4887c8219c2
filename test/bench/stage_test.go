package bench

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"assent/test/bench/load"
	"assent/test/service"
)

var (
	sizes  = flag.String("calls", "50,100,200,400", "numbers of concurrent calls, a row each")
	rates  = flag.String("rates", "40,100,160,220,280,340", "call set-ups per second, a row each")
	window = flag.Duration("window", 8*time.Second, "how long each row is measured")
	procs  = flag.Int("procs", 1, "GOMAXPROCS of the service on its one core")
	drives = flag.Int("drivers", 1, "media.drivers of the service")
	way    = flag.String("io", "auto", "media.io of the service")
)

// cores are what this process may run on before it pins itself.
var cores = load.Cores()

func TestMain(m *testing.M) {
	flag.Parse()
	load.Prefer()
	code := m.Run()
	for _, t := range tables {
		t.print(os.Stdout)
	}
	os.Exit(code)
}

func numbers(b *testing.B, list string) (n []int) {
	for word := range strings.SplitSeq(list, ",") {
		i, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil {
			b.Fatal(err)
		}
		n = append(n, i)
	}
	return n
}

const config = `
sip: { listen: ["udp://127.0.9.2:0"] }
media: { address: 127.0.9.2, ports: 10000-29999, codecs: [PCMU, PCMA]%[6]s }
trunks:
  carrier:
    sources: ["%[1]s"]
    numbers: ["*"]
    flow: %[3]s
    answer: %[4]s
    recording: { enabled: %[5]v, consent: required }
stations:
  agent-1: { address: "%[2]s", calls: 10000, ring: 10s }
queues:
  support: { stations: [agent-1], recording: { enabled: true }, max_waiting: 10000 }
recordings: { dir: ./recordings }
consent: { ledger: ./ledger }
cdr: { file: ./cdr.jsonl }
store: sqlite:./assent.db
flows: ./flows
prompts: ./prompts
language: en
api: { listen: "127.0.9.2:0" }
log: { level: info, format: json }
`

const consentFlow = `
flow: consent
start: ask
tasks:
  ask:
    - collect_input:
        name: Ask for consent
        prompt: question
        notice: true
        digits: 1
        no_entry_timeout: 30s
        consent: { granted: "1", declined: "2" }
        outcomes: { "1": allow, "2": route, no_input: route, invalid: route }
  allow:
    - enable_participant_recording: { name: Enable recording }
    - goto: route
  route:
    - transfer_to_queue: { name: To support, queue: support }
`

const straightFlow = `
flow: straight
start: route
tasks:
  route:
    - transfer_to_station: { name: To the agent, station: agent-1 }
`

// stage is the service on its core, and a generator on another.
type stage struct {
	*service.Service
	*load.Generator
	fresh int64 // resident bytes before the first call
}

func set(b *testing.B, flow, answer string, recorded bool) *stage {
	b.Helper()
	if len(cores) < 2 {
		b.Skip("the service and the generator need a core each")
	}
	b.Setenv("GOMAXPROCS", fmt.Sprint(*procs)) // the service inherits it
	if err := load.Pin(cores[0]); err != nil {
		b.Fatal(err)
	}
	g, err := load.New()
	if err != nil {
		b.Fatal(err)
	}
	s := &stage{Generator: g}
	err = load.PinnedTo(cores[len(cores)-1], func() {
		s.Service = service.Start(b, service.Files{
			"assent.yaml":             fmt.Sprintf(config, load.Source, g.Station(), flow, answer, recorded, mediaKeys()),
			"flows/consent.yaml":      consentFlow,
			"flows/straight.yaml":     straightFlow,
			"prompts/en/question.wav": load.Prompt(10),
		})
	})
	if err != nil {
		b.Fatal(err)
	}
	s.fresh = s.rss(b)
	g.Start(s.UDP)
	return s
}

// mediaKeys are the keys of media that flags change.
func mediaKeys() (keys string) {
	if *way != "auto" {
		keys += ", io: " + *way
	}
	if *drives > 0 {
		keys += fmt.Sprintf(", drivers: %d", *drives)
	}
	return keys
}

func (s *stage) cpu(b *testing.B) time.Duration {
	used, err := load.CPU(s.Pid())
	if err != nil {
		b.Fatal(err)
	}
	return used
}

func (s *stage) rss(b *testing.B) int64 {
	bytes, err := load.RSS(s.Pid())
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}
