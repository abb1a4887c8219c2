package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assent/app"
	"assent/audit"
	"assent/call"
	"assent/consent"
	"assent/event"
)

// request asks the service by HTTP; headers are name and value, one after the other.
func (s *stage) request(method, path string, headers ...string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.app.APIAddr()+path, http.NoBody)
	must(s.t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Do(request)
	must(s.t, err)
	defer r.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(r.Body)
	must(s.t, err)
	return r.StatusCode, body.String()
}

// ask asks the service for something that it must have.
func ask[T any](s *stage, method, path string) (v T) {
	s.t.Helper()
	code, body := s.request(method, path)
	if code >= 300 {
		s.t.Fatalf("%s %s: %d %s", method, path, code, body)
	}
	if body != "" {
		must(s.t, json.Unmarshal([]byte(body), &v))
	}
	return v
}

// page is a list as the API returns it.
type page[T any] struct{ Items []T }

// entries are the types of a call's entries in the ledger.
func (s *stage) entries(call string) (types []string) {
	s.t.Helper()
	records, err := consent.ByCall(s.path("ledger"), call)
	must(s.t, err)
	for _, r := range records {
		types = append(types, r.Type)
	}
	return types
}

// uses are the entries of the audit log, which must be whole.
func (s *stage) uses() (list []consent.UsedData) {
	s.t.Helper()
	_, err := audit.Verify(s.path("data/audit"))
	must(s.t, err)
	for r, err := range consent.Entries(s.path("data/audit"), consent.Filter{}) {
		must(s.t, err)
		list = append(list, r.Data.(consent.UsedData))
	}
	return list
}

func TestARunningCallIsSeenAndHungUpByTheAPI(t *testing.T) {
	t.Parallel()
	s := prepare(t).start()
	c := s.dial()
	s.press(c, "1")
	s.saw(event.RecordingStarted)
	calls := ask[page[call.View]](s, http.MethodGet, "/v1/calls?trunk=carrier&station=agent-1").Items
	if len(calls) != 1 || calls[0].Consent != "granted" || !calls[0].GateOpen || calls[0].Recording.State != "recording" || calls[0].Phase != "talk" || calls[0].AnsweredAt.IsZero() {
		t.Fatalf("%+v", calls)
	}
	if one := ask[call.View](s, http.MethodGet, "/v1/calls/"+calls[0].Recording.ID); one.ID != calls[0].ID {
		t.Errorf("by its recording's id: %+v", one)
	}
	if code, body := s.request(http.MethodGet, "/v1/queues"); code != 200 || !strings.Contains(body, `{"name":"agent-1","taken":1,"calls":10}`) {
		t.Errorf("queues: %d %s", code, body)
	}
	if code, body := s.request(http.MethodGet, "/v1/trunks"); code != 200 || !strings.Contains(body, `"name":"carrier","flow":"main","recording":true,"consent":"required","calls":1`) {
		t.Errorf("trunks: %d %s", code, body)
	}
	ask[any](s, http.MethodPost, "/v1/trunks/carrier/drain")
	if refused, err := s.attempt(); err == nil || refused.Status() != http.StatusServiceUnavailable {
		t.Errorf("a call on a trunk that drains: %d, %v", refused.Status(), err)
	}
	ask[any](s, http.MethodPost, "/v1/calls/"+calls[0].ID+"/hangup")
	s.until("both records", func() bool { return len(s.cdrs()) == 2 })
	if refused := s.cdrs()[0].Ending; refused.Reason != "trunk_draining" {
		t.Errorf("refused %+v", refused)
	}
	if end := s.cdrs()[1].Ending; end.By != "system" || end.Reason != "operator" || end.Q850 != 16 || end.SIP != 200 {
		t.Errorf("ending %+v", end)
	}
	s.until("no call", func() bool { return len(ask[page[call.View]](s, http.MethodGet, "/v1/calls").Items) == 0 })
	if cdrs := ask[page[event.CDR]](s, http.MethodGet, "/v1/cdrs?trunk=carrier").Items; len(cdrs) != 2 || cdrs[1].ID != calls[0].ID {
		t.Errorf("records %+v", cdrs)
	}
}

