package recorder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestARecorderThatRunsSealsWhatManyDriversPlace(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.DebugLevel)
		r, err := New(Config{Dir: filepath.Join(dir, "new", "folder"), Format: FormatWAV}, Deps{Log: zap.New(core)})
		if err != nil {
			t.Fatal(err)
		}
		if r.Ready() == nil {
			t.Error("ready before its start")
		}
		if err := r.Start(); err != nil {
			t.Fatal(err)
		}
		if err := r.Ready(); err != nil {
			t.Error(err)
		}
		var calls sync.WaitGroup
		for i := range 20 {
			calls.Go(func() {
				rec := r.Open(testSpec(fmt.Sprintf("01JRUN%02d", i)), durable(nil))
				for pos := 0; pos < 80000; pos += 160 {
					talk(rec, pos, pos+160)
					time.Sleep(20 * time.Millisecond)
				}
				rec.Finish(Final{Position: 80000})
				<-rec.Done()
				res := rec.Result()
				if res.Result != ResultOK || res.DurationMS != 10000 {
					t.Errorf("%+v", res)
				}
				mustVerify(t, res)
				wantRamp(t, audioOf(t, res.File)[0], 0, 80000, 0)
			})
		}
		calls.Wait()
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if !errors.Is(r.Ready(), ErrClosed) {
			t.Error("ready after its end")
		}
		if n := logs.FilterMessage("recording finished").Len(); n != 20 {
			t.Errorf("%d lines", n)
		}
		for _, l := range logs.All() {
			if s := fmt.Sprint(l.Message, l.ContextMap()); strings.Contains(s, "498912345") {
				t.Error("a number in the log:", s)
			}
		}
	})
}

func TestCloseSealsWhatIsOpenAndTakesNothingMore(t *testing.T) {
	r := newRecorderIn(t, t.TempDir())
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	rec := r.Open(testSpec("01JOPEN"), durable(nil))
	talk(rec, 0, 8000)
	if err := r.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if res := rec.Result(); res.Result != ResultOK || res.DurationMS != 1000 {
		t.Errorf("%+v", res)
	}
	late := r.Open(testSpec("01JLATE"), durable(nil))
	<-late.Done()
	if res := late.Result(); res.Result != ResultFailed || !errors.Is(res.Err, ErrClosed) {
		t.Errorf("%+v", res)
	}
	if r.Start() == nil {
		t.Error("started after its end")
	}
}

func TestCloseGivesUpWithItsContext(t *testing.T) {
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
	release := make(chan struct{})
	d.setFail(func(op, _ string) error {
		if op == "write" {
			<-release
		}
		return nil
	})
	rec := r.Open(testSpec("01JSTUCK"), durable(nil))
	talk(rec, 0, 8000)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(release)
	r.wg.Wait()
	if rec.out != nil {
		died(t, rec)
	}
}

func TestAnIDThatIsNoNameOrInUseIsRefused(t *testing.T) {
	g := newRig(t, nil, nil)
	first := g.open(func(s *Spec) { s.ID = "01JTWICE" })
	for _, id := range []string{"", "../x", "a/b", "a.b", strings.Repeat("x", 65), "01JTWICE"} {
		rec := g.open(func(s *Spec) { s.ID = id })
		if res := rec.Result(); res.Result != ResultFailed || res.Err == nil {
			t.Errorf("%q: %+v", id, res)
		}
		rec.Place(0, 0, ramp(0, 160))
		rec.Finish(Final{})
	}
	talk(first, 0, 8000)
	if res := g.end(first, 0); res.Result != ResultOK {
		t.Errorf("%+v", res)
	}
}

func TestAnIDWhoseFileExistsNeverOverwritesIt(t *testing.T) {
	g, res := stored(t)
	before := readFile(t, res.File)
	rec := g.open(func(s *Spec) { s.ID = res.ID })
	talk(rec, 0, 16000)
	if again := g.end(rec, 0); again.Result != ResultFailed {
		t.Errorf("%+v", again)
	}
	if string(readFile(t, res.File)) != string(before) {
		t.Error("the first recording was overwritten")
	}
	mustVerify(t, res)
}

func TestTheSyncerStatesTheLengthInTheHeader(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 16000)
	g.flush()
	g.syncAll()
	b := readFile(t, filepath.Join(g.dir, rec.ID()+".wav.part"))
	size, _, err := rec.layout.parseHeader(b, rec.out.origin)
	if err != nil || size != int64(len(b)-testHeader) {
		t.Errorf("%d bytes of %d: %v", size, len(b), err)
	}
	g.end(rec, 0)
}

