package app_test

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"assent/app"
	"assent/consent"
	"assent/demo/phone"
	"assent/event"
	"assent/policy"
	"assent/store"
)

const ledgerFile = "ledger/ledger.jsonl"

// ledgerTold waits until /readyz tells of the ledger's trouble in these words, and is no 503.
func (s *stage) ledgerTold(words ...string) {
	s.t.Helper()
	s.until("the ledger's trouble on /readyz", func() bool {
		_, body := s.get("/readyz")
		return !strings.Contains(body, `"ledger":"ok"`)
	})
	code, body := s.get("/readyz")
	for _, want := range words {
		if code != 200 || !strings.Contains(body, want) {
			s.t.Errorf("/readyz is %d %s, want 200 and %q", code, body, want)
		}
	}
	if s.logs.FilterLevelExact(zapcore.ErrorLevel).Len() == 0 {
		s.t.Error("the log tells no error")
	}
}

func (s *stage) ledgerOK() {
	s.t.Helper()
	if _, body := s.get("/readyz"); !strings.Contains(body, `"ledger":"ok"`) {
		s.t.Errorf("/readyz says %s", body)
	}
}

// agreed lives a call whose caller agrees, and returns its record.
func (s *stage) agreed() event.CDR {
	s.t.Helper()
	before, decided, started := len(s.cdrs()), len(s.all(event.RecordingDecided)), len(s.all(event.RecordingStarted))
	c := s.dial()
	s.press(c, "1")
	<-s.far
	s.until("the talk, recorded or decided against", func() bool {
		refused := slices.ContainsFunc(s.all(event.RecordingDecided)[decided:], func(e event.Event) bool {
			return e.Detail == "bridged" && e.Reason != string(policy.ReasonAllowed)
		})
		return refused || len(s.all(event.RecordingStarted)) > started
	})
	s.hangup(c)
	s.until("the CDR", func() bool { return len(s.cdrs()) > before })
	list := s.cdrs()
	return list[len(list)-1]
}

// unrecorded lives a call that goes well and leaves no recording.
func (s *stage) unrecorded() {
	s.t.Helper()
	if cdr := s.agreed(); cdr.Recording.AudioKept() || cdr.Recording.File != "" || cdr.Ending.By != "caller" {
		s.t.Errorf("recording %+v, ending %+v", cdr.Recording, cdr.Ending)
	}
}

// ended is a stage whose service has stopped after a recorded call.
func ended(t *testing.T) *stage {
	t.Helper()
	s := prepare(t).start()
	if cdr := s.agreed(); !cdr.Recording.AudioKept() {
		t.Fatalf("recording %+v", cdr.Recording)
	}
	s.stop()
	return s
}

func TestLedgerThatIsRemovedUnderTheServiceEndsRecordingAndNotCalls(t *testing.T) {
	t.Parallel()
	s := prepare(t).start()
	must(t, os.Remove(s.path(ledgerFile)))
	s.ledgerTold("removed", "start again")
	s.unrecorded()
	if err := s.app.Stop(t.Context()); err == nil {
		t.Error("the stop does not tell")
	}
	s.app = nil
}

func TestLedgerThatTheStoreDoesNotKnowIsNotGoneOnWith(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(s *stage)
		told  []string
	}{
		"removed": {func(s *stage) { must(s.t, os.Rename(s.path("ledger"), s.path("aside"))) },
			[]string{"is not the ledger that it was", "ledger/accepted"}},
		"cut": {func(s *stage) {
			b, err := os.ReadFile(s.path(ledgerFile))
			must(s.t, err)
			must(s.t, os.Truncate(s.path(ledgerFile), int64(bytes.IndexByte(b, '\n')-5)))
		}, []string{"not the ledger that was signed", "it ends after 0 entries", "aside"}},
		"another": {func(s *stage) {
			other := ended(s.t)
			b, err := os.ReadFile(other.path(ledgerFile))
			must(s.t, err)
			s.file(ledgerFile, string(b))
		}, []string{"not the ledger that was signed", "do not have the root", "aside"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ended(t)
			kept := s.path("kept")
			must(t, os.CopyFS(kept, os.DirFS(s.path("ledger"))))
			c.spoil(s)
			s.start()
			s.ledgerTold(c.told...)
			s.unrecorded()
			s.stop()
			must(t, os.RemoveAll(s.path("ledger"))) // the right one is put back
			must(t, os.Rename(kept, s.path("ledger")))
			s.start()
			s.ledgerOK()
		})
	}
}

