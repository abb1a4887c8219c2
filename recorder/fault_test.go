package recorder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestNothingIsOnDiskBeforeTheLedgerIsDurable(t *testing.T) {
	d := newFaultDisk()
	g := newRig(t, d, nil)
	word := make(chan error, 1)
	rec := g.r.Open(testSpec("01JWAIT"), word)
	for pos := 0; pos < 12800; pos += 1600 {
		talk(rec, pos, pos+1600)
		g.flush()
	}
	if len(g.files()) != 0 || len(d.ops) != 0 {
		t.Fatalf("files %v, operations %v", g.files(), d.ops)
	}
	word <- nil
	g.flush()
	if want := []string{"01JWAIT.json.part", "01JWAIT.wav.part"}; !slices.Equal(g.files(), want) {
		t.Fatalf("files %v", g.files())
	}
	res := g.end(rec, 0)
	if res.Result != ResultOK || res.DurationMS != 1600 {
		t.Fatalf("%+v", res)
	}
	wantRamp(t, audioOf(t, res.File)[0], 0, 12800, 0)
}

func TestWithoutTheLedgerARecordingIsBlockedAndItsMemoryDropped(t *testing.T) {
	closed := make(chan error)
	close(closed)
	for name, c := range map[string]struct {
		word <-chan error
		wait time.Duration
	}{
		"silence": {make(chan error), durableWait},
		"nil":     {nil, durableWait},
		"error":   {durable(errors.New("no ledger")), 0},
		"closed":  {closed, 0},
	} {
		g := newRig(t, nil, nil)
		rec := g.r.Open(testSpec("01JBLOCK"), c.word)
		talk(rec, 0, 8000)
		if c.wait > 0 {
			g.now = g.now.Add(c.wait - time.Millisecond)
			g.r.admit()
			select {
			case <-rec.Done():
				t.Fatal(name, "blocked too early")
			default:
			}
			g.now = g.now.Add(time.Millisecond)
		}
		g.r.admit()
		talk(rec, 8000, 16000)
		res := g.settle(rec)
		if res.Result != ResultBlocked || !errors.Is(res.Err, ErrNotDurable) || res.Call != "call-01JBLOCK" {
			t.Errorf("%s: %+v", name, res)
		}
		if g.r.pool.bytes() != 0 || len(g.files()) != 0 || len(g.r.live) != 0 {
			t.Errorf("%s: %d bytes held, files %v", name, g.r.pool.bytes(), g.files())
		}
	}
}

func TestAnEndBeforeTheLedgersWordWaitsForIt(t *testing.T) {
	g := newRig(t, nil, nil)
	word := make(chan error, 1)
	rec := g.r.Open(testSpec("01JEARLY"), word)
	talk(rec, 0, 8000)
	rec.Finish(Final{})
	g.flush()
	word <- nil
	if res := g.settle(rec); res.Result != ResultOK || res.DurationMS != 1000 {
		t.Errorf("%+v", res)
	}
}

func TestTooShortLeavesNoFile(t *testing.T) {
	g := newRig(t, nil, func(c *Config) { c.MinLength = time.Second })
	short, long, empty := g.open(nil), g.open(nil), g.open(nil)
	talk(short, 0, 7984)
	talk(long, 0, 8000)
	empty.Advance(80000)
	g.flush()
	if len(g.files()) == 0 {
		t.Fatal("nothing was begun")
	}
	a, b, c := g.end(short, 0), g.end(long, 0), g.end(empty, 0)
	if a.Result != ResultTooShort || b.Result != ResultOK || c.Result != ResultTooShort || a.File != "" {
		t.Errorf("%+v\n%+v\n%+v", a, b, c)
	}
	if want := []string{long.ID() + ".json", long.ID() + ".wav"}; !slices.Equal(g.files(), want) {
		t.Errorf("files %v", g.files())
	}
}

func TestAnErasedRecordingLeavesNoFile(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 8000)
	g.flush()
	rec.Finish(Final{Erase: true})
	if res := g.settle(rec); res.Result != ResultNone || len(g.files()) != 0 {
		t.Errorf("%+v, files %v", res, g.files())
	}
}

