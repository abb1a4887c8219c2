package audit

import (
	"errors"
	"os"
	"testing"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"assent/consent"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestUsesAreChainedAndRead(t *testing.T) {
	dir := t.TempDir()
	log, err := Open(dir, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	uses := []Use{
		{By: "ops", Action: Listen, Call: "c1", Recording: "r1", Result: OK, Detail: "bytes=0-99"},
		{By: "system", Action: Delete, Call: "c1", Recording: "r1", Result: "held"},
	}
	for _, u := range uses {
		if err := log.Write(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := Verify(dir)
	if err != nil || report.Entries != 2 {
		t.Fatalf("%d entries, error %v", report.Entries, err)
	}
	i := 0
	for r, err := range consent.Entries(dir, consent.Filter{Type: consent.TypeUsed}) {
		if err != nil {
			t.Fatal(err)
		}
		d, ok := r.Data.(consent.UsedData)
		if want := (consent.UsedData{By: uses[i].By, Action: uses[i].Action, Recording: uses[i].Recording, Result: uses[i].Result, Detail: uses[i].Detail}); !ok || d != want || r.Call != uses[i].Call {
			t.Errorf("entry %d: %+v of call %s, want %+v", i, r.Data, r.Call, want)
		}
		i++
	}
}

func TestADamagedLogTakesNoUse(t *testing.T) {
	dir := t.TempDir()
	log, err := Open(dir, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Write(t.Context(), Use{By: "ops", Action: Listen, Call: "c1", Result: OK}); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(consent.Path(dir))
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(consent.Path(dir), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(dir); err == nil {
		t.Error("a changed byte is not found")
	}
	log, err = Open(dir, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Write(t.Context(), Use{By: "ops", Action: Listen, Call: "c1", Result: OK}); !errors.Is(err, ErrUnavailable) || log.Ready() == nil {
		t.Errorf("error %v, ready %v", err, log.Ready())
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
}
