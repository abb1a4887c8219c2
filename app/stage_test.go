package app_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"assent/app"
	"assent/demo/phone"
	"assent/event"
	"assent/recorder"
)

// stories is how many calls are lived side by side: they wait more than they work.
const stories = 12

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", fmt.Sprint(stories)); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

const (
	callerNumber = "+493011223344"
	calledNumber = "+4980012345"
	patience     = time.Minute
	// pressAgain is longer than a press of a phone and its way.
	pressAgain = 500 * time.Millisecond
)

const config = `
sip: { listen: ["udp://127.0.0.1:0"] }
media: { address: 127.0.0.1, ports: %[1]s, codecs: [PCMU, PCMA] }
trunks:
  carrier:
    sources: ["127.0.0.1"]
    numbers: ["+498001*", "+498002*", "+498000*", "+4980012345"]
    flow: main
    trust_caller: true
    recording: { enabled: true, consent: required }
stations:
  agent-1: { address: "%[2]s", calls: 10, ring: 5s }
queues:
  support: { stations: [agent-1], recording: { enabled: true } }
recordings: { dir: ./recordings }
consent: { ledger: ./ledger }
cdr: { file: ./cdr.jsonl }
store: sqlite:./assent.db
flows: ./flows
prompts: ./prompts
language: en
api: { listen: "127.0.0.1:0" }
log: { level: info, format: json }
`

// flow waits for a key, opens the gate and goes to the queue.
const flow = `
flow: main
start: ask
tasks:
  ask:
    - collect_input:
        name: Ask
        prompt: question
        notice: true
        digits: 1
        no_entry_timeout: 10s
        consent: { granted: "1", declined: "2" }
        outcomes: { "1": allow, "2": allow, no_input: allow, invalid: allow }
  allow:
    - enable_participant_recording: { name: Enable }
    - transfer_to_queue: { name: Queue, queue: support, outcomes: { timeout: bye, full: bye, failure: bye } }
  bye:
    - disconnect: { name: End }
`

// stage is a folder with a configuration, a station, and the service on it.
type stage struct {
	t     *testing.T
	dir   string
	app   *app.App
	peer  netip.AddrPort
	agent *phone.Phone
	far   chan *phone.Call
	logs  *observer.ObservedLogs

	listening sync.Once // the agent's phone

	mu     sync.Mutex
	events []event.Event
}

var nextPorts atomic.Int32

// prepare lays a stage out; start starts the service.
func prepare(t *testing.T) *stage {
	t.Helper()
	agent, err := phone.New(netip.MustParseAddr("127.0.0.1"), "agent-1")
	must(t, err)
	s := &stage{t: t, dir: t.TempDir(), agent: agent, far: make(chan *phone.Call, 16)}
	agent.OnAnswered = func(c *phone.Call) { s.far <- c }
	t.Cleanup(func() {
		s.listening.Do(agent.Start)
		agent.Close()
	})
	from := 19000 + 40*int(nextPorts.Add(1)-1)
	s.file("assent.yaml", fmt.Sprintf(config, fmt.Sprintf("%d-%d", from, from+39), agent.URI()))
	s.file("flows/main.yaml", flow)
	s.file("prompts/question.wav", wav(200*time.Millisecond))
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stage) path(name string) string { return filepath.Join(s.dir, name) }

func (s *stage) file(name, text string) {
	s.t.Helper()
	must(s.t, os.MkdirAll(filepath.Dir(s.path(name)), 0o700))
	must(s.t, os.WriteFile(s.path(name), []byte(text), 0o600))
}

// edit replaces old by new in a file, which must hold it.
func (s *stage) edit(name, old, with string) {
	s.t.Helper()
	b, err := os.ReadFile(s.path(name))
	must(s.t, err)
	if !bytes.Contains(b, []byte(old)) {
		s.t.Fatalf("%s does not hold %q", name, old)
	}
	s.file(name, strings.ReplaceAll(string(b), old, with))
}

// wav renders silence as a WAV file of 16-bit PCM at 8 kHz.
func wav(length time.Duration) string {
	size := int(length/time.Millisecond) * 16
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(36+size))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"...)
	return string(append(binary.LittleEndian.AppendUint32(b, uint32(size)), make([]byte, size)...))
}

func (s *stage) options() app.Options {
	core, logs := observer.New(zapcore.InfoLevel)
	s.logs = logs
	return app.Options{Config: s.path("assent.yaml"), Log: zap.New(core)}
}