func TestEachListeningIsWrittenDownBeforeItHappens(t *testing.T) {
	t.Parallel()
	s := prepare(t).start()
	c := s.dial()
	s.press(c, "1")
	s.saw(event.RecordingStarted)
	s.hangup(c)
	cdr := s.cdr()
	stored := ask[page[struct{ ID, Call, File string }]](s, http.MethodGet, "/v1/recordings?call="+cdr.ID).Items
	if len(stored) != 1 || stored[0].ID != cdr.Recording.ID || strings.Contains(stored[0].File, "/") {
		t.Fatalf("%+v", stored)
	}
	id := stored[0].ID
	if shown := ask[struct{ Sidecar struct{ Call string } }](s, http.MethodGet, "/v1/recordings/"+id); shown.Sidecar.Call != cdr.ID {
		t.Errorf("%+v", shown)
	}
	file, err := os.ReadFile(cdr.Recording.File)
	must(t, err)
	code, body := s.request(http.MethodGet, "/v1/recordings/"+id+"/audio", "Range", "bytes=44-143")
	if code != http.StatusPartialContent || body != string(file[44:144]) {
		t.Errorf("%d, %d bytes that are not those of the file", code, len(body))
	}
	if e := s.saw(event.RecordingAccessed); e.Recording.ID != id || e.Call != cdr.ID || e.By != event.ByAPI {
		t.Errorf("%+v", e)
	}
	want := []consent.UsedData{
		{By: "loopback", Action: "show", Recording: id, Result: "ok"},
		{By: "loopback", Action: "listen", Recording: id, Result: "ok", Detail: "bytes=44-143"},
	}
	got := s.uses()
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("audit log %+v, want %+v", got, want)
	}
	must(t, os.Rename(s.path("data/audit/ledger.jsonl"), s.path("data/audit/moved")))
	if code, body := s.request(http.MethodGet, "/v1/recordings/"+id+"/audio"); code != http.StatusServiceUnavailable || strings.Contains(body, "RIFF") {
		t.Errorf("without an audit log: %d %.20q", code, body)
	}
	if err := s.app.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "audit") {
		t.Errorf("the end does not tell of the audit log: %v", err)
	}
	s.app = nil
}

// tell asks the service to do something for a reason.
func (s *stage) tell(path, body string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+s.app.APIAddr()+path, strings.NewReader(body))
	must(s.t, err)
	request.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Do(request)
	must(s.t, err)
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	must(s.t, err)
	return r.StatusCode, string(answer)
}

func TestARecordingIsHeldAndErasedWithItsCaller(t *testing.T) {
	t.Parallel()
	s := prepare(t).start()
	c, _ := s.talking()
	s.hangup(c)
	cdr := s.cdr()
	s.saw(event.RecordingStored)
	at := "/v1/recordings/" + cdr.Recording.ID
	if code, body := s.tell(at+"/hold", `{"reason":"case 7"}`); code != http.StatusNoContent {
		t.Fatalf("hold: %d %s", code, body)
	}
	if shown := ask[struct{ Held string }](s, http.MethodGet, at); shown.Held != "case 7" {
		t.Errorf("shown %+v", shown)
	}
	if code, body := s.tell(at+"/delete", `{"reason":"space"}`); code != http.StatusConflict {
		t.Errorf("delete: %d %s", code, body)
	}
	if code, body := s.tell(at+"/release", `{"reason":"closed"}`); code != http.StatusNoContent {
		t.Fatalf("release: %d %s", code, body)
	}
	code, body := s.tell("/v1/callers/erase", `{"number":"`+callerNumber+`","reason":"Art. 17"}`)
	var erased struct {
		Certificate struct {
			Complete bool
			Caller   string
		}
		Signed string
	}
	must(t, json.Unmarshal([]byte(body), &erased))
	if code != 200 || !erased.Certificate.Complete || !strings.Contains(erased.Signed, erased.Certificate.Caller) || !strings.Contains(erased.Signed, "\n— ") {
		t.Fatalf("erase: %d %s", code, body)
	}
	if left, err := filepath.Glob(s.path("recordings/*" + cdr.Recording.ID + "*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
	if entries := s.entries(cdr.ID); entries[len(entries)-1] != "erased" {
		t.Errorf("ledger %v", entries)
	}
	if e := s.saw(event.RecordingDeleted); e.Recording.ID != cdr.Recording.ID || e.Call != cdr.ID {
		t.Errorf("%+v", e)
	}
	if code, _ := s.request(http.MethodGet, at+"/audio"); code != http.StatusNotFound {
		t.Errorf("the sound of an erased recording: %d", code)
	}
	c = s.dial() // the stored yes went with the caller: the question is asked again
	s.until("the question", func() bool { return len(s.all(event.ConsentAsked)) == 2 })
	s.hangup(c)
}

func TestWhatIsDueGoesWithTheNextStart(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", "log: {", "retention: [{ name: blink, keep: 1ms }, { name: long, min_duration: 1h, keep: 10y }]\nlog: {")
	s.start()
	c, _ := s.talking()
	s.hangup(c)
	cdr := s.cdr()
	s.saw(event.RecordingStored)
	s.stop()
	due, _, err := app.RetentionPlan(t.Context(), app.Options{Config: s.path("assent.yaml")}, time.Now())
	must(t, err)
	if len(due) != 1 || due[0].Recording != cdr.Recording.ID || due[0].Rule != "blink" || due[0].Blocked != "" {
		t.Fatalf("plan %+v", due)
	}
	s.start()
	if e := s.saw(event.RecordingDeleted); e.Recording.ID != cdr.Recording.ID || e.By != event.BySystem {
		t.Errorf("%+v", e)
	}
	if _, err := os.Stat(cdr.Recording.File); err == nil {
		t.Error("the file is there")
	}
}
