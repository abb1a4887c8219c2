package app_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.uber.org/zap"

	"assent/app"
	"assent/consent"
	"assent/event"
	"assent/policy"
	"assent/recorder"
	"assent/store"
)

func removeFile(path string) error { return os.Remove(path) }

// crashed is what a process that died left of one call.
type crashed struct {
	*stage
	id     string
	store  *store.Store
	ledger *consent.Ledger
}

// crash begins a call as a process does that dies before it ends.
func crash(t *testing.T) *crashed {
	t.Helper()
	c := &crashed{stage: prepare(t), id: event.NewID()}
	var err error
	c.store, err = store.Open(t.Context(), "sqlite:"+c.path("assent.db"), zap.NewNop())
	must(t, err)
	c.ledger, err = consent.Open(c.path("ledger"), zap.NewNop())
	must(t, err)
	must(t, c.store.BeginCall(t.Context(), store.Call{ID: c.id, Trunk: "carrier", Direction: "inbound", From: callerNumber, To: calledNumber,
		StartedAt: time.Now().Add(-time.Minute), ConfigVersion: "before"}))
	return c
}

func (c *crashed) append(kind string, data any) {
	c.t.Helper()
	p := c.ledger.Append(consent.Entry{Type: kind, Call: c.id, Data: data})
	<-p.Done()
	must(c.t, p.Err())
}

// decided notes a decision with that reason.
func (c *crashed) decided(reason policy.Reason) {
	c.t.Helper()
	must(c.t, c.store.PutDecision(c.t.Context(), c.id, time.Now(), "bridged", policy.Decision{Side: policy.SideTrunk, Verdict: reason.Verdict(), Reason: reason}))
}

// again closes what the dead process had open, and starts the service.
func (c *crashed) again() *crashed {
	c.t.Helper()
	must(c.t, c.ledger.Close()) // a second time does nothing
	must(c.t, c.store.Close())
	c.start()
	return c
}

// record is the call's one CDR, held against the schema.
func (c *crashed) record() event.CDR {
	c.t.Helper()
	cdr := c.cdr()
	if cdr.ID != c.id || cdr.Ending.By != "crash" || cdr.Trunk != "carrier" || cdr.From != callerNumber || cdr.EndedAt.IsZero() {
		c.t.Errorf("CDR %+v", cdr)
	}
	raw, err := os.ReadFile(c.path("cdr.jsonl"))
	must(c.t, err)
	if err := schema(c.t).Validate(parsed(c.t, raw)); err != nil {
		c.t.Errorf("the CDR is not as its schema says: %v", err)
	}
	return cdr
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "event", "schema", "cdr.json"))
	must(t, err)
	compiler := jsonschema.NewCompiler()
	must(t, compiler.AddResource("cdr.json", parsed(t, text)))
	s, err := compiler.Compile("cdr.json")
	must(t, err)
	return s
}

func parsed(t *testing.T, b []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	must(t, err)
	return v
}

func TestCallThatACrashEndedGetsItsRecordAtTheNextStart(t *testing.T) {
	t.Parallel()
	c := crash(t)
	c.append(consent.TypeConsent, consent.ConsentData{State: "granted", Method: "rfc4733", Key: "1"})
	c.decided(policy.ReasonQueueDisabled)
	c.again()
	cdr := c.record()
	if cdr.Consent.State != "granted" || cdr.Consent.Method != "rfc4733" || cdr.Consent.Ledger == nil {
		t.Errorf("consent %+v", cdr.Consent)
	}
	if r := cdr.Recording; r.Result != "none" || r.Reason != "queue_disabled" || r.Decision != "no" {
		t.Errorf("recording %+v, want the last decision's reason", r)
	}
	c.stop()
	c.start() // and never another one
	c.record()
}

// flushed is the size of a two-channel file with half a second in it.
const flushed = 4000 * 4