// start starts the station and the service; it stops with the test, or by stop.
func (s *stage) start() *stage {
	s.t.Helper()
	s.listening.Do(s.agent.Start)
	a, err := app.New(s.options())
	must(s.t, err)
	a.Events(func(e event.Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, e)
	})
	must(s.t, a.Start(s.t.Context()))
	s.app = a
	s.peer, err = netip.ParseAddrPort(strings.TrimPrefix(a.SIPAddrs()[0], "udp://"))
	must(s.t, err)
	s.t.Cleanup(s.stop)
	return s
}

// stop hangs everybody up and stops the service; a second one does nothing.
func (s *stage) stop() {
	s.t.Helper()
	if s.app == nil {
		return
	}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.app.Stop(now); err != nil {
		s.t.Errorf("stop: %v", err)
	}
	s.app = nil
	if s.t.Failed() {
		for _, e := range s.logs.All() {
			s.t.Logf("%s %s %v", e.Level, e.Message, e.ContextMap())
		}
	}
}

func (s *stage) dial() *phone.Call {
	s.t.Helper()
	c, err := s.attempt()
	must(s.t, err)
	return c
}

// attempt calls; the error is that of a call that was refused.
func (s *stage) attempt() (*phone.Call, error) {
	s.t.Helper()
	caller, err := phone.New(netip.MustParseAddr("127.0.0.1"), callerNumber)
	must(s.t, err)
	s.t.Cleanup(caller.Close)
	caller.Start()
	ctx, done := context.WithTimeout(s.t.Context(), patience)
	defer done()
	return caller.Dial(ctx, s.peer, calledNumber, phone.Options{Voice: phone.Tone(700, -16)})
}

func (s *stage) hangup(c *phone.Call) {
	s.t.Helper()
	ctx, done := context.WithTimeout(s.t.Context(), patience)
	defer done()
	must(s.t, c.Hangup(ctx))
}

func (s *stage) until(what string, ready func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for !ready() {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited %s in vain for %s", patience, what)
		}
		time.Sleep(2 * time.Millisecond) // sockets have no clock to drive
	}
}

func (s *stage) all(want event.Type) (list []event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Type == want {
			list = append(list, e)
		}
	}
	return list
}

func (s *stage) saw(want event.Type) event.Event {
	s.t.Helper()
	s.until(string(want), func() bool { return len(s.all(want)) > 0 })
	list := s.all(want)
	return list[len(list)-1]
}

// press answers the newest question.
func (s *stage) press(c *phone.Call, key string) {
	s.t.Helper()
	answers := s.answers()
	s.until("the question", func() bool { return len(s.all(event.ConsentAsked)) > answers })
	var pressed time.Time
	s.until("an answer", func() bool {
		// A key that comes before its window opens is none, as on any telephone.
		if time.Since(pressed) > pressAgain {
			c.Press(key)
			pressed = time.Now()
		}
		return s.answers() > answers
	})
}

// answers counts the questions that are over.
func (s *stage) answers() (count int) {
	for _, t := range []event.Type{event.ConsentGranted, event.ConsentDeclined, event.ConsentInvalid, event.ConsentNoInput} {
		count += len(s.all(t))
	}
	return count
}

// cdrs are the lines of the CDR file, each held against its schema.
func (s *stage) cdrs() (list []event.CDR) {
	s.t.Helper()
	b, err := os.ReadFile(s.path("cdr.jsonl"))
	must(s.t, err)
	for line := range bytes.Lines(b) {
		var c event.CDR
		must(s.t, json.Unmarshal(line, &c))
		list = append(list, c)
	}
	return list
}

// cdr waits for the one record.
func (s *stage) cdr() event.CDR {
	s.t.Helper()
	s.until("the CDR", func() bool { return len(s.cdrs()) > 0 })
	list := s.cdrs()
	if len(list) != 1 {
		s.t.Fatalf("%d CDRs, want one", len(list))
	}
	return list[0]
}

// kept reports whether a recording lacks nothing, or nothing but what came too late: a test phone that is starved on a
// busy machine sends its audio in bursts.
func (s *stage) kept(cdr event.CDR) bool {
	s.t.Helper()
	if cdr.Recording.Result != event.ResultDegraded {
		return cdr.Recording.Result == event.ResultOK
	}
	lacks := sidecar(s.t, cdr.Recording.File).Loss
	return len(lacks) > 0 && !slices.ContainsFunc(lacks, func(l recorder.SidecarLoss) bool { return l.LostMS > l.LateMS || l.OverrunMS > 0 })
}

func (s *stage) get(path string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.app.APIAddr()+path, http.NoBody)
	must(s.t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Do(request)
	must(s.t, err)
	defer r.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(r.Body)
	must(s.t, err)
	return r.StatusCode, body.String()
}
