package recorder

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"assent/vault"
)

// crashDirEnv turns the test binary into a recorder that waits to be killed.
const crashDirEnv = "ASSENT_RECORDER_CRASH_DIR"

// crashKeyEnv makes it seal what it records.
const crashKeyEnv = "ASSENT_RECORDER_CRASH_KEY"

const crashCalls = 50

// recordUntilKilled records many calls in real time and tells, line by line,
// up to which position everything was placed.
func recordUntilKilled(dir string) {
	var deps Deps
	if kek := os.Getenv(crashKeyEnv); kek != "" {
		v, err := vault.New(vault.Config{Key: kek}, func(*vault.Ring) error { return nil }, zap.NewNop())
		if err != nil {
			panic(err)
		}
		v.Start()
		deps.Keys = v
	}
	r, err := New(Config{Dir: dir, Format: FormatWAV}, deps)
	if err != nil {
		panic(err)
	}
	if err := r.Start(); err != nil {
		panic(err)
	}
	var recs []*Recording
	for i := range crashCalls {
		recs = append(recs, r.Open(testSpec(fmt.Sprintf("CRASH%021d", i)), durable(nil)))
	}
	tick := time.NewTicker(20 * time.Millisecond)
	for pos := 0; ; pos += 160 {
		<-tick.C
		for _, rec := range recs {
			talk(rec, pos, pos+160)
		}
		fmt.Println(pos + 160)
	}
}

