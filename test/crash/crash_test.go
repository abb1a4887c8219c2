package crash

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"assent/consent"
	"assent/event"
	"assent/recorder"
	"assent/test/bench/load"
	"assent/test/service"
)

var (
	kills  = flag.Int("kills", 20, "how often the service is killed")
	calls  = flag.Int("calls", 50, "calls at once")
	seed   = flag.Uint64("seed", 0, "of the moments; 0 is a new one")
	strict = flag.Bool("strict", false, "hold the service to its figures in time, on a machine that is its own")
)

const (
	// atRisk is what a killed process may lose of a call (half a second).
	atRisk = 500 * time.Millisecond
	// whole is how long a start may take until every file is whole.
	whole = 5 * time.Second
	// evidence is how long a new recording may wait for its ledger entry, without a byte on disk.
	evidence = 2 * time.Second
	// longest is the latest moment of a kill, after the first call was placed; short
	// that of the series in `make test`.
	longest, short = 3 * time.Second, 2 * time.Second
	// stoodStill is how late the test's own packets may leave: a machine on which
	// they are later has no time for the service either, and proves nothing of it.
	stoodStill = 200 * time.Millisecond
	// mostRounds is how many times as many kills there may be as count.
	mostRounds = 3
	// frame is a packet's length.
	frame = 20 * time.Millisecond
)

const config = `
sip: { listen: ["udp://127.0.9.2:0"] }
media: { address: 127.0.9.2, ports: 10000-29999, codecs: [PCMU, PCMA] }
trunks:
  carrier:
    sources: ["%s"]
    numbers: ["*"]
    flow: consent
    recording: { enabled: true, consent: required }
stations:
  agent-1: { address: "%s", calls: 10000, ring: 10s }
queues:
  support: { stations: [agent-1], recording: { enabled: true }, max_waiting: 10000 }
recordings: { dir: ./recordings }
consent: { ledger: ./ledger }
cdr: { file: ./cdr.jsonl }
store: sqlite:./assent.db
flows: ./flows
prompts: ./prompts
api: { listen: "127.0.9.2:0" }
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
        no_entry_timeout: 30s
        consent: { granted: "1", declined: "2" }
        outcomes: { "1": allow, "2": route, no_input: route, invalid: route }
  allow:
    - enable_participant_recording: { name: Enable recording }
    - goto: route
  route:
    - transfer_to_queue: { name: To support, queue: support }
`

// worst is the worst of all kills.
type worst struct {
	lost, start time.Duration
	files       int
	stood       int // kills at which the machine had no time, and lost says nothing
}

func TestAKilledServiceLosesHalfASecondAndNoFile(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d", *seed)
	rng := rand.New(rand.NewPCG(*seed, 1))
	g := generator(t)
	s := service.Start(t, service.Files{
		"assent.yaml":             fmt.Sprintf(config, load.Source, g.Station()),
		"flows/consent.yaml":      flow,
		"prompts/en/question.wav": load.Prompt(2),
	})
	var w worst
	for n, rounds := 0, 0; n < *kills && !t.Failed(); rounds++ {
		if rounds > mostRounds**kills {
			t.Fatalf("the machine stood still at %d of %d kills: nothing was shown", w.stood, rounds)
		}
		next := generator(t) // its address stands in the configuration of the next start
		moment := longest
		if !*strict {
			moment = short
		}
		if round(t, s, g, next, time.Duration(rng.Int64N(int64(moment))), &w) || !*strict {
			n++
		}
		if g = next; t.Failed() {
			t.Fatalf("kill %d of seed %d", rounds, *seed)
		}
	}
	g.Start(s.UDP) // it ends as it would after calls
	g.Stop()
	g.Close()
	t.Logf("%d kills, %d files: at most %s lost of a call (%d kills said nothing, since the machine stood still%s), all whole %s after the start",
		*kills, w.files, w.lost.Round(time.Millisecond), w.stood, map[bool]string{true: ", and were repeated"}[*strict], w.start.Round(time.Millisecond))
}