func TestLossThatWasAcceptedLetsRecordingGoOn(t *testing.T) {
	t.Parallel()
	s := ended(t)
	must(t, os.RemoveAll(s.path("ledger")))
	s.start()
	_, body := s.get("/readyz")
	_, rest, _ := strings.Cut(body, "by writing ")
	at, _, _ := strings.Cut(rest, " into")
	s.stop()
	s.file("ledger/accepted", "some day\n")
	s.start()
	s.ledgerTold("want one time")
	s.stop()
	s.file("ledger/accepted", at+"\n")
	s.start()
	s.ledgerOK()
	if cdr := s.agreed(); !cdr.Recording.AudioKept() {
		t.Errorf("recording %+v", cdr.Recording)
	}
	s.stop()
	must(t, os.RemoveAll(s.path("ledger"))) // what came later is not accepted
	s.file("ledger/accepted", at+"\n")
	s.start()
	s.ledgerTold("is not the ledger that it was")
}

func TestDamagedLedgerKeepsNoCallAway(t *testing.T) {
	t.Parallel()
	s := ended(t)
	b, err := os.ReadFile(s.path(ledgerFile))
	must(t, err)
	b[len(b)-10] ^= 1
	s.file(ledgerFile, string(b))
	s.start()
	s.ledgerTold("ledger.jsonl:", "aside", "evidence")
	s.unrecorded()
	second, err := app.New(app.Options{Config: s.path("assent.yaml"), Log: zap.NewNop()})
	must(t, err)
	if err := second.Start(t.Context()); !errors.Is(err, consent.ErrInUse) {
		t.Errorf("a second service on the folder: %v", err)
	}
	after, err := os.ReadFile(s.path(ledgerFile))
	must(t, err)
	if !bytes.Equal(after, b) {
		t.Error("the damaged ledger was changed")
	}
}

func TestTrunkThatMustRecordRefusesCallsOverADamagedLedger(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", "consent: required }", "consent: required, required: true }")
	s.file(ledgerFile, "no ledger\n")
	s.start()
	s.ledgerTold("ledger.jsonl:1")
	caller, err := phone.New(netip.MustParseAddr("127.0.0.1"), callerNumber)
	must(t, err)
	t.Cleanup(caller.Close)
	caller.Start()
	ctx, done := context.WithTimeout(t.Context(), patience)
	defer done()
	if _, err := caller.Dial(ctx, s.peer, calledNumber, phone.Options{}); err == nil {
		t.Error("the call was taken")
	}
}

// The start reads the newest entries before anything else; older ones it meets later.
func TestDamageFarFromTheEndIsNoticedAtTheStartToo(t *testing.T) {
	t.Parallel()
	c := crash(t)
	var last *consent.Pending
	for range 6000 {
		last = c.ledger.Append(consent.Entry{Type: consent.TypeConsent, Call: c.id, Data: consent.ConsentData{State: "no_input"}})
	}
	must(t, last.Wait(t.Context()))
	must(t, c.ledger.Close())
	must(t, c.store.Close())
	b, err := os.ReadFile(c.path(ledgerFile))
	must(t, err)
	b[20] ^= 1
	c.file(ledgerFile, string(b))
	c.start()
	c.ledgerTold("ledger.jsonl:1:", "aside")
	c.record()
}

// The process died while an answer was on its way to the disk: the store has it, the ledger has not.
func TestAnswerThatACrashKeptFromTheLedgerIsNoDamage(t *testing.T) {
	t.Parallel()
	c := crash(t)
	c.append(consent.TypeConsent, consent.ConsentData{State: "no_input"})
	must(t, c.store.PutConsent(t.Context(), store.Consent{Call: c.id, State: "granted", At: time.Now(), LedgerIndex: 1, LedgerHash: strings.Repeat("ab", 32)}))
	c.again()
	c.ledgerOK()
	c.stop()
	c.start()
	c.ledgerOK()
}

func TestCrashedCallGetsItsRecordOverADamagedLedger(t *testing.T) {
	t.Parallel()
	c := crash(t)
	c.append(consent.TypeConsent, consent.ConsentData{State: "granted", Method: "rfc4733", Key: "1"})
	c.decided(policy.ReasonQueueDisabled)
	must(t, c.store.PutConsent(t.Context(), store.Consent{Call: c.id, State: "granted", Method: "rfc4733", At: time.Now(), LedgerHash: strings.Repeat("ab", 32)}))
	must(t, c.ledger.Close())
	must(t, c.store.Close())
	c.file(ledgerFile, "no ledger\n")
	c.start()
	if cdr := c.record(); cdr.Consent.State != "granted" || cdr.Consent.Method != "rfc4733" {
		t.Errorf("consent %+v, want what the store knows", cdr.Consent)
	}
}
