package call_test

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
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

	"assent/call"
	"assent/consent"
	"assent/demo/phone"
	"assent/event"
	"assent/flowexec"
	"assent/flowexec/actions"
	"assent/media"
	"assent/policy"
	"assent/queue"
	"assent/recorder"
	"assent/sip"
	"assent/store"
	"assent/trunk"
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

var loopback = netip.MustParseAddr("127.0.0.1")

const (
	callerNumber = "+493011223344"
	calledNumber = "+4980012345"
	// patience bounds every wait for real sockets.
	patience = time.Minute
)

// plan is what a test changes of the node; its zero value is a trunk that asks
// for consent and answers at once, a queue that records, and a station that
// answers.
type plan struct {
	flow    string // the tasks; "" is consentTasks
	trunk   func(*trunk.Config)
	queue   func(*queue.Config)
	station func(*queue.StationConfig)
	store   func(*store.Store) call.Store
	answer  phone.Answer // of the station; zero answers at once
	dir     string       // of recordings; "" is a fresh one
	deaf    bool         // the station does not exist
	second  phone.Answer // of agent-2, which is in no queue; zero answers at once
}

// consentTasks ask, open the gate where a 1 was pressed, and go to the queue.
const consentTasks = `
start: ask
tasks:
  ask:
    - collect_input:
        name: Ask
        prompt: question
        notice: true
        digits: 1
        no_entry_timeout: 1s
        consent: { granted: "1", declined: "2" }
        outcomes: { "1": allow, "2": allow, no_input: allow, invalid: allow }
  allow:
    - enable_participant_recording: { name: Enable }
    - goto: route
  route:
    - transfer_to_queue: { name: Queue, queue: support, outcomes: { timeout: bye, full: bye, failure: bye } }
  bye:
    - disconnect: { name: End }
`

// queueTasks lead to the queue at once.
const queueTasks = `
start: route
tasks:
  route:
    - transfer_to_queue: { name: Queue, queue: support, outcomes: { timeout: bye, full: bye, failure: bye } }
  bye:
    - disconnect: { name: End }
`

// waitTasks wait for a key for half a minute.
const waitTasks = `
start: wait
tasks:
  wait:
    - collect_input: { name: Wait, digits: 1, no_entry_timeout: 30s, outcomes: {} }
    - disconnect: { name: End }
`

// node is all that a call needs, in process, on loopback.
type node struct {
	t        *testing.T
	dir      string
	calls    *call.Manager
	sip      *sip.Endpoint
	media    *media.Engine
	board    *queue.Board
	recorder *recorder.Recorder
	ledger   *consent.Ledger
	store    *store.Store
	trunks   *trunk.Table
	peer     netip.AddrPort
	logs     *observer.ObservedLogs
	agent    *phone.Phone
	far      chan *phone.Call
	second   *phone.Phone
	far2     chan *phone.Call

	mu          sync.Mutex
	events      []event.Event
	cdrs        []event.CDR
	unconsented uint64
}

// Write keeps a CDR; it is the node's CDR file.
func (n *node) Write(c event.CDR) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cdrs = append(n.cdrs, c)
	return nil
}

var nextPorts atomic.Int32

func ports() string {
	from := 22000 + 60*int(nextPorts.Add(1)-1)
	return fmt.Sprintf("%d-%d", from, from+59)
}

func start(t *testing.T, p plan) *node {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	log := zap.New(core)
	n := &node{t: t, dir: t.TempDir(), logs: logs, far: make(chan *phone.Call, 16), far2: make(chan *phone.Call, 16)}
	address := "sip:agent-1@127.0.0.1:9"
	if !p.deaf {
		n.agent = newPhone(t, "agent-1")
		if p.answer.Status == 0 && p.answer.After == 0 {
			p.answer.Status = 200
		}
		n.agent.OnCall = func(*phone.Call) phone.Answer { return p.answer }
		n.agent.OnAnswered = func(c *phone.Call) { n.far <- c }
		n.agent.Start()
		address = n.agent.URI()
	}
	n.second = newPhone(t, "agent-2")
	if p.second.Status == 0 && p.second.After == 0 {
		p.second.Status = 200
	}
	n.second.OnCall = func(*phone.Call) phone.Answer { return p.second }
	n.second.OnAnswered = func(c *phone.Call) { n.far2 <- c }
	n.second.Start()
	rules := n.rules(p, address)
	n.open(p, rules, log)
	t.Cleanup(n.close)
	return n
}