func TestAGrowingFileIsWrittenInWholeBlocksAndInTheEndToItsEnd(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	talk(rec, 0, 16000)
	g.flush()
	ripe := int64(testHeader + (16000-DefaultRateHz/windowsPerSecond)*frameBytes)
	size := int64(len(readFile(t, filepath.Join(g.dir, rec.ID()+".wav.part"))))
	if size > ripe || size <= ripe-blockBytes || blockBytes-size%blockBytes >= frameBytes {
		t.Errorf("%d bytes are written of %d that are ripe, which ends no block", size, ripe)
	}
	if res := g.end(rec, 16000); int64(len(readFile(t, res.File))) < testHeader+16000*frameBytes {
		t.Errorf("the end is missing: %+v", res)
	}
}

func TestASteadyRecordingHoldsLittleMemory(t *testing.T) {
	g := newRig(t, nil, nil)
	const n = 100
	var recs []*Recording
	for range n {
		recs = append(recs, g.open(nil))
	}
	worst := 0
	for pos := 0; pos < 40000; pos += 1200 {
		for _, rec := range recs {
			talk(rec, pos, pos+1200)
		}
		worst = max(worst, g.r.pool.bytes())
		g.flush()
	}
	const fixed = 8 << 10 // the Recording itself; checked below
	per := worst/n + fixed
	t.Logf("%d bytes a recording, %d of them audio", per, worst/n)
	if per > 60_000 {
		t.Errorf("%d bytes a recording", per)
	}
	if size := recordingBytes; size > fixed {
		t.Errorf("a Recording alone takes %d bytes", size)
	}
	for _, rec := range recs {
		g.end(rec, 0)
	}
	if g.r.pool.bytes() != 0 {
		t.Error("memory is held after the end")
	}
}

func TestReadyTellsWhatIsWrong(t *testing.T) {
	g := newRig(t, nil, nil)
	g.r.probe()
	if err := g.r.Ready(); err != nil {
		t.Fatal(err)
	}
	g.now = g.now.Add(staleAfter + time.Second)
	if err := g.r.Ready(); err == nil || !strings.Contains(err.Error(), "has not answered") {
		t.Error(err)
	}
	g.r.probe()
	g.r.health.fail(errors.New("broken"), g.now)
	if err := g.r.Ready(); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Error(err)
	}
	g.now = g.now.Add(failureHolds)
	if err := g.r.Ready(); err != nil {
		t.Error(err)
	}
	g.r.writers[0].busySince.Store(int64(g.r.age(g.now.Add(-time.Minute))))
	if g.r.Ready() == nil {
		t.Error("a write that hangs must be told")
	}
	g.r.writers[0].busySince.Store(0)
	if err := os.RemoveAll(g.dir); err != nil {
		t.Fatal(err)
	}
	g.r.probe()
	if g.r.Ready() == nil {
		t.Error("a missing folder must be told")
	}
}

func TestAConfigurationSaysWhatWouldBeRight(t *testing.T) {
	for want, c := range map[string]Config{
		"":                      Default(),
		"dir":                   {Format: FormatWAV},
		"use wav":               {Dir: "x", Format: "mp3"},
		"gaps: \"music\" is":    {Dir: "x", Format: FormatWAV, Gaps: "music"},
		"min_length: -1s is ne": {Dir: "x", Format: FormatWAV, MinLength: -time.Second},
	} {
		err := c.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", c, err)
		}
		if _, err := New(c, Deps{}); (err == nil) != (want == "") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestAWallClockThatStepsBackAndForthChangesNoRecording(t *testing.T) {
	g := newRig(t, nil, nil)
	rec := g.open(nil)
	at := 0
	for _, step := range []time.Duration{0, -26 * time.Hour, time.Hour, 400 * 24 * time.Hour, -400 * 24 * time.Hour} {
		g.now = g.now.Add(step)
		talk(rec, at, at+8000)
		at += 8000
		for range 4 {
			g.flush()
		}
		g.r.probe()
		if err := g.r.Ready(); err != nil {
			t.Errorf("after a step of %s: %v", step, err)
		}
	}
	res := g.end(rec, int64(at))
	if res.Result != ResultOK || res.DurationMS != int64(at/8) {
		t.Fatalf("%+v", res)
	}
	side := mustVerify(t, res).Sidecar
	if got := side.EndedAt.Sub(side.StartedAt.Time); got != time.Duration(at/8)*time.Millisecond {
		t.Errorf("the sidecar says that it took %s", got)
	}
	audio := audioOf(t, res.File)
	wantRamp(t, audio[0], 0, at, 0)
}
