package soak

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"assent/consent"
	"assent/test/bench/load"
	"assent/test/service"
)

const (
	waves    = 5
	frames   = 15               // frames that each party hears of the other
	patience = 20 * time.Second // of one call for all its steps
	// slack is what pools may keep, such as the store's connections: far below one
	// for each call.
	slack = 9
	// growth is how much the service's memory may grow with each call from the
	// second wave, when its pools are full, to the last: what it keeps of a finished
	// call while its SIP timers run (RFC 3261: 64*T1), and as much again that awaits
	// the garbage collector.
	growth = 100 << 10
	// blocked is how many calls of a thousand a long soak may leave unrecorded: a disk
	// that stalls for longer than audio may wait for its ledger entry.
	blocked = 1
	// lasting is the same once those timers have run out, in a soak that is long
	// enough to tell it from noise.
	lasting = 200
	timers  = 32 * time.Second
)

var (
	calls = flag.Int("calls", 500, "calls in all; a multiple of 25")
	rate  = flag.Int("rate", 100, "calls a second")
)

// long reports whether the soak is long enough to wait for the SIP timers.
func long() bool { return *calls >= 10_000 }

const config = `
sip: { listen: ["udp://127.0.9.3:0"] }
media: { address: 127.0.9.3, ports: 10000-19999, codecs: [PCMU, PCMA] }
trunks:
  carrier:
    sources: ["%s"]
    numbers: ["*"]
    flow: consent
    recording: { enabled: true, consent: required }
stations:
  agent-1: { address: "%s", calls: 1000, ring: 10s }
queues:
  support: { stations: [agent-1], recording: { enabled: true }, max_waiting: 1000 }
recordings: { dir: ./recordings }
consent: { ledger: ./ledger }
cdr: { file: ./cdr.jsonl }
store: sqlite:./assent.db
flows: ./flows
prompts: ./prompts
language: en
api: { listen: "127.0.9.3:0" }
log: { level: info, format: json }
`

const flow = `
flow: consent
start: ask
tasks:
  ask:
    - collect_input:
        name: Ask for consent
        prompt: question
        notice: true
        digits: 1
        no_entry_timeout: 10s
        consent: { granted: "1", declined: "2" }
        outcomes: { "1": allow, "2": route, no_input: route, invalid: route }
  allow:
    - enable_participant_recording: { name: Enable recording }
    - goto: route
  route:
    - transfer_to_queue: { name: To support, queue: support }
`

// A story is what one call does.
type story func(context.Context, *load.Call) error

// stories are told in turn.
var stories = []story{
	recorded((*load.Call).Hangup, (*load.Call).AgentReleased),
	recorded((*load.Call).AgentHangup, (*load.Call).CallerReleased),
	talk('2', (*load.Call).Hangup, (*load.Call).AgentReleased),
	recorded((*load.Call).Hangup, (*load.Call).AgentReleased),
	leavesDuringTheQuestion,
}

func TestCallsLeaveNothingBehind(t *testing.T) {
	g, err := load.New()
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	s := service.Start(t, service.Files{
		"assent.yaml":             fmt.Sprintf(config, load.Source, g.Station()),
		"flows/consent.yaml":      flow,
		"prompts/en/question.wav": load.Prompt(10),
	})
	g.Start(s.UDP)
	defer g.Stop()

	before := quiet(t, s)
	if *calls%(waves*len(stories)) != 0 {
		t.Fatalf("-calls %d: want a multiple of %d", *calls, waves*len(stories))
	}
	perWave, bound := *calls/waves, int64(growth)
	if long() {
		bound = lasting
	}
	var after [waves]state
	for i := range after {
		wave(t, g, perWave)
		if long() {
			time.Sleep(timers) // nobody can be asked when the last of them has run out
		}
		after[i] = quiet(t, s)
		t.Logf("after %d calls: %+v", (i+1)*perWave, after[i])
	}
	last := after[waves-1]
	if last.goroutines > before.goroutines+slack || last.files > before.files+slack {
		t.Errorf("before %+v, after %d calls %+v", before, waves*perWave, last)
	}
	if grown := (last.memory - after[1].memory) / int64((waves-2)*perWave); grown > bound {
		t.Errorf("memory grew by %d bytes a call from the second wave to the last, want at most %d", grown, bound)
	}
	everyCallIsOnRecord(t, s)
}

// state is what the service holds.
type state struct {
	calls, ports, goroutines, files int
	memory                          int64 // resident bytes
}