func TestAFullDiskKeepsWhatFits(t *testing.T) {
	d := newFaultDisk()
	g := newRig(t, d, nil)
	d.setQuota(150_001)
	rec := g.open(nil)
	for pos := 0; pos < 80000; pos += 1600 {
		talk(rec, pos, pos+1600)
		g.flush()
	}
	if g.r.Ready() == nil {
		t.Error("a full disk must be told")
	}
	res := g.end(rec, 0)
	s := mustVerify(t, res).Sidecar
	if res.Result != ResultDegraded || !errors.Is(res.Err, syscall.ENOSPC) || res.DurationMS < 2500 || res.DurationMS > 4700 {
		t.Fatalf("%+v", res)
	}
	if last := s.Gaps[len(s.Gaps)-1]; last.Type != "lost" || last.StartMS != res.DurationMS || last.EndMS != 10000 {
		t.Errorf("gaps %+v", s.Gaps)
	}
	c := audioOf(t, res.File)
	wantRamp(t, c[0], 0, len(c[0]), 0)
}

// Room for the names and the header is no room for a recording.
func TestAFullDiskThatKeepsNoAudioFailsTheRecording(t *testing.T) {
	for quota := int64(0); quota < 6000; quota += 100 {
		d := newFaultDisk()
		g := newRig(t, d, nil)
		g.r.probe()
		d.setQuota(quota)
		rec := g.open(nil)
		for pos := 0; pos < 32000; pos += 1600 {
			talk(rec, pos, pos+1600)
			g.flush()
		}
		res := g.end(rec, 0)
		if res.Result == ResultDegraded && res.DurationMS > 0 {
			mustVerify(t, res)
			continue
		}
		if res.Result != ResultFailed || res.File != "" || !errors.Is(res.Err, syscall.ENOSPC) || len(g.files()) != 0 {
			t.Fatalf("room for %d bytes: %+v, files %v", quota, res, g.files())
		}
		if g.r.Ready() == nil {
			t.Error("a full disk must be told")
		}
	}
}

func TestSilenceBeforeAudioThatTheDiskRefusedIsNoRecording(t *testing.T) {
	d := newFaultDisk()
	g := newRig(t, d, nil)
	rec := g.open(nil)
	rec.Mark(0, 0, 16*DefaultRateHz, "hold")
	rec.Mark(1, 0, 16*DefaultRateHz, "hold")
	g.flush()
	d.setFail(func(op, name string) error {
		if op == "write" && strings.HasSuffix(name, ".wav.part") {
			return syscall.ENOSPC
		}
		return nil
	})
	talk(rec, 16*DefaultRateHz, 18*DefaultRateHz)
	rec.Finish(Final{})
	g.flush()
	d.setFail(nil) // there is room for the sidecar
	res := g.settle(rec)
	if res.Result != ResultFailed || !errors.Is(res.Err, syscall.ENOSPC) || len(g.files()) != 0 {
		t.Errorf("%+v, files %v", res, g.files())
	}
}

func TestAPauseStaysAPauseWhereTheDiskWasFull(t *testing.T) {
	d := newFaultDisk()
	g := newRig(t, d, nil)
	d.setQuota(120_000)
	rec := g.open(nil)
	for pos := 0; pos < 80000; pos += 1600 {
		if pos%16000 == 0 {
			rec.Mark(0, int64(pos), int64(pos+8000), "hold")
			rec.Mark(1, int64(pos), int64(pos+8000), "hold")
		} else if pos%16000 >= 8000 {
			talk(rec, pos, pos+1600)
		}
		g.flush()
	}
	res := g.end(rec, 80000)
	s := mustVerify(t, res).Sidecar
	var hold, lost int64
	for _, gap := range s.Gaps {
		switch {
		case gap.Channel == 1:
		case gap.Type == "hold":
			hold += gap.EndMS - gap.StartMS
		case gap.Type == "lost":
			lost += gap.EndMS - gap.StartMS
		}
	}
	if res.Result != ResultDegraded || hold != 5000 || lost != s.Loss[0].LostMS || lost == 0 {
		t.Errorf("%d ms on hold, %d ms lost: %+v", hold, lost, s)
	}
}

func TestADiskThatHasRoomAgainLosesNothing(t *testing.T) {
	d := newFaultDisk()
	g := newRig(t, d, nil)
	d.setQuota(100_000)
	rec := g.open(nil)
	for pos := 0; pos < 160000; pos += 1600 {
		if pos == 112000 {
			d.setQuota(-1)
		}
		talk(rec, pos, pos+1600)
		g.flush()
	}
	res := g.end(rec, 0)
	if res.Result != ResultOK || res.DurationMS != 20000 {
		t.Fatalf("%+v", res)
	}
	wantRamp(t, audioOf(t, res.File)[0], 0, 30000, 0)
	mustVerify(t, res)
}

