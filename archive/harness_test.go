package archive

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"assent/audit"
	"assent/consent"
	"assent/event"
	"assent/store"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		die(dir, os.Getenv(childStep))
	}
	goleak.VerifyTestMain(m)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// place is an archive on a folder of its own, with its clock.
type place struct {
	*Archive
	t      testing.TB
	dir    string
	store  *store.Store
	ledger *consent.Ledger
	log    *audit.Log

	mu     sync.Mutex
	now    time.Time
	events []event.Event
}

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// open opens the archive of a folder, or a new one.
func open(t testing.TB, dir string) *place {
	t.Helper()
	p := &place{t: t, dir: dir, now: noon}
	var err error
	p.store, err = store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "assent.db"), zap.NewNop())
	must(t, err)
	p.ledger, err = consent.Open(filepath.Join(dir, "ledger"), zap.NewNop())
	must(t, err)
	p.log, err = audit.Open(filepath.Join(dir, "audit"), zap.NewNop())
	must(t, err)
	bus := event.New()
	bus.Subscribe(func(e event.Event) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.events = append(p.events, e)
	})
	p.Archive = New(Deps{Log: zap.NewNop(), Store: p.store, Audit: p.log, Ledger: p.ledger, Events: bus,
		Entries: func(call string) ([]consent.Record, error) { return consent.ByCall(filepath.Join(dir, "ledger"), call) },
		Sign:    func(text string) (string, error) { return "signed: " + text, nil },
		Now:     func() time.Time { return p.now }})
	return p
}

func (p *place) close() {
	p.t.Helper()
	must(p.t, p.log.Close())
	must(p.t, p.ledger.Close())
	must(p.t, p.store.Close())
}

// keep stores a recording with its files, of a call from the number.
func (p *place) keep(made time.Time, from string, change func(*store.Recording)) store.Recording {
	p.t.Helper()
	id := ulid.MustNew(ulid.Timestamp(made), rand.New(rand.NewSource(made.UnixNano()))).String() //nolint:gosec // a test's id
	r := store.Recording{ID: id, Call: "call-" + id, Trunk: "a", Queue: "q", Station: "s", SHA256: "aa", DurationMS: 60_000, Result: "ok", CreatedAt: made,
		File: filepath.Join(p.dir, "recordings", id+".wav")}
	if change != nil {
		change(&r)
	}
	must(p.t, os.MkdirAll(filepath.Dir(r.File), 0o700))
	for _, name := range []string{r.File, sidecarOf(r.File)} {
		must(p.t, os.WriteFile(name, []byte(id), 0o600))
	}
	must(p.t, p.store.PutRecording(p.t.Context(), r))
	must(p.t, p.store.EndCall(p.t.Context(), event.CDR{ID: r.Call, Trunk: r.Trunk, Direction: "inbound", From: from, StartedAt: made, EndedAt: made,
		Consent: event.CDRConsent{State: "granted"}, Recording: event.CDRRecording{ID: id, Reason: "allowed", Result: "ok", File: r.File}}))
	return r
}

// gone tells whether nothing of a recording is left but what must be.
func (p *place) gone(r store.Recording) error {
	for _, name := range []string{r.File, sidecarOf(r.File)} {
		if _, err := os.Stat(name); err == nil {
			return fmt.Errorf("%s is there", name)
		}
	}
	if _, err := p.store.Recording(p.t.Context(), r.ID); err == nil {
		return fmt.Errorf("the catalogue has it")
	}
	d, err := p.store.Deletion(p.t.Context(), r.ID)
	if err != nil || d.DoneAt.IsZero() {
		return fmt.Errorf("the plan is %+v, %v", d, err)
	}
	if n := p.erasures(r); n != 1 {
		return fmt.Errorf("the ledger tells %d erasures", n)
	}
	return nil
}

// erasures counts the ledger's entries of a recording's erasure.
func (p *place) erasures(r store.Recording) (count int) {
	p.t.Helper()
	records, err := consent.ByCall(filepath.Join(p.dir, "ledger"), r.Call)
	must(p.t, err)
	for _, record := range records {
		if d, ok := record.Data.(consent.ErasedData); ok && d.Recording == r.ID {
			count++
		}
	}
	return count
}

// uses are the audit log's entries, which must be whole.
func (p *place) uses() (list []consent.UsedData) {
	p.t.Helper()
	_, err := audit.Verify(filepath.Join(p.dir, "audit"))
	must(p.t, err)
	for r, err := range consent.Entries(filepath.Join(p.dir, "audit"), consent.Filter{}) {
		must(p.t, err)
		list = append(list, r.Data.(consent.UsedData))
	}
	return list
}

func (p *place) saw(want event.Type) (count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		if e.Type == want {
			count++
		}
	}
	return count
}
