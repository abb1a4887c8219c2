package depot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// stores are the kinds of stores, each fresh.
func stores(t *testing.T, f func(t *testing.T, cfg Config)) {
	t.Run("s3", func(t *testing.T) { f(t, newCloud(t).config()) })
	t.Run("folder", func(t *testing.T) {
		cfg := Default()
		cfg.Store = filepath.Join(t.TempDir(), "archive")
		f(t, cfg)
	})
}

func TestARecordingLeavesTheFolderOnceTheStoreHasIt(t *testing.T) {
	stores(t, func(t *testing.T, cfg Config) {
		cfg.Layout = "{{trunk}}/{{yyyy}}/{{mm}}/{{dd}}/{{id}}"
		g := newRig(t, cfg)
		d := g.started()
		g.record("01JONE", "carrier-a", sound(5000))
		d.Add("01JONE")
		s := g.wantStored(d, "01JONE", sound(5000))
		if !strings.HasSuffix(s.Location, "archive/carrier-a/2026/11/23/01JONE.wav") || s.Call != "call-01JONE" {
			t.Errorf("%+v", s)
		}
		until(func() bool { return d.Stats() == Stats{Stored: 1} })
		if err := errors.Join(d.Room(), d.Trouble()); err != nil {
			t.Error(err)
		}
	})
}

func TestWithoutAStoreRecordingsStayWhereTheyAre(t *testing.T) {
	g := newRig(t, Default())
	d := g.started()
	g.record("01JHERE", "a", sound(10))
	d.Add("01JHERE")
	r, err := d.Open(context.Background(), "01JHERE")
	must(t, err)
	defer r.Close()
	if len(g.left()) != 2 || r.Location != filepath.Join(g.dir, "01JHERE.wav") || r.Key != nil || r.Modified.IsZero() {
		t.Errorf("%v %+v", g.left(), r)
	}
	for _, id := range []string{"01JNOT", "", "..", "../01JHERE", "a/b"} {
		if _, err := d.Open(context.Background(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestAnOutageFillsTheSpoolAndNothingIsLost(t *testing.T) {
	c := newCloud(t)
	g := newRig(t, c.config())
	g.cfg.SpoolMiB = 1
	c.put(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	d := g.started()
	audio := bytes.Repeat([]byte{7}, 700<<10)
	g.record("01JONE", "a", audio)
	g.record("01JTWO", "a", audio)
	d.Add("01JONE")
	if d.Room() != nil {
		t.Error("there is room for one more")
	}
	d.Add("01JTWO")
	until(func() bool { return d.Trouble() != nil && d.Stats().Failed >= 2 })
	if err := d.Room(); err == nil || !strings.Contains(err.Error(), "spool_mib") {
		t.Error(err)
	}
	c.put(nil)
	until(func() bool { return len(g.left()) == 0 && d.Stats().Waiting == 0 })
	if err := errors.Join(d.Room(), d.Trouble()); err != nil || len(g.told) != 2 {
		t.Error(err, len(g.told))
	}
}

func TestAStoreThatKeepsOtherBytesIsFoundOut(t *testing.T) {
	c := newCloud(t)
	g := newRig(t, c.config())
	var spoilt atomic.Bool
	c.put(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, ".wav") && !spoilt.Swap(true) {
			b, _ := io.ReadAll(r.Body)
			b[len(b)/2] ^= 1
			r.Body = io.NopCloser(bytes.NewReader(b))
			r.Header.Del("X-Amz-Checksum-Sha256")
		}
		return false
	})
	d := g.started()
	g.record("01JBAD", "a", sound(3000))
	d.Add("01JBAD")
	g.wantStored(d, "01JBAD", sound(3000))
	if !spoilt.Load() {
		t.Error("nothing was spoilt")
	}
}

func TestARestartInMidUploadTakesItUp(t *testing.T) {
	c := newCloud(t)
	g := newRig(t, c.config())
	begun, release := make(chan struct{}, 10), make(chan struct{})
	c.put(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, ".wav") {
			begun <- struct{}{}
			select { // a store that hangs
			case <-release:
			case <-r.Context().Done():
			}
			return true
		}
		return false
	})
	g.record("01JMID", "a", sound(4000))
	first := g.started()
	first.Add("01JMID")
	<-begun
	first.Close() // it does not wait for the store
	close(release)
	if len(g.left()) != 2 {
		t.Fatalf("left %v", g.left())
	}
	c.put(nil)
	old := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(filepath.Join(g.dir, "01JMID.json"), old, old))
	g.wantStored(g.started(), "01JMID", sound(4000)) // nobody tells the new one of it
}

