package depot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// catalogue is a store's catalogue in memory.
type catalogue struct {
	mu  sync.Mutex
	at  map[string]string
	err error
}

func (c *catalogue) Located(_ context.Context, s Stored) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.at[s.ID] = s.Location
	}
	return c.err
}

func (c *catalogue) Location(_ context.Context, id string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at[id], nil
}

func (c *catalogue) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// cloud is an object store in process; between it and its clients tests put faults.
type cloud struct {
	*httptest.Server
	mu    sync.Mutex
	fault func(w http.ResponseWriter, r *http.Request) (over bool)
}

func newCloud(t testing.TB) *cloud {
	t.Helper()
	backend := s3mem.New()
	must(t, backend.CreateBucket("calls"))
	real := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	c := &cloud{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		fault := c.fault
		c.mu.Unlock()
		if fault == nil || !fault(w, r) {
			real.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(c.Server.Close)
	return c
}

func (c *cloud) put(fault func(w http.ResponseWriter, r *http.Request) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = fault
}

func (c *cloud) config() Config {
	cfg := Default()
	cfg.Store = "s3://calls/archive"
	cfg.S3 = S3Config{Endpoint: strings.TrimPrefix(c.URL, "http://"), Region: "us-east-1", AccessKey: "key", SecretKey: "secret"}
	return cfg
}

// rig is a recordings folder with its depot.
type rig struct {
	t    testing.TB
	dir  string
	cfg  Config
	cat  *catalogue
	told chan Stored
	now  time.Time
}

func newRig(t testing.TB, cfg Config) *rig {
	return &rig{t: t, dir: t.TempDir(), cfg: cfg, cat: &catalogue{at: map[string]string{}}, told: make(chan Stored, 100), now: time.Now()}
}

// open returns the depot, as a new process would make it.
func (g *rig) open() *Depot {
	g.t.Helper()
	d, err := New(g.cfg, g.dir, Deps{Catalogue: g.cat, Stored: func(s Stored) { g.told <- s }})
	must(g.t, err)
	return d
}

// started returns a depot at work.
func (g *rig) started() *Depot {
	d := g.open()
	d.Start()
	g.t.Cleanup(d.Close)
	return d
}

// record leaves a finished recording in the folder, as a recorder does.
func (g *rig) record(id, trunk string, audio []byte) {
	g.t.Helper()
	sum := sha256.Sum256(audio)
	side, err := json.Marshal(map[string]any{"id": id, "call": "call-" + id, "trunk": trunk, "started_at": "2026-11-23T23:59:59.000Z", "sha256": hex.EncodeToString(sum[:]), "more": []int{1}})
	must(g.t, err)
	must(g.t, os.WriteFile(filepath.Join(g.dir, id+".json"), side, 0o600))
	must(g.t, os.WriteFile(filepath.Join(g.dir, id+".wav"), audio, 0o600))
}

// left are the names in the recordings folder.
func (g *rig) left() []string {
	g.t.Helper()
	list, err := os.ReadDir(g.dir)
	must(g.t, err)
	names := []string{}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// wantStored waits until a recording is stored and gone from the folder, and reads it back.
func (g *rig) wantStored(d *Depot, id string, audio []byte) Stored {
	g.t.Helper()
	s := <-g.told
	if s.ID != id {
		g.t.Fatalf("%s was stored, want %s", s.ID, id)
	}
	until(func() bool { return len(g.left()) == 0 })
	r, err := d.Open(context.Background(), id)
	must(g.t, err)
	defer r.Close()
	b, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size))
	if err != nil || !bytes.Equal(b, audio) || !strings.Contains(string(r.Sidecar), id) || r.Location != s.Location {
		g.t.Fatalf("%d bytes at %s, %v", len(b), r.Location, err)
	}
	return s
}

// until waits for what other goroutines do; the test's own end is its bound.
func until(condition func() bool) {
	for !condition() {
		<-time.After(5 * time.Millisecond)
	}
}

// sound is audio that no two of are alike.
func sound(n int) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("a tone of %d ", n), n))
}

// started23 is when the recordings of record began.
func (g *rig) started23() time.Time { return time.Date(2026, 11, 23, 23, 59, 59, 0, time.UTC) }
