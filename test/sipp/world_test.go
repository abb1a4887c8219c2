package sipp

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"text/template"
	"time"

	"assent/media/codec"
	"assent/media/pcm"
	"assent/test/service"
)

// stories is how many of them run at once: they wait more than they work.
const stories = 10

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", fmt.Sprint(stories)); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// The tones that parties speak and prompts consist of, so that each can be told
// from the others in a recording. None is a multiple of another.
const (
	promptHz = 350
	beforeHz = 700  // the caller, before consent
	afterHz  = 1100 // the caller, after it
	agentHz  = 1900
)

// numbers that no log may show in full.
const (
	callerNumber = "493098765432"
	calledNumber = "+4980012345"
)

// setup is what a story changes of the configuration; its zero value is a trunk
// that asks for consent and answers at once, a queue that records, one station.
type setup struct {
	Flow      string // of flows/; "" is consent
	Trunk     string // one more key of the trunk, as YAML
	Recording string // of the trunk; "" is enabled
	Strategy  string // of the queue; "" is in_order
	QueueOff  bool   // the queue does not record
	Stations  int    // 0 is one
	Ring      string // how long a station rings; "" is 5s
	TCP       bool   // stations are reached by TCP
}

// configuration is the assent.yaml of every story. Every address is the world's
// own, so ports need no care.
var configuration = template.Must(template.New("").Parse(`
sip: { listen: ["udp://{{.Service}}:0", "tcp://{{.Service}}:0"] }
media: { address: {{.Service}}, ports: 20000-20199, codecs: [PCMA, PCMU] }
trunks:
  carrier:
    sources: ["{{.Caller}}"]
    numbers: ["{{.Number}}*"]
    flow: {{or .Flow "consent"}}
    rtp_timeout: 60s
    recording: {{or .Recording "{ enabled: true, consent: required }"}}
    {{.Trunk}}
stations:
{{- range $i, $address := .Addresses}}
  agent-{{$i}}: { address: "sip:agent-{{$i}}@{{$address}}:5060{{if $.TCP}};transport=tcp{{end}}", ring: {{or $.Ring "5s"}} }
{{- end}}
queues:
  support:
    stations: [{{range $i, $_ := .Addresses}}{{if $i}}, {{end}}agent-{{$i}}{{end}}]
    strategy: {{or .Strategy "in_order"}}
    music: music
    recording: { enabled: {{not .QueueOff}} }
recordings: { dir: ./recordings }
consent: { ledger: ./ledger }
cdr: { file: ./cdr.jsonl }
store: sqlite:./assent.db
flows: ./flows
prompts: ./prompts
api: { listen: "{{.Service}}:0" }
log: { level: debug }
`))

// prompts and how long each plays. The stories' pauses rest on these.
var prompts = map[string]time.Duration{
	"welcome": 300 * time.Millisecond, "question": 600 * time.Millisecond, "goodbye": 300 * time.Millisecond,
	"thanks": 2 * time.Second, "notice": 2 * time.Second, "music": 500 * time.Millisecond,
}

// worlds counts the worlds of this process.
var worlds atomic.Int32

// world is one story's service with its own folder and its own loopback network.
type world struct {
	*service.Service
	t       *testing.T
	net     string // the first three bytes of its addresses
	tcp     bool   // the caller calls by TCP
	setup   setup
	callers []*sipp
	agents  []*sipp // by station; nil where nobody is
	runs    int     // of SIPp so far
}

// start makes a world and its service. The test it is for runs in parallel with
// all others.
func start(t *testing.T, s setup) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, setup: s, net: fmt.Sprintf("127.%d.%d", 100+os.Getpid()%100, worlds.Add(1))}
	files := service.Files{"assent.yaml": w.configuration(s)}
	for name, length := range prompts {
		files["prompts/"+name+".wav"] = wav(pcm.Tone(promptHz, length, -12))
	}
	flows, err := filepath.Glob("flows/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range flows {
		files[path] = read(t, path)
	}
	for name, hz := range map[string]float64{"before": beforeHz, "after": afterHz, "agent": agentHz} {
		files[name+".alaw"] = aLaw(hz)
	}
	w.Service = service.Start(t, files)
	return w
}

// configuration renders the world's assent.yaml.
func (w *world) configuration(s setup) string {
	w.t.Helper()
	data := struct {
		setup
		Service, Caller netip.Addr
		Number          string
		Addresses       []netip.Addr
	}{setup: s, Service: w.addr(1), Caller: w.caller(), Number: calledNumber}
	for i := range max(1, s.Stations) {
		data.Addresses = append(data.Addresses, w.station(i))
	}
	var b strings.Builder
	if err := configuration.Execute(&b, data); err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

// The addresses of a world: the service, the caller, somebody unknown, stations.
func (w *world) addr(last int) netip.Addr {
	return netip.MustParseAddr(fmt.Sprintf("%s.%d", w.net, last))
}
func (w *world) caller() netip.Addr       { return w.addr(2) }
func (w *world) stranger() netip.Addr     { return w.addr(9) }
func (w *world) station(i int) netip.Addr { return w.addr(10 + i) }

// logged waits for a line of the log.
func (w *world) logged(text string) {
	w.t.Helper()
	service.Until(w.t, text, func() bool { return strings.Contains(w.Log(), text) })
}

// aLaw is one second of a tone as SIPp's rtp_stream plays it: bare G.711.
func aLaw(hz float64) string {
	samples := make([]int16, 8000)
	for i := range samples {
		samples[i] = int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/8000))
	}
	payload := make([]byte, len(samples))
	codec.Encode(codec.PCMA, payload, samples)
	return string(payload)
}

// wav wraps samples at 8 kHz as a RIFF file of 16-bit mono PCM.
func wav(samples []int16) string {
	le := binary.LittleEndian
	b := append([]byte("RIFF"), le.AppendUint32(nil, uint32(36+2*len(samples)))...)
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	b = le.AppendUint32(le.AppendUint32(b, 8000), 16000)
	b = append(b, "\x02\x00\x10\x00data"...)
	b = le.AppendUint32(b, uint32(2*len(samples)))
	for _, s := range samples {
		b = le.AppendUint16(b, uint16(s))
	}
	return string(b)
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