func newPhone(t *testing.T, user string) *phone.Phone {
	t.Helper()
	p, err := phone.New(loopback, user)
	must(t, err)
	t.Cleanup(p.Close)
	return p
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// rules make the configuration that the node's calls run by.
func (n *node) rules(p plan, address string) *call.Rules {
	n.t.Helper()
	tc := trunk.DefaultConfig()
	tc.Sources, tc.Numbers, tc.Flow = []string{"127.0.0.1"}, []string{calledNumber + "*"}, "main"
	tc.Recording.Enabled = true
	if p.trunk != nil {
		p.trunk(&tc)
	}
	qc := queue.DefaultConfig()
	qc.Stations, qc.Recording.Enabled, qc.Music = []string{"agent-1"}, true, "calm"
	if p.queue != nil {
		p.queue(&qc)
	}
	sc := queue.DefaultStationConfig()
	sc.Address, sc.Calls = address, 10
	if p.station != nil {
		p.station(&sc)
	}
	second := queue.DefaultStationConfig()
	second.Address = n.second.URI()
	if p.flow == "" {
		p.flow = consentTasks
	}
	n.file("flows/main.yaml", "flow: main\n"+strings.TrimPrefix(p.flow, "\n"))
	for name, hz := range map[string]float64{"question": 400, "calm": 300} {
		n.file("prompts/"+name+".wav", wav(200*time.Millisecond, hz))
	}
	flows, problems := flowexec.Load(filepath.Join(n.dir, "flows"), actions.All(), flowexec.World{Language: "en"})
	for _, problem := range problems {
		if !problem.Warning {
			n.t.Fatal(problem.Error())
		}
	}
	prompts, err := media.LoadPrompts(filepath.Join(n.dir, "prompts"))
	must(n.t, err)
	n.trunks, err = trunk.New(map[string]trunk.Config{"carrier": tc}, nil)
	must(n.t, err)
	return &call.Rules{
		Version: "test", Source: func(string) string { return "test" }, Trunks: n.trunks,
		Stations: map[string]queue.StationConfig{"agent-1": sc, "agent-2": second}, Queues: map[string]queue.Config{"support": qc},
		Flows: flows, Prompts: prompts, Codecs: []string{"PCMU", "PCMA"}, Language: "en",
		ValidFor: 24 * time.Hour, Guard: 200 * time.Millisecond, NoticeLoss: 20,
	}
}

func (n *node) file(name, text string) {
	n.t.Helper()
	path := filepath.Join(n.dir, name)
	must(n.t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(n.t, os.WriteFile(path, []byte(text), 0o600))
}

// wav renders a tone as a WAV file of 16-bit PCM at 8 kHz.
func wav(length time.Duration, hz float64) string {
	voice := phone.Tone(hz, -12)
	var data []byte
	for i := range int64(length / (20 * time.Millisecond)) {
		for _, s := range voice(i) {
			data = binary.LittleEndian.AppendUint16(data, uint16(s))
		}
	}
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(36+len(data)))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"...)
	return string(append(binary.LittleEndian.AppendUint32(b, uint32(len(data))), data...))
}

// open makes the real packages, and joins them as the service does.
func (n *node) open(p plan, rules *call.Rules, log *zap.Logger) {
	t := n.t
	t.Helper()
	ctx := t.Context()
	var err error
	n.store, err = store.Open(ctx, "sqlite:"+filepath.Join(n.dir, "assent.db"), log)
	must(t, err)
	n.ledger, err = consent.Open(filepath.Join(n.dir, "ledger"), log)
	must(t, err)
	if p.dir == "" {
		p.dir = filepath.Join(n.dir, "recordings")
	}
	n.recorder, err = recorder.New(recorder.Config{Dir: p.dir, Format: "wav"}, recorder.Deps{Log: log})
	must(t, err)
	must(t, n.recorder.Start())
	n.media, err = media.New(media.Config{Address: "127.0.0.1", Ports: ports(), Codecs: rules.Codecs}, log)
	must(t, err)
	must(t, n.media.Start())
	n.board = queue.New(rules.Queues, rules.Stations)
	bus := event.New()
	bus.Subscribe(func(e event.Event) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.events = append(n.events, e)
	})
	n.sip, err = sip.New(sip.Config{Listen: []string{"udp://127.0.0.1:0"}}, sip.Deps{
		Log: log, Known: rules.Trunks.Known, Certified: rules.Trunks.Certified, Invite: func(inv *sip.Invite) { n.calls.Accept(inv) },
	})
	must(t, err)
	var book call.Store = n.store
	if p.store != nil {
		book = p.store(n.store)
	}
	n.calls = call.New(&call.Deps{
		Log: log, Rules: func() *call.Rules { return rules }, Dialer: n.sip, Media: n.media, Board: n.board,
		Recorder: n.recorder, Ledger: n.ledger, Store: book, CDR: n, Events: bus,
		Unconsented: func(_ string, samples uint64) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.unconsented += samples
		},
	})
	must(t, n.sip.Start(ctx))
	n.peer, err = netip.ParseAddrPort(strings.TrimPrefix(n.sip.Addrs()[0], "udp://"))
	must(t, err)
}