// quiet waits until the service holds no call and no port, and as few goroutines
// as two looks in a row agree on.
func quiet(t *testing.T, s *service.Service) (now state) {
	t.Helper()
	service.Until(t, "no call and no port", func() bool {
		last := now
		now = look(t, s)
		return now.calls == 0 && now.ports == 0 && now.goroutines == last.goroutines && now.files == last.files
	})
	return now
}

func look(t *testing.T, s *service.Service) (now state) {
	t.Helper()
	_, metrics := s.Get("/metrics")
	now.calls = figure(t, metrics, "assent_calls_active")
	now.ports = figure(t, metrics, "assent_media_ports_in_use")
	now.goroutines = figure(t, metrics, "go_goroutines")
	var err error
	if now.files, err = load.Files(s.Pid()); err != nil {
		t.Fatal(err)
	}
	if now.memory, err = load.RSS(s.Pid()); err != nil {
		t.Fatal(err)
	}
	return now
}

// figure reads a metric without labels.
func figure(t *testing.T, metrics, name string) int {
	t.Helper()
	_, rest, found := strings.Cut(metrics, "\n"+name+" ")
	value, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseFloat(value, 64)
	if !found || err != nil {
		t.Fatalf("metric %s: %q", name, value)
	}
	return int(n)
}

// wave tells n stories, which overlap, and waits for their ends.
func wave(t *testing.T, g *load.Generator, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		time.Sleep(time.Second / time.Duration(*rate)) // the rate of arrivals
		wg.Go(func() {
			ctx, done := context.WithTimeout(t.Context(), patience)
			defer done()
			if err := stories[i%len(stories)](ctx, g.NewCall()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func recorded(hangup func(*load.Call, context.Context) error, other func(*load.Call) <-chan struct{}) story {
	return talk('1', hangup, other)
}

// talk answers the question with key, talks, and is ended by one side.
func talk(key byte, hangup func(*load.Call, context.Context) error, other func(*load.Call) <-chan struct{}) story {
	return func(ctx context.Context, c *load.Call) error {
		if err := c.Dial(ctx, "+4980012345", true); err != nil {
			return err
		}
		if err := c.Connect(ctx, key); err != nil {
			return err
		}
		if err := c.Talk(ctx, frames); err != nil {
			return err
		}
		if err := hangup(c, ctx); err != nil {
			return err
		}
		select {
		case <-other(c):
			return nil
		case <-ctx.Done():
			return fmt.Errorf("call %s: the other party was not hung up: %w", c.Number, ctx.Err())
		}
	}
}

func leavesDuringTheQuestion(ctx context.Context, c *load.Call) error {
	if err := c.Dial(ctx, "+4980012345", true); err != nil {
		return err
	}
	if err := c.Prompted(ctx); err != nil {
		return err
	}
	return c.Hangup(ctx)
}

// everyCallIsOnRecord checks CDRs, recordings and ledger.
func everyCallIsOnRecord(t *testing.T, s *service.Service) {
	t.Helper()
	want := map[string]int{"granted kept": 3, "declined none": 1, "no_input none": 1}
	got, ids := map[string]int{}, map[string]bool{}
	cdrs := s.CDRs()
	for _, cdr := range cdrs {
		result := cdr.Recording.Result
		if cdr.Recording.AudioKept() { // degraded too: the driver skips packets on a busy machine
			result = "kept"
		}
		got[cdr.Consent.State+" "+result]++
		ids[cdr.ID] = true
	}
	if len(cdrs) != *calls || len(ids) != len(cdrs) {
		t.Errorf("%d CDRs of %d calls, want %d of each", len(cdrs), len(ids), *calls)
	}
	for kind, share := range want {
		n := share * *calls / len(stories)
		if kind == "granted kept" && long() {
			n -= min(got["granted blocked"], blocked**calls/1000)
		}
		if got[kind] != n {
			t.Errorf("%d calls are %q, want %d; all: %v", got[kind], kind, n, got)
		}
	}
	report, err := consent.Verify(filepath.Join(s.Dir, "ledger"))
	if err != nil || report.Types["sealed"] != int64(got["granted kept"]) {
		t.Errorf("ledger: %v, entries %v", err, report.Types)
	}
	files, err := os.ReadDir(filepath.Join(s.Dir, "recordings"))
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(e os.DirEntry) bool { return e.IsDir() })
	if n := 2 * got["granted kept"]; len(files) != n {
		t.Errorf("%d files in recordings, want %d: a WAV and a sidecar a call", len(files), n)
	}
	if code, out := s.Verb("consent", "verify"); code != 0 {
		t.Errorf("consent verify: exit %d: %s", code, out)
	}
}