func generator(t *testing.T) *load.Generator {
	t.Helper()
	g, err := load.New()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// round places calls, kills the service, starts it again for the next ones and
// checks what it left. It is false where the test's own packets were so late that
// nothing can be said of what the service lost.
func round(t *testing.T, s *service.Service, g, next *load.Generator, after time.Duration, w *worst) (valid bool) {
	told := 0
	if _, err := os.Stat(filepath.Join(s.Dir, "cdr.jsonl")); err == nil {
		told = len(s.CDRs())
	}
	g.Start(s.UDP)
	placed := place(t, g, func() {
		time.Sleep(after) // the moment is what the test is about
		s.Kill()
	})
	g.Stop()
	defer g.Close()
	s.Write("assent.yaml", fmt.Sprintf(config, load.Source, next.Station()))
	began := time.Now()
	s.Restart()
	service.Until(t, "every file to be whole", func() bool { return settled(s) })
	byNumber := map[string]event.CDR{}
	for _, cdr := range s.CDRs()[told:] {
		if _, twice := byNumber[cdr.From]; twice || cdr.Recording.Result == "" {
			t.Errorf("call %s: a second record, or one without a result: %+v", cdr.From, cdr.Recording)
		}
		byNumber[cdr.From] = cdr
	}
	took := time.Since(began)
	w.start = max(w.start, took)
	if *strict && took > whole {
		t.Errorf("all files were whole %s after the start", took)
	}
	var files []string
	for _, c := range placed {
		if file := check(t, s, g, c, byNumber[c.Number], w); file != "" {
			files = append(files, file)
		}
	}
	if _, err := consent.Verify(filepath.Join(s.Dir, "ledger")); err != nil {
		t.Errorf("ledger: %v", err)
	}
	play(t, files)
	if w.files += len(files); g.Stood() >= stoodStill {
		w.stood++
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
	return g.Stood() < stoodStill
}

// place makes the calls, one after the other; some end soon. It returns those
// that were placed when then is over.
func place(t *testing.T, g *load.Generator, then func()) []*load.Call {
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var placed []*load.Call
	for i := range *calls {
		c := g.NewCall()
		placed = append(placed, c)
		wg.Go(func() {
			if c.Dial(ctx, "+4980012345", true) != nil || c.Connect(ctx, '1') != nil {
				return // the service was killed
			}
			if i%5 == 0 {
				_ = c.Hangup(ctx) // a kill may fall in while the file is finished
			}
		})
	}
	then()
	stop()
	wg.Wait()
	return placed
}

// settled reports whether nothing is left unfinished in the folder.
func settled(s *service.Service) bool {
	for _, name := range s.Recordings() {
		if strings.HasSuffix(name, ".part") || strings.HasSuffix(name, ".new") {
			return false
		}
	}
	return true
}

// check holds one call against its record and its file, and returns the file.
func check(t *testing.T, s *service.Service, g *load.Generator, c *load.Call, cdr event.CDR, w *worst) string {
	if cdr.ID == "" {
		if heard := time.Duration(c.Longest()) * frame; heard > atRisk {
			t.Errorf("call %s: %s were said, and no record tells of it", c.Number, heard)
		}
		return ""
	}
	id := cdr.Recording.ID
	file := filepath.Join(s.Dir, "recordings", id+".wav")
	if !cdr.Recording.AudioKept() {
		if heard := time.Duration(c.Longest()) * frame; heard > evidence+atRisk {
			t.Errorf("call %s: %s were said, and it ended with %+v", c.Number, heard, cdr.Recording)
		}
		if id != "" && cdr.Recording.Result == event.ResultNone {
			t.Errorf("call %s: recording %s ended with no result", c.Number, id)
		}
		return ""
	}
	report, err := recorder.Verify(file)
	if err != nil || !report.OK() || report.SHA256 != cdr.Recording.SHA256 {
		t.Errorf("call %s: %v %v, %s in the record", c.Number, err, report.Problems, cdr.Recording.SHA256)
		return ""
	}
	held, err := c.Held(file)
	if err != nil {
		t.Errorf("call %s: %v", c.Number, err)
		return ""
	}
	lost := time.Duration(held.Tail) * frame
	if g.Stood() < stoodStill {
		w.lost = max(w.lost, lost)
	}
	if g.Stood() < stoodStill && lost > atRisk && report.Sidecar.Recovered {
		t.Errorf("call %s: %s lost at the end, at most %s may be", c.Number, lost, atRisk)
	}
	if held.Foreign > 0 || held.Inside > 0 && !*strict && !lossTold(report) {
		t.Errorf("call %s: %+v, and the sidecar tells nothing of it", c.Number, held)
	}
	return file
}

// lossTold reports whether the sidecar says that something is missing.
func lossTold(r recorder.Report) bool { return r.Sidecar.Result == recorder.ResultDegraded }

// play lets two players read all files to their ends.
func play(t *testing.T, files []string) {
	if len(files) == 0 {
		return
	}
	for _, tool := range []string{"sox", "ffmpeg"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is missing: make e2e and make crash install it", tool)
		}
	}
	sox := append([]string{"-V1"}, files...)
	if out, err := exec.Command("sox", append(sox, "-n")...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("sox: %v %s", err, out)
	}
	if !*strict {
		files = files[:1]
	}
	args := []string{"-v", "error", "-xerror", "-nostdin"}
	for _, file := range files {
		args = append(args, "-i", file)
	}
	for i := range files {
		args = append(args, "-map", fmt.Sprint(i))
	}
	if out, err := exec.Command("ffmpeg", append(args, "-f", "null", "-")...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("ffmpeg: %v %s", err, out)
	}
}