func (n *node) close() {
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	now, cancel := context.WithCancel(ctx)
	cancel()
	n.calls.Drain(now)
	short, end := context.WithTimeout(ctx, 200*time.Millisecond)
	defer end()
	_ = n.sip.Close(short) // phones that are gone answer no BYE
	n.media.Close()
	if err := n.recorder.Close(ctx); err != nil {
		n.t.Error(err)
	}
	if err := n.ledger.Close(); err != nil {
		n.t.Error(err)
	}
	if err := n.store.Close(); err != nil {
		n.t.Error(err)
	}
	if n.t.Failed() {
		for _, e := range n.logs.All() {
			n.t.Logf("%s %s %v", e.Level, e.Message, e.ContextMap())
		}
	}
}

// dial calls the number and fails the test where it is refused.
func (n *node) dial(o phone.Options) *phone.Call {
	n.t.Helper()
	c, err := n.tryDial(calledNumber, o)
	must(n.t, err)
	return c
}

func (n *node) tryDial(number string, o phone.Options) (*phone.Call, error) {
	n.t.Helper()
	caller := newPhone(n.t, callerNumber)
	caller.Start()
	ctx, done := context.WithTimeout(n.t.Context(), patience)
	defer done()
	return caller.Dial(ctx, n.peer, number, o)
}

func (n *node) hangup(c *phone.Call) {
	n.t.Helper()
	ctx, done := context.WithTimeout(n.t.Context(), patience)
	defer done()
	must(n.t, c.Hangup(ctx))
}

// talk waits until the station has answered.
func (n *node) talk() *phone.Call {
	n.t.Helper()
	select {
	case c := <-n.far:
		return c
	case <-time.After(patience):
		n.t.Fatal("the station was never connected")
		return nil
	}
}

// until polls a condition of the real world.
func (n *node) until(what string, ready func() bool) {
	n.t.Helper()
	deadline := time.Now().Add(patience)
	for !ready() {
		if time.Now().After(deadline) {
			n.t.Fatalf("waited %s in vain for %s; events %v", patience, what, n.types())
		}
		time.Sleep(2 * time.Millisecond) // sockets have no clock to drive
	}
}

// saw waits for an event.
func (n *node) saw(want event.Type) event.Event {
	n.t.Helper()
	var found event.Event
	n.until(string(want), func() bool {
		list := n.all(want)
		if len(list) > 0 {
			found = list[len(list)-1]
		}
		return len(list) > 0
	})
	return found
}

func (n *node) all(want event.Type) (list []event.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.events {
		if e.Type == want {
			list = append(list, e)
		}
	}
	return list
}

func (n *node) types() (list []event.Type) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.events {
		list = append(list, e.Type)
	}
	return list
}