func TestACrashBetweenTheStepsIsTakenUp(t *testing.T) {
	stores(t, func(t *testing.T, cfg Config) {
		g := newRig(t, cfg)
		ctx := context.Background()
		d := g.open()
		g.record("01JSTEP", "a", sound(200))
		must(t, os.WriteFile(d.path("01JSTEP", keyEnding), []byte("wrapped"), 0o600))
		g.cat.fail(errors.New("the catalogue is away"))
		for range 2 { // the files are there, the catalogue does not know
			if err := d.put(ctx, "01JSTEP"); err == nil || len(g.left()) != 3 {
				t.Fatal(err, g.left())
			}
		}
		g.cat.fail(nil)
		must(t, d.put(ctx, "01JSTEP"))
		g.wantStored(d, "01JSTEP", sound(200))
		r, err := d.Open(ctx, "01JSTEP")
		must(t, err)
		defer r.Close()
		if string(r.Key) != "wrapped" {
			t.Errorf("key %q", r.Key)
		}
		g.record("01JSTEP", "a", sound(200)) // it died before the first file was removed
		must(t, d.put(ctx, "01JSTEP"))
		g.record("01JSTEP", "a", sound(200)) // it died before the last one was
		must(t, os.Remove(d.path("01JSTEP", ".wav")))
		must(t, d.put(ctx, "01JSTEP"))
		must(t, d.put(ctx, "01JSTEP"))
		if len(g.left()) != 0 {
			t.Errorf("left %v", g.left())
		}
	})
}

func TestWhatIsDamagedIsNotStored(t *testing.T) {
	stores(t, func(t *testing.T, cfg Config) {
		g := newRig(t, cfg)
		d := g.open()
		g.record("01JROT", "a", sound(200))
		must(t, os.WriteFile(d.path("01JROT", ".wav"), sound(201), 0o600))
		if err := d.put(context.Background(), "01JROT"); err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Error(err)
		}
		must(t, os.WriteFile(d.path("01JROT", ".json"), []byte(`{"id":"01JOTHER"}`), 0o600))
		if d.put(context.Background(), "01JROT") == nil || len(g.left()) != 2 {
			t.Errorf("left %v", g.left())
		}
	})
}

func TestTheFolderIsGoneThroughForWhatNobodyToldOf(t *testing.T) {
	g := newRig(t, newCloud(t).config())
	d := g.open()
	g.record("01JFINISHED", "a", sound(10))
	g.record("01JGROWING", "a", sound(10))
	must(t, os.WriteFile(d.path("01JGROWING", growing), nil, 0o600))
	must(t, os.WriteFile(d.path(pinName, sidecarEnding), nil, 0o600))
	must(t, d.scan())
	if d.Stats().Waiting != 0 {
		t.Error("a recording that was finished just now is told of by who finished it")
	}
	d.deps.Now = func() time.Time { return time.Now().Add(2 * lookEvery) }
	must(t, d.scan())
	must(t, d.scan())
	if j, _ := d.spool.next(d.deps.Now()); d.Stats().Waiting != 1 || j == nil || j.id != "01JFINISHED" {
		t.Errorf("%+v, %+v", d.Stats(), j)
	}
}

func TestRangesOfAStoredRecordingCostFewRequests(t *testing.T) {
	c := newCloud(t)
	g := newRig(t, c.config())
	d := g.started()
	audio := bytes.Repeat([]byte("0123456789abcdef"), 4*piece/16)
	g.record("01JRANGE", "a", audio)
	d.Add("01JRANGE")
	g.wantStored(d, "01JRANGE", audio)
	r, err := d.Open(context.Background(), "01JRANGE")
	must(t, err)
	defer r.Close()
	var asked atomic.Int64
	c.put(func(http.ResponseWriter, *http.Request) bool { asked.Add(1); return false })
	b := make([]byte, 1000)
	for at := int64(piece / 2); at < 3*piece; at += int64(len(b)) {
		if _, err := r.ReadAt(b, at); err != nil || !bytes.Equal(b, audio[at:at+int64(len(b))]) {
			t.Fatal(at, err)
		}
	}
	if n, err := r.ReadAt(b, r.Size-10); n != 10 || !errors.Is(err, io.EOF) {
		t.Error(n, err)
	}
	if asked.Load() != 4 {
		t.Errorf("%d requests for 4 pieces", asked.Load())
	}
	c.put(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusBadGateway); return true })
	if _, err := r.ReadAt(b, 0); err == nil {
		t.Error("the store is away")
	}
}

func TestPausesGrowAndDiffer(t *testing.T) {
	s := spool{jobs: map[string]*job{}}
	now := time.Unix(1e9, 0)
	s.add("a", 10, now)
	s.add("a", 10, now)
	seen := map[time.Duration]bool{}
	for i := range 30 {
		j, wait := s.next(now)
		if j == nil {
			t.Fatal(i, wait)
		}
		if again, _ := s.next(now); again != nil {
			t.Fatal("one job was given out twice")
		}
		pause := s.retry(j, now)
		seen[pause] = true
		if top := min(lastPause, firstPause<<min(i, 20)); pause < top/2 || pause > top {
			t.Errorf("try %d: %s, want %s to %s", i, pause, top/2, top)
		}
		if j, wait := s.next(now); j != nil || wait != pause {
			t.Errorf("given out %s too early", pause)
		}
		now = now.Add(pause)
	}
	if len(seen) < 20 || s.size() != 10 {
		t.Errorf("%d different pauses, %d bytes", len(seen), s.size())
	}
}