func TestAFolderThatIsGoneOrTakesNoFileFailsTheRecordingOnly(t *testing.T) {
	for name, breakIt := range map[string]func(g *rig, d *faultDisk){
		"missing":   func(g *rig, _ *faultDisk) { _ = os.RemoveAll(g.dir) },
		"no folder": func(g *rig, _ *faultDisk) { _ = os.RemoveAll(g.dir); _ = os.WriteFile(g.dir, nil, 0o600) },
		"read-only": func(_ *rig, d *faultDisk) {
			d.setFail(func(string, string) error { return syscall.EROFS })
		},
	} {
		d := newFaultDisk()
		g := newRig(t, d, nil)
		g.r.probe()
		if err := g.r.Ready(); err != nil {
			t.Fatal(name, err)
		}
		breakIt(g, d)
		g.r.probe()
		if g.r.Ready() == nil {
			t.Error(name, "must not be ready")
		}
		rec := g.open(nil)
		for pos := 0; pos < 32000; pos += 1600 {
			talk(rec, pos, pos+1600)
			g.flush()
		}
		if res := g.end(rec, 0); res.Result != ResultFailed || res.Err == nil || g.r.pool.bytes() != 0 {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

func TestAFailedSyncIsTold(t *testing.T) {
	d := newFaultDisk()
	g := newRig(t, d, nil)
	rec := g.open(nil)
	talk(rec, 0, 8000)
	g.flush()
	d.setFail(func(op, _ string) error {
		if op == "sync" {
			return syscall.EIO
		}
		return nil
	})
	g.syncAll()
	d.setFail(nil)
	res := g.end(rec, 0)
	if res.Result != ResultDegraded || !errors.Is(res.Err, syscall.EIO) {
		t.Errorf("%+v", res)
	}
	mustVerify(t, res)
}

func TestAStalledDiskNeverStopsPlaceAndBoundsTheMemory(t *testing.T) {
	d := newFaultDisk()
	limit := 4 << 20
	cfg := Default()
	cfg.Dir = t.TempDir()
	r, err := newRecorder(cfg, Deps{}, d, limit)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	stalled, release := make(chan struct{}), make(chan struct{})
	d.setFail(func(op, name string) error {
		if op == "write" && strings.HasSuffix(name, ".wav.part") {
			once.Do(func() { close(stalled) })
			<-release
		}
		return nil
	})
	var recs []*Recording
	for i := range 8 {
		recs = append(recs, r.Open(testSpec("01JSTALL"+string(rune('A'+i))), durable(nil)))
		talk(recs[i], 0, 1600)
	}
	<-stalled
	var worst time.Duration
	for pos := 1600; pos < 60*DefaultRateHz; pos += 1600 {
		for _, rec := range recs {
			start := time.Now()
			rec.Place(0, int64(pos), ramp(pos, 1600))
			worst = max(worst, time.Since(start))
			rec.Place(1, int64(pos), ramp(pos, 1600))
		}
	}
	if held := r.pool.bytes(); held > limit {
		t.Errorf("%d bytes held, at most %d allowed", held, limit)
	}
	t.Logf("slowest Place while stalled: %s", worst)
	close(release)
	for _, rec := range recs {
		rec.Finish(Final{})
		<-rec.Done()
		res := rec.Result()
		s := mustVerify(t, res).Sidecar
		if res.Result != ResultDegraded || res.DurationMS != 60000 || len(s.Loss) != 2 || s.Loss[0].OverrunMS == 0 || s.Loss[0].OverrunMS != s.Loss[0].LostMS {
			t.Fatalf("%+v loss %+v", res, s.Loss)
		}
		if len(s.Gaps) == 0 || s.Gaps[0].Type != "lost" {
			t.Fatalf("%+v", s.Gaps)
		}
	}
	if r.pool.bytes() != 0 {
		t.Error("memory is held after the end")
	}
	if err := r.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestADiskThatStallsForFiveSecondsCostsNoSampleOfTwoHundredRecordings(t *testing.T) {
	const recordings, second = 200, DefaultRateHz
	d := newFaultDisk()
	cfg := Default()
	cfg.Dir = t.TempDir()
	r, err := newRecorder(cfg, Deps{}, d, memoryLimit)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	stalled, release := make(chan struct{}), make(chan struct{})
	d.setFail(func(op, name string) error { // everything waits, as on a disk that doesn't answer
		if op == "write" && strings.HasSuffix(name, ".wav.part") {
			once.Do(func() { close(stalled) })
		}
		select {
		case <-stalled:
			<-release
		default:
		}
		return nil
	})
	recs := make([]*Recording, recordings)
	for i := range recs {
		recs[i] = r.Open(testSpec(fmt.Sprintf("01JSTALLED%03d", i)), durable(nil))
		talk(recs[i], 0, second)
	}
	<-stalled
	for at := second; at < 6*second; at += second / 10 {
		for _, rec := range recs {
			talk(rec, at, at+second/10)
		}
	}
	close(release)
	for _, rec := range recs {
		talk(rec, 6*second, 7*second)
		rec.Finish(Final{Position: 7 * second})
	}
	for _, rec := range recs {
		<-rec.Done()
		res := rec.Result()
		if res.Result != ResultOK || res.DurationMS != 7000 {
			t.Fatalf("%+v", res)
		}
		audio := audioOf(t, res.File)
		wantRamp(t, audio[0], 0, 7*second, 0)
		wantRamp(t, audio[1], 0, 7*second, -20000)
	}
	if err := r.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestTheSidecarHasItsNameBeforeTheAudio(t *testing.T) {
	d := newFaultDisk()
	g := newRig(t, d, nil)
	rec := g.open(nil)
	talk(rec, 0, 8000)
	g.end(rec, 0)
	id := rec.ID()
	last := -1
	for _, op := range []string{
		"create " + id + ".json.part", "create " + id + ".wav.part", "sync " + id + ".wav.part",
		"create " + id + ".json.new", "sync " + id + ".json.new", "rename " + id + ".json",
		"syncdir " + filepath.Base(g.dir), "rename " + id + ".wav", "remove " + id + ".json.part",
	} {
		at := slices.Index(d.ops, op)
		if at <= last {
			t.Fatalf("%q is at %d, after %d: %v", op, at, last, d.ops)
		}
		last = at
	}
	for _, name := range g.files() {
		info, err := os.Stat(filepath.Join(g.dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", name, info.Mode(), err)
		}
	}
}

// A process may die at every single operation on the disk; what is left must
// become a whole recording, or nothing if no audio was written.
func TestADeathAtEveryOperationCanBeTakenUp(t *testing.T) {
	t.Run("as it grew", func(t *testing.T) { dieEverywhere(t, FormatWAV, GapsSilence) })
	t.Run("with tones", func(t *testing.T) { dieEverywhere(t, FormatWAV, GapsTone) })
	t.Run("without pauses", func(t *testing.T) { dieEverywhere(t, FormatWAV, GapsOmit) })
	t.Run("as Opus", func(t *testing.T) {
		needOpus(t)
		dieEverywhere(t, FormatOpus, GapsOmit)
	})
}

func dieEverywhere(t *testing.T, format, gaps string) {
	for death := 0; ; death++ {
		d := newFaultDisk()
		g := newRig(t, d, func(c *Config) { c.Gaps = gaps })
		count := 0
		d.setFail(func(string, string) error {
			if count++; count > death {
				return errDead
			}
			return nil
		})
		rec := g.open(func(s *Spec) { s.Format = format })
		for pos := 0; pos < 16000; pos += 1600 {
			talk(rec, pos, pos+1600)
			g.flush()
		}
		for c := range 2 {
			rec.Mark(c, 16000, 20000, "hold")
		}
		talk(rec, 20000, 21600)
		res := g.end(rec, 0)
		if rec.out != nil {
			_ = rec.out.close() // the dead hold no locks
		}
		r := newRecorderIn(t, g.dir)
		results, err := r.Recover(context.Background())
		if err != nil || len(results) > 1 {
			t.Fatalf("death %d: %v %v", death, results, err)
		}
		for _, got := range results {
			if got.Result == ResultFailed {
				continue
			}
			if mustVerify(t, got); strings.HasSuffix(got.File, ".wav") {
				c := audioOf(t, got.File)
				wantRamp(t, c[0], 0, min(16000, len(c[0])), 0)
			}
		}
		for _, name := range g.files() {
			if name != filepath.Base(namesOf("", rec.ID()).stored(format)) && name != rec.ID()+".wav" && name != rec.ID()+".json" {
				t.Fatalf("death %d (%v): left %v", death, d.ops[max(0, len(d.ops)-3):], g.files())
			}
		}
		if audio := slices.DeleteFunc(g.files(), func(name string) bool { return strings.HasSuffix(name, ".json") }); len(audio) > 1 {
			t.Fatalf("death %d: two files of one recording: %v", death, audio)
		}
		if res.Result == ResultOK {
			t.Logf("%d operations", death)
			return
		}
	}
}