// recorded makes the recording of the call that dies, of a second, and returns it.
func (c *crashed) recorded(finish bool) *recorder.Recording {
	c.t.Helper()
	rec, err := recorder.New(recorder.Config{Dir: c.path("recordings"), Format: "wav"}, recorder.Deps{})
	must(c.t, err)
	must(c.t, rec.Start())
	c.append(consent.TypeConsent, consent.ConsentData{State: "granted", Method: "rfc4733", Key: "1"})
	c.append(consent.TypeBarrier, consent.BarrierData{})
	durable := make(chan error, 1)
	durable <- nil
	r := rec.Open(recorder.Spec{ID: event.NewID(), Call: c.id, Trunk: "carrier", Queue: "support", Station: "agent-1", Direction: "inbound",
		From: callerNumber, To: calledNumber, ConfigVersion: "before", DualChannel: true, StartedAt: time.Now(),
		Channels: []recorder.Channel{{Party: "external"}, {Party: "internal"}}, Consent: recorder.Consent{State: "granted"}}, durable)
	samples := make([]int16, 160)
	for i := range samples {
		samples[i] = int16(i * 50)
	}
	for pos := int64(0); pos < 8000; pos += 160 {
		r.Place(0, pos, samples)
		r.Place(1, pos, samples)
		r.Advance(pos)
	}
	c.append(consent.TypeStarted, consent.StartedData{Recording: r.ID(), Decision: "allowed"})
	c.decided(policy.ReasonAllowed)
	if finish {
		r.Finish(recorder.Final{Position: 8000})
		<-r.Done()
	}
	c.until("audio on disk", func() bool { // the recorder writes by its own clock
		found, err := filepath.Glob(c.path("recordings/" + r.ID() + ".wav*"))
		if err != nil || len(found) == 0 {
			return false
		}
		file, err := os.Stat(found[0])
		return err == nil && file.Size() > flushed
	})
	ctx, cancel := context.WithCancel(context.Background())
	if !finish { // the process dies: nothing is sealed
		copyParts(c.t, c.path("recordings"))
	}
	defer cancel()
	must(c.t, rec.Close(ctx))
	if !finish {
		restoreParts(c.t, c.path("recordings"))
	}
	return r
}

// copyParts keeps the unfinished files as a crash would leave them.
func copyParts(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	must(t, os.MkdirAll(dir+".kept", 0o700))
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir+".kept", e.Name()), b, 0o600))
	}
}

func restoreParts(t *testing.T, dir string) {
	t.Helper()
	must(t, os.RemoveAll(dir))
	must(t, os.Rename(dir+".kept", dir))
}

func TestRecordingThatACrashCutShortIsFinishedAndSealed(t *testing.T) {
	t.Parallel()
	c := crash(t)
	r := c.recorded(false)
	c.again()
	c.sealed(r)
}

// The crash came after the file had its name, and before the ledger had its seal.
func TestRecordingThatWasFinishedBeforeTheCrashIsSealedToo(t *testing.T) {
	t.Parallel()
	c := crash(t)
	r := c.recorded(true)
	c.again()
	c.sealed(r)
}

// The crash came after the ledger had the seal, and before the store had its row.
func TestRecordingThatWasSealedBeforeTheCrashIsListed(t *testing.T) {
	t.Parallel()
	c := crash(t)
	r := c.recorded(true)
	made := r.Result()
	c.append(consent.TypeSealed, consent.SealedData{Recording: made.ID, File: made.File, SHA256: made.SHA256,
		SidecarSHA256: made.SidecarSHA256, DurationMS: made.DurationMS, Result: made.Result})
	c.again()
	c.sealed(r)
}

// A call that had decided to record, and of whose audio nothing reached the disk,
// ends with the result that says so, and the lists agree on it.
func TestRecordingOfWhichACrashLeftNoByteHasFailed(t *testing.T) {
	t.Parallel()
	for _, begun := range []bool{false, true} {
		t.Run(fmt.Sprint("begun by the ledger ", begun), func(t *testing.T) {
			t.Parallel()
			c := crash(t)
			id := ""
			c.append(consent.TypeConsent, consent.ConsentData{State: "granted", Method: "rfc4733", Key: "1"})
			c.append(consent.TypeBarrier, consent.BarrierData{})
			if begun {
				id = event.NewID()
				c.append(consent.TypeStarted, consent.StartedData{Recording: id, Decision: "allowed"})
			}
			c.decided(policy.ReasonAllowed)
			c.again()
			if r := c.record().Recording; r.Result != "failed" || r.ID != id || r.Decision != "record" || r.File != "" {
				t.Errorf("recording %+v", r)
			}
			c.stop()
			s, err := store.OpenReadOnly(t.Context(), "sqlite:"+c.path("assent.db"), zap.NewNop())
			must(t, err)
			defer s.Close()
			found, err := app.Mismatches(t.Context(), s, c.config(), time.Now().Add(time.Hour))
			if err != nil || len(found) > 0 {
				t.Errorf("%+v, %v", found, err)
			}
		})
	}
}