func TestAKilledProcessLosesHalfASecondAndNoFile(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDirEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	placed := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		placed, _ = strconv.Atoi(lines.Text())
		if placed == 16000 {
			_ = cmd.Process.Kill() // what follows shows whether it died
		}
	}
	_ = cmd.Wait() // it was killed
	r := newRecorderIn(t, dir)
	results, err := r.Recover(context.Background())
	if err != nil || len(results) != crashCalls {
		t.Fatalf("%d results, %v", len(results), err)
	}
	lost := int64(0)
	for _, res := range results {
		if res.Result != ResultDegraded || !res.Recovered || !strings.HasPrefix(res.Call, "call-CRASH") {
			t.Fatalf("%+v", res)
		}
		mustVerify(t, res)
		c := audioOf(t, res.File)
		wantRamp(t, c[0], 0, len(c[0]), 0)
		wantRamp(t, c[1], 0, len(c[1]), -20000)
		lost = max(lost, int64(placed-len(c[0]))/8)
	}
	t.Logf("at most %d ms lost of %d", lost, placed/8)
	if lost > 500 {
		t.Errorf("%d ms lost, at most 500 are allowed", lost)
	}
	again, err := r.Recover(context.Background())
	if err != nil || len(again) != 0 {
		t.Errorf("a second recovery found %v, %v", again, err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*.part"))
	if len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func newRecorderIn(t testing.TB, dir string) *Recorder {
	t.Helper()
	r, err := New(Config{Dir: dir, Format: FormatWAV}, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// halfway returns a folder with a recording of 2 s that was not finished.
func halfway(t testing.TB) (g *rig, rec *Recording) {
	t.Helper()
	g = newRig(t, nil, nil)
	rec = g.open(nil)
	for pos := 0; pos < 16000; pos += 1600 {
		if pos != 4800 {
			talk(rec, pos, pos+1600)
		}
		if pos == 4800 {
			rec.Mark(1, 4800, 5600, "secure_pause")
		}
		if pos == 8000 {
			rec.Slip(1, 8000, 1)
			rec.Update(func(s *Spec) { s.Station = "agent-1" })
		}
		g.flush()
	}
	return g, rec
}

// died lets go of the files of a recording, as the death of its process would.
func died(t testing.TB, rec *Recording) {
	t.Helper()
	if err := rec.out.close(); err != nil {
		t.Fatal(err)
	}
}

func TestRecoveryLeavesAloneWhatIsStillWritten(t *testing.T) {
	g, rec := halfway(t)
	for _, r := range []*Recorder{g.r, newRecorderIn(t, g.dir)} {
		if res, err := r.Recover(context.Background()); err != nil || len(res) != 0 {
			t.Fatalf("%v %v", res, err)
		}
	}
	if res := g.end(rec, 0); res.Recovered {
		t.Errorf("%+v", res)
	}
}

func TestRecoveryTellsWhatTheFactsKnow(t *testing.T) {
	g, rec := halfway(t)
	died(t, rec)
	results, err := newRecorderIn(t, g.dir).Recover(context.Background())
	if err != nil || len(results) != 1 {
		t.Fatal(results, err)
	}
	s := mustVerify(t, results[0]).Sidecar
	want := []SidecarGap{{"lost", 0, 600, 800}, {"secure_pause", 1, 600, 700}, {"lost", 1, 700, 800}}
	if !slices.Equal(s.Gaps, want) || s.Station != "agent-1" || !s.Recovered || s.Drift.Count != 1 || s.Result != ResultDegraded {
		t.Errorf("%+v", s)
	}
}

func TestEveryTornTailRecovers(t *testing.T) {
	g, rec := halfway(t)
	died(t, rec)
	n := namesOf(g.dir, rec.ID())
	wav, journal := readFile(t, n.wavPart), readFile(t, n.journal)
	lengths := []int{}
	for i := range testHeader + 40 {
		lengths = append(lengths, i)
	}
	for i := testHeader + 41; i < len(wav); i += 997 {
		lengths = append(lengths, i)
	}
	dir := t.TempDir()
	r := newRecorderIn(t, dir)
	for _, length := range lengths {
		m := namesOf(dir, rec.ID())
		writeFile(t, m.wavPart, wav[:length])
		writeFile(t, m.journal, journal)
		results, err := r.Recover(context.Background())
		if err != nil || len(results) != 1 {
			t.Fatalf("%d bytes: %v %v", length, results, err)
		}
		frames := (length - testHeader) / frameBytes
		res := results[0]
		if length < testHeader+frameBytes {
			if res.Result != ResultFailed || res.Call == "" || len(globAll(t, dir)) != 0 {
				t.Fatalf("%d bytes: %+v, left %v", length, res, globAll(t, dir))
			}
			continue
		}
		mustVerify(t, res)
		if c := audioOf(t, res.File); len(c[0]) != frames || len(c[1]) != frames {
			t.Fatalf("%d bytes: %d frames, want %d", length, len(c[0]), frames)
		}
		_, _ = os.Remove(m.wav), os.Remove(m.sidecar) // the next length begins anew
	}
}

func TestFactsTornAnywhereRecoverOrGoToQuarantine(t *testing.T) {
	g, rec := halfway(t)
	died(t, rec)
	n := namesOf(g.dir, rec.ID())
	wav, journal := readFile(t, n.wavPart), readFile(t, n.journal)
	firstLine := strings.IndexByte(string(journal), '\n') + 1
	for length := 0; length <= len(journal); length += 7 {
		dir := t.TempDir()
		m := namesOf(dir, rec.ID())
		writeFile(t, m.wavPart, wav)
		writeFile(t, m.journal, journal[:length])
		results, err := newRecorderIn(t, dir).Recover(context.Background())
		if err != nil || len(results) != 1 {
			t.Fatal(results, err)
		}
		if length >= firstLine {
			mustVerify(t, results[0])
			continue
		}
		left := globAll(t, filepath.Join(dir, "quarantine"))
		if results[0].Result != ResultFailed || len(left) != 3 {
			t.Fatalf("%d bytes of facts: %+v, quarantine holds %v", length, results[0], left)
		}
	}
}

func TestGarbageGoesToQuarantineWithItsReason(t *testing.T) {
	dir := t.TempDir()
	m := namesOf(dir, "01JGARBAGE")
	writeFile(t, m.wavPart, []byte(strings.Repeat("no sound at all ", 100)))
	first, err := encodeEntries([]entry{{Version: 1, Spec: new(testSpec("01JGARBAGE"))}})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, m.journal, first)
	writeFile(t, filepath.Join(dir, "notes.txt"), []byte("not ours"))
	r := newRecorderIn(t, dir)
	results, err := r.Recover(context.Background())
	if err != nil || len(results) != 1 || results[0].Result != ResultFailed || results[0].Call != "call-01JGARBAGE" {
		t.Fatal(results, err)
	}
	reason := string(readFile(t, filepath.Join(dir, "quarantine", "01JGARBAGE.wav.part.reason")))
	if !strings.Contains(reason, "header") {
		t.Error(reason)
	}
	if got := globAll(t, filepath.Join(dir, "quarantine")); len(got) != 3 {
		t.Error(got)
	}
	if again, err := r.Recover(context.Background()); err != nil || len(again) != 0 {
		t.Error(again, err)
	}
}

func TestAFolderThatIsNotThereHasNothingToRecover(t *testing.T) {
	r := newRecorderIn(t, filepath.Join(t.TempDir(), "missing"))
	if res, err := r.Recover(context.Background()); err != nil || res != nil {
		t.Error(res, err)
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func globAll(t testing.TB, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}