// record waits for the one record of the one call, holds it against what every
// call promises, and returns it.
func (n *node) record() event.CDR {
	n.t.Helper()
	return n.records(1)[0]
}

// records is record for several calls.
func (n *node) records(want int) []event.CDR {
	n.t.Helper()
	n.until("the CDR", func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return len(n.cdrs) >= want
	})
	n.until("the end of the call", func() bool { return n.calls.Count() == 0 })
	n.mu.Lock()
	list := slices.Clone(n.cdrs)
	n.mu.Unlock()
	if len(list) != want {
		n.t.Fatalf("%d CDRs, want %d", len(list), want)
	}
	for _, c := range list {
		n.whole(c)
	}
	if ended := n.all(event.CallEnded); len(ended) != want {
		n.t.Errorf("%d call.ended, want %d", len(ended), want)
	}
	if up := n.trunks.Calls()["carrier"]; up != 0 {
		n.t.Errorf("%d seats are taken after the end", up)
	}
	for _, station := range []string{"agent-1", "agent-2"} {
		if taken := n.board.Taken(station); taken != 0 {
			n.t.Errorf("%d places of %s are taken after the end", taken, station)
		}
	}
	return list
}

// whole holds a record against its schema, the store, and the call's events.
func (n *node) whole(c event.CDR) {
	n.t.Helper()
	n.mu.Lock()
	var events []event.Event
	for _, e := range n.events {
		if e.Call == c.ID {
			events = append(events, e)
		}
	}
	n.mu.Unlock()
	if last := events[len(events)-1].Type; last != event.CallEnded {
		n.t.Errorf("the last event is %s, want call.ended", last)
	}
	if events[0].Type != event.CallStarted {
		n.t.Errorf("the first event is %s, want call.started", events[0].Type)
	}
	var stored event.CDR
	n.until("the CDR in the store", func() bool { // a busy store may take it later
		var err error
		stored, err = n.store.CDR(n.t.Context(), c.ID)
		return err == nil
	})
	if stored.Ending != c.Ending || stored.Recording != c.Recording {
		n.t.Errorf("the store has %+v, the file %+v", stored, c)
	}
	if running, err := n.store.Running(n.t.Context()); err != nil || len(running) != 0 {
		n.t.Errorf("calls still noted as running: %v (%v)", running, err)
	}
	ended := events[len(events)-1]
	if ended.Recording == nil || ended.Recording.Result != c.Recording.Result {
		n.t.Errorf("call.ended says %+v, the CDR %+v", ended.Recording, c.Recording)
	}
	if c.Ending.By == "" || c.Ending.Reason == "" || c.Ending.SIP == 0 || c.Ending.Q850 == 0 {
		n.t.Errorf("the ending is not whole: %+v", c.Ending)
	}
}

// ended is wantEnding's short form of event.Ending.
func ended(by string, status, q850 int, reason string) event.Ending {
	return event.Ending{By: by, SIP: status, Q850: q850, Reason: reason}
}

// wantEnding waits for the one record and holds its ending against want.
func (n *node) wantEnding(want event.Ending) event.CDR {
	n.t.Helper()
	c := n.record()
	if c.Ending != want {
		n.t.Errorf("ending %+v, want %+v", c.Ending, want)
	}
	return c
}

// entries are the ledger's entries of a call, by type.
func (n *node) entries(id string) (types []string, records []consent.Record) {
	n.t.Helper()
	records, err := consent.ByCall(filepath.Join(n.dir, "ledger"), id)
	must(n.t, err)
	for _, r := range records {
		types = append(types, r.Type)
	}
	return types, records
}

// files lists what lies in the recordings folder.
func (n *node) files() (names []string) {
	n.t.Helper()
	entries, err := os.ReadDir(filepath.Join(n.dir, "recordings"))
	if err != nil && !os.IsNotExist(err) {
		n.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// reasons are the reasons of the decisions, in order, with what made each.
func (n *node) decisions() (list []string) {
	for _, e := range n.all(event.RecordingDecided) {
		list = append(list, e.Detail+": "+e.Reason)
	}
	return list
}

// noConsent makes the trunk record without asking.
func noConsent(c *trunk.Config) { c.Recording.Consent = policy.ConsentNotRequired }
