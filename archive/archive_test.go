package archive

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assent/consent"
	"assent/event"
	"assent/retention"
	"assent/store"
)

const day = 24 * time.Hour

func TestAHoldKeepsARecordingFromEveryDeletion(t *testing.T) {
	p := open(t, t.TempDir())
	defer p.close()
	ctx := t.Context()
	r := p.keep(noon, "+4930111", nil)
	must(t, p.Hold(ctx, "legal", r.ID, "case 7, call +49 30 1234567"))
	if err := p.Hold(ctx, "legal", r.ID, "again"); !errors.Is(err, store.ErrHeld) {
		t.Errorf("a second hold: %v", err)
	}
	if err := p.Delete(ctx, "ops", r.ID, "x"); !errors.Is(err, store.ErrHeld) {
		t.Errorf("deleted: %v", err)
	}
	rules := retention.Rules{{Name: "day", Keep: retention.Keep(day)}}
	p.now = noon.Add(2 * day)
	if n, err := p.Sweep(ctx, rules); n != 0 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if why, err := p.HoldOf(ctx, r.ID); err != nil || why != "case 7, call …" {
		t.Errorf("held: %q, %v", why, err)
	}
	must(t, p.Release(ctx, "legal", r.ID, "case closed"))
	if err := p.Release(ctx, "legal", r.ID, "again"); !errors.Is(err, store.ErrNotHeld) {
		t.Errorf("a second release: %v", err)
	}
	if n, err := p.Sweep(ctx, rules); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if err := p.gone(r); err != nil {
		t.Error(err)
	}
	var told []string
	for _, u := range p.uses() {
		told = append(told, u.By+" "+u.Action+" "+u.Result+" "+u.Detail)
	}
	want := "legal hold ok case 7, call …; ops delete held x; legal release ok case closed; system delete ok retention: day, 1d"
	if got := strings.Join(told, "; "); got != want {
		t.Errorf("audit log: %s, want %s", got, want)
	}
	if p.saw(event.RecordingHeld) != 1 || p.saw(event.RecordingReleased) != 1 || p.saw(event.RecordingDeleted) != 1 {
		t.Errorf("events %+v", p.events)
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	p := open(t, t.TempDir())
	defer p.close()
	ctx := t.Context()
	for name, do := range map[string]func() error{
		"hold":    func() error { return p.Hold(ctx, "x", "nothing", "x") },
		"release": func() error { return p.Release(ctx, "x", "nothing", "x") },
		"delete":  func() error { return p.Delete(ctx, "x", "nothing", "x") },
		"show":    func() error { _, err := p.Show(ctx, "x", "nothing"); return err },
		"listen":  func() error { _, err := p.Listen(ctx, "x", "nothing", ""); return err },
	} {
		if err := do(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(p.uses()) != 0 {
		t.Error("the use of nothing is written down")
	}
}

// TestTenYearsOfSweepsDeleteNothingEarlyAndNothingLate sweeps twice a day while something is to be decided, every other
// day in between.
func TestTenYearsOfSweepsDeleteNothingEarlyAndNothingLate(t *testing.T) {
	p := open(t, t.TempDir())
	defer p.close()
	ctx, random := t.Context(), rand.New(rand.NewPCG(7, 7))
	rules := retention.Rules{
		{Name: "all", Keep: retention.Keep(30 * day)}, {Name: "q2", Queues: []string{"q2"}, Keep: retention.Keep(400 * day)},
		{Name: "long", MinDuration: 2 * time.Minute, Keep: retention.Keep(1000 * day)}, {Name: "t2", Trunks: []string{"t2"}, Keep: retention.Forever},
	}
	type life struct {
		store.Recording
		due       time.Time // zero: never
		held      bool
		releaseAt time.Time
	}
	alive := map[string]*life{}
	const years, made = 10, 60
	for i := range made {
		at := noon.Add(time.Duration(random.Int64N(int64(years * 365 * day)))).Truncate(time.Millisecond)
		l := &life{}
		keep := 30 * day
		l.Recording = p.keep(at, "+4930111", func(r *store.Recording) {
			switch i % 4 {
			case 1:
				r.Queue, keep = "q2", 400*day
			case 2:
				r.DurationMS, keep = 180_000, 1000*day
			case 3:
				r.Trunk = "t2"
			}
		})
		if l.due = at.Add(keep); i%4 == 3 {
			l.due = time.Time{}
		}
		if i%7 == 0 {
			must(t, p.Hold(ctx, "legal", l.ID, "case"))
			l.held, l.releaseAt = true, l.due.Add(50*day)
		}
		alive[l.ID] = l
	}
	near := func(t time.Time) bool { return !t.IsZero() && t.Sub(p.now) > -2*day && t.Sub(p.now) < 3*day }
	stride := func() time.Duration {
		for _, l := range alive {
			if near(l.due) || l.held && near(l.releaseAt) {
				return day / 2
			}
		}
		return 2 * day
	}
	for p.now = noon; p.now.Before(noon.Add((years*365 + 60) * day)); p.now = p.now.Add(stride()) {
		for _, l := range alive {
			if l.held && !l.due.IsZero() && p.now.After(l.releaseAt) {
				must(t, p.Release(ctx, "legal", l.ID, "over"))
				l.held, l.due = false, p.now
			}
		}
		_, err := p.Sweep(ctx, rules)
		must(t, err)
		for id, l := range alive {
			_, err := os.Stat(l.File)
			there := err == nil
			mayGo := !l.held && !l.due.IsZero() && p.now.After(l.due)
			switch {
			case !there && !mayGo && !p.now.Equal(l.due):
				t.Fatalf("%s went at %v, due %v, held %v", id, p.now, l.due, l.held)
			case there && mayGo && p.now.Sub(l.due) > day:
				t.Fatalf("%s is there at %v, due %v", id, p.now, l.due)
			case !there:
				delete(alive, id)
			}
		}
	}
	for id, l := range alive {
		if !l.due.IsZero() && p.now.Sub(l.due) > day && !l.held {
			t.Errorf("%s is left, due %v", id, l.due)
		}
	}
	if len(alive) < made/4 || len(alive) > made/2 {
		t.Errorf("%d of %d are left", len(alive), made)
	}
}

func TestThePlanTellsWhatGoesWhenAndWhatBlocksIt(t *testing.T) {
	p := open(t, t.TempDir())
	defer p.close()
	ctx := t.Context()
	first, second := p.keep(noon, "+4930111", nil), p.keep(noon.Add(time.Hour), "+4930111", nil)
	p.keep(noon.Add(40*day), "+4930111", nil)
	must(t, p.Hold(ctx, "legal", second.ID, "case 7"))
	var got []string
	must(t, Plan(ctx, p.store, retention.Rules{{Name: "month", Keep: retention.Keep(30 * day)}}, noon.Add(31*day), func(d Due) error {
		got = append(got, fmt.Sprintf("%s %s %s %s", d.Recording, d.Rule, d.Due.Format(time.RFC3339), d.Blocked))
		return nil
	}))
	want := []string{first.ID + " month 2026-04-03T12:00:00Z ", second.ID + " month 2026-04-03T13:00:00Z held: case 7"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := os.Stat(first.File); err != nil {
		t.Error("the plan deletes")
	}
}

func TestACallerIsErasedAndACertificateSaysSo(t *testing.T) {
	p := open(t, t.TempDir())
	defer p.close()
	ctx := t.Context()
	const number, other = "+493012345678", "+493099999999"
	mine, held, theirs := p.keep(noon, number, nil), p.keep(noon.Add(1), number, nil), p.keep(noon.Add(2), other, nil)
	salt, err := p.store.Subject(ctx, number)
	must(t, err)
	commitment := consent.Commitment(salt, number)
	must(t, p.store.PutConsent(ctx, store.Consent{Call: mine.Call, Caller: number, State: "granted", At: noon, ExpiresAt: noon.Add(day)}))
	must(t, p.Hold(ctx, "legal", held.ID, "case 7"))

	c, err := p.EraseSubject(ctx, "dpo", "+49 30 12345678", "Art. 17 GDPR, from "+number)
	must(t, err)
	if c.Complete || len(c.Recordings) != 1 || c.Recordings[0].Recording != mine.ID || len(c.Kept) != 1 || c.Kept[0].Recording != held.ID || c.Salts != 0 {
		t.Fatalf("with a hold: %+v", c)
	}
	must(t, p.Release(ctx, "legal", held.ID, "case closed"))
	c, err = p.EraseSubject(ctx, "dpo", number, "Art. 17 GDPR")
	must(t, err)
	if !c.Complete || len(c.Recordings) != 1 || c.Caller != commitment || c.Salts != 1 || c.Consents != 1 || c.CDRs != 2 || c.LedgerIndex < 0 {
		t.Errorf("%+v", c)
	}
	for _, r := range []store.Recording{mine, held} {
		if err := p.gone(r); err != nil {
			t.Error(err)
		}
	}
	if err := p.gone(theirs); err == nil {
		t.Error("another caller's recording is gone")
	}
	if cdr, err := p.store.CDR(ctx, mine.Call); err != nil || cdr.From != "erased" {
		t.Errorf("%+v, %v", cdr, err)
	}
	records, err := consent.ByCall(filepath.Join(p.dir, "ledger"), c.ID)
	must(t, err)
	if len(records) != 1 || records[0].Data.(consent.ErasedData).Caller != commitment {
		t.Errorf("ledger %+v", records)
	}
	signed, err := p.Sign(c)
	must(t, err)
	if !strings.Contains(signed, certificateTitle+"{") || !strings.Contains(signed, commitment) {
		t.Errorf("%s", signed)
	}
	for _, name := range []string{"ledger/ledger.jsonl", "audit/ledger.jsonl"} {
		b, err := os.ReadFile(filepath.Join(p.dir, name))
		must(t, err)
		if strings.Contains(string(b), number[1:]) {
			t.Errorf("%s holds the number", name)
		}
	}
	if _, err := p.EraseSubject(ctx, "dpo", "anonymous", "x"); !errors.Is(err, store.ErrAnonymous) {
		t.Errorf("an anonymous caller: %v", err)
	}
}