// sealed holds what the next start made of the recording.
func (c *crashed) sealed(r *recorder.Recording) {
	c.t.Helper()
	cdr := c.record()
	if cdr.Recording.ID != r.ID() || cdr.Recording.File == "" || cdr.Recording.Reason != "allowed" || cdr.Recording.DurationMS < 300 {
		c.t.Errorf("recording %+v, want %s", cdr.Recording, r.ID())
	}
	if cdr.Queue != "support" || cdr.Station != "agent-1" {
		c.t.Errorf("queue %q, station %q; the sidecar knows both", cdr.Queue, cdr.Station)
	}
	if err := app.VerifyRecording(c.path("recordings/"+r.ID()+".wav"), c.path("ledger")); err != nil {
		c.t.Errorf("verify: %v", err)
	}
	c.stop()
	s, err := store.Open(c.t.Context(), "sqlite:"+c.path("assent.db"), zap.NewNop())
	must(c.t, err)
	if _, err := s.Recording(c.t.Context(), r.ID()); err != nil {
		c.t.Errorf("the store does not know the recording: %v", err)
	}
	must(c.t, s.Close())
	before, err := os.ReadFile(c.path("ledger/ledger.jsonl"))
	must(c.t, err)
	c.start() // a repeated start changes nothing
	c.record()
	after, err := os.ReadFile(c.path("ledger/ledger.jsonl"))
	must(c.t, err)
	if !bytes.Equal(before, after) {
		c.t.Error("the second start wrote to the ledger again")
	}
}

func TestRecordThatIsStoredAndNotInTheFileIsWrittenOnce(t *testing.T) {
	t.Parallel()
	c := crash(t)
	must(t, c.store.EndCall(t.Context(), event.CDR{ID: c.id, Trunk: "carrier", Direction: "inbound", From: callerNumber, To: calledNumber,
		StartedAt: time.Now(), EndedAt: time.Now(), Ending: event.Ending{By: "crash", Reason: "crash"}, ConfigVersion: "before",
		Consent: event.CDRConsent{State: "not_asked"}, Recording: event.CDRRecording{Decision: "no", Result: "none"}}))
	c.again()
	c.record()
	c.stop()
	c.start()
	c.record()
}

// A line that a full disk cut short spoils no other.
func TestLineThatWasCutShortSpoilsNoOther(t *testing.T) {
	t.Parallel()
	c := crash(t)
	c.file("cdr.jsonl", `{"id":"01`)
	c.again()
	b, err := os.ReadFile(c.path("cdr.jsonl"))
	must(t, err)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[1], `{"id":"`+c.id) {
		t.Errorf("the file holds %q, want the new record on a line of its own", b)
	}
}

// The crash came after the withdrawal that erases was in the ledger, and before
// the audio was gone: the next start brings nothing of it back.
func TestAWithdrawalThatErasesIsFinishedAfterACrash(t *testing.T) {
	for _, finished := range []bool{false, true} {
		t.Run(fmt.Sprint("finished ", finished), func(t *testing.T) {
			t.Parallel()
			c := crash(t)
			r := c.recorded(finished)
			c.append(consent.TypeWithdrawn, consent.WithdrawnData{By: "caller", Recording: r.ID(), Effect: policy.WithdrawalErase})
			c.decided(policy.ReasonConsentWithdrawn)
			for range 2 { // a repeated start changes nothing
				c.again()
				cdr := c.record()
				if cdr.Consent.State != "withdrawn" || cdr.Recording.File != "" || cdr.Recording.Result != "failed" || cdr.Recording.Reason != "consent_withdrawn" {
					t.Errorf("%+v %+v", cdr.Consent, cdr.Recording)
				}
				if left, err := filepath.Glob(c.path("recordings/" + r.ID() + "*")); err != nil || len(left) > 0 {
					t.Errorf("%v is left (%v)", left, err)
				}
				erased := 0
				for _, kind := range c.entries(c.id) {
					if kind == consent.TypeErased {
						erased++
					}
				}
				if erased != 1 {
					t.Errorf("%d entries tell of the erasure", erased)
				}
				c.stop()
			}
		})
	}
}
