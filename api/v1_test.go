package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"assent/archive"
	"assent/audit"
	"assent/call"
	"assent/event"
	"assent/ladder"
	"assent/store"
)

// world answers what the API asks of the service.
type world struct {
	calls      []call.View
	recordings []store.Recording
	changed    []string
	refusal    error
	listened   []string
	audit      error
	checkpoint string
}

func (w *world) Views() []call.View { return w.calls }

func (w *world) View(id string) (call.View, bool) {
	i := slices.IndexFunc(w.calls, func(v call.View) bool { return v.ID == id })
	if i < 0 {
		return call.View{}, false
	}
	return w.calls[i], true
}

func (w *world) Change(_ context.Context, by, action, id string) (call.View, error) {
	v, ok := w.View(id)
	if !ok {
		return v, call.ErrNoCall
	}
	w.changed = append(w.changed, by+" "+action+" "+id)
	return v, w.refusal
}

func (w *world) Trace(_ context.Context, by, id string, numbers bool) (ladder.Trace, error) {
	if id != "c1" && id != "dialog-1@host" {
		return ladder.Trace{}, call.ErrNoCall
	}
	w.changed = append(w.changed, fmt.Sprint(by, " trace ", id, " ", numbers))
	return ladder.Trace{Call: "c1", Dialogs: []ladder.Dialog{{Leg: "caller", CallID: "dialog-1@host"}},
		Messages: []ladder.Message{{Line: "INVITE", Text: "INVITE sip:x SIP/2.0\r\n\r\n"}}}, w.audit
}

func TestATraceComesAsJSONAndAsTextToBePasted(t *testing.T) {
	w := &world{}
	for _, id := range []string{"c1", "dialog-1@host"} {
		if got := decode[ladder.Trace](t, w.do(http.MethodGet, "/v1/calls/"+id+"/trace")); got.Call != "c1" || got.Messages[0].Line != "INVITE" {
			t.Errorf("%s: %+v", id, got)
		}
	}
	text := w.do(http.MethodGet, "/v1/calls/c1/trace?format=text&numbers=true")
	if kind := text.Header().Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") || !strings.Contains(text.Body.String(), "---- INVITE ---") {
		t.Errorf("%s:\n%s", kind, text.Body)
	}
	if want := []string{"ops trace c1 false", "ops trace dialog-1@host false", "ops trace c1 true"}; !slices.Equal(w.changed, want) {
		t.Errorf("asked %q, want %q", w.changed, want)
	}
	if code := w.do(http.MethodGet, "/v1/calls/c2/trace").Code; code != http.StatusNotFound {
		t.Errorf("no such call: %d", code)
	}
	w.audit = audit.ErrUnavailable
	if got := w.do(http.MethodGet, "/v1/calls/c1/trace"); got.Code != http.StatusServiceUnavailable || strings.Contains(got.Body.String(), "INVITE") {
		t.Errorf("shown though it can't be written down: %d %s", got.Code, got.Body)
	}
}

func (w *world) CDR(context.Context, string) (event.CDR, error) {
	return event.CDR{}, store.ErrNotFound
}
func (w *world) CDRs(context.Context, store.CDRFilter) ([]event.CDR, error) {
	return []event.CDR{{ID: "c9"}}, nil
}

func (w *world) Consents(_ context.Context, f store.ConsentFilter) (list []store.Consent, err error) {
	for id := int64(5); id > 0; id-- {
		if (f.Before == 0 || id < f.Before) && len(list) < f.Limit {
			list = append(list, store.Consent{ID: id, Call: fmt.Sprint("c", id), State: "granted"})
		}
	}
	return list, nil
}

func (w *world) List(_ context.Context, f store.RecordingFilter) (list []store.Recording, err error) {
	for _, r := range w.recordings {
		if (f.Before == "" || r.ID < f.Before) && len(list) < f.Limit {
			list = append(list, r)
		}
	}
	return list, nil
}

func (w *world) Show(_ context.Context, by, id string) (archive.Facts, error) {
	return archive.Facts{Recording: w.recordings[0], Sidecar: json.RawMessage(`{"id":"` + id + `","seen_by":"` + by + `"}`)}, w.audit
}

func (w *world) Listen(_ context.Context, by, id, part string) (archive.Audio, error) {
	w.listened = append(w.listened, by+" "+id+" "+part)
	return archive.Audio{ReadSeeker: strings.NewReader("0123456789"), Closer: io.NopCloser(nil), Name: id + ".wav", Modified: time.Unix(1e9, 0)}, w.audit
}

func (w *world) Hold(_ context.Context, by, id, reason string) error {
	w.changed = append(w.changed, by+" hold "+id+" "+reason)
	return w.refusal
}

func (w *world) Release(_ context.Context, by, id, reason string) error {
	w.changed = append(w.changed, by+" release "+id+" "+reason)
	return w.refusal
}

func (w *world) Delete(_ context.Context, by, id, reason string) error {
	w.changed = append(w.changed, by+" delete "+id+" "+reason)
	return w.refusal
}

func (w *world) HoldOf(context.Context, string) (string, error) { return "", nil }

func (w *world) EraseSubject(_ context.Context, by, number, reason string) (archive.Certificate, error) {
	w.changed = append(w.changed, by+" erase "+number+" "+reason)
	return archive.Certificate{By: by}, w.refusal
}

func (w *world) Proof(_ context.Context, by, id string) ([]byte, error) {
	return []byte("proof of " + id + " for " + by + "\n"), w.audit
}

func (w *world) VCon(_ context.Context, by, id string, e archive.Export) ([]byte, error) {
	return fmt.Appendf(nil, "%s for %s at %s, numbers %v, %d", id, by, e.URL, e.Numbers, e.Most), w.refusal
}

func (w *world) Checkpoint() string { return w.checkpoint }
func (w *world) Key() string        { return "key" }

func (w *world) Sign(c archive.Certificate) (string, error) { return "signed for " + c.By, nil }

func (w *world) Queues() []Queue { return []Queue{{Name: "support", Stations: []Station{}}} }
func (w *world) Trunks() []Trunk { return nil }
func (w *world) Stations() []StationState {
	return []StationState{{Station: Station{Name: "agent-1"}, Bindings: []Binding{}}}
}

func (w *world) Ping(_ context.Context, trunk string) ([]Gateway, error) {
	if trunk == "nobody" {
		return nil, ErrNoTrunk
	}
	return []Gateway{{Address: "sip:gw." + trunk, State: "up", Status: 200}}, nil
}

func (w *world) Drain(_ context.Context, by, trunk string, on bool) (Trunk, error) {
	if trunk != "carrier" {
		return Trunk{}, ErrNoTrunk
	}
	w.changed = append(w.changed, fmt.Sprint(by, " drain ", trunk, " ", on))
	return Trunk{Name: trunk, Draining: on}, nil
}

func TestATrunksGatewaysAreAskedNow(t *testing.T) {
	w := &world{}
	if got := w.do(http.MethodPost, "/v1/trunks/carrier/ping"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"address":"sip:gw.carrier"`) {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if got := w.do(http.MethodPost, "/v1/trunks/nobody/ping"); got.Code != http.StatusNotFound {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestATrunkDrainsAndTakesCallsAgain(t *testing.T) {
	w := &world{}
	for word, want := range map[string]bool{"drain": true, "undrain": false} {
		if got := decode[Trunk](t, w.do(http.MethodPost, "/v1/trunks/carrier/"+word)); got.Draining != want || w.changed[len(w.changed)-1] != fmt.Sprint("ops drain carrier ", want) {
			t.Errorf("%s: %+v, %q", word, got, w.changed)
		}
		if code := w.do(http.MethodPost, "/v1/trunks/other/"+word).Code; code != http.StatusNotFound {
			t.Errorf("%s of no trunk: %d", word, code)
		}
	}
}

const opsToken = "0123456789abcdef"

func (w *world) server(events *event.Bus) *Server {
	return New(Config{Tokens: []string{"ops:" + opsToken}}, Deps{Log: zap.NewNop(), Metrics: http.NotFoundHandler(), Version: "1.2.3",
		Calls: w, Records: w, Archive: w, Ledger: w, Lines: w, Events: events})
}

// say is do with a body of JSON.
func (w *world) say(method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+opsToken)
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	w.server(event.New()).server.Handler.ServeHTTP(answer, r)
	return answer
}

func TestRecordingsAreKeptAndLetGoForAReason(t *testing.T) {
	w := &world{}
	for path, want := range map[string]string{
		"POST /v1/recordings/r1/hold": "ops hold r1 case 7", "POST /v1/recordings/r1/release": "ops release r1 case 7",
		"POST /v1/recordings/r1/delete": "ops delete r1 case 7",
	} {
		method, path, _ := strings.Cut(path, " ")
		if answer := w.say(method, path, `{"reason":"case 7"}`); answer.Code != http.StatusNoContent || w.changed[len(w.changed)-1] != want {
			t.Errorf("%s: %d %s, %q", path, answer.Code, answer.Body, w.changed)
		}
		for _, body := range []string{`{}`, `{"reason":""}`, `{"reason":"x","more":1}`, `{"reason":"` + strings.Repeat("x", 501) + `"}`, `nothing`, `{"reason":"` + strings.Repeat("x", maxBody) + `"}`} {
			if answer := w.say(method, path, body); answer.Code < 400 || answer.Code > 422 {
				t.Errorf("%s %.40s: %d", path, body, answer.Code)
			}
		}
	}
	for err, want := range map[error]int{store.ErrHeld: 409, store.ErrNotHeld: 409, store.ErrDeleting: 410, store.ErrNotFound: 404, audit.ErrUnavailable: 503} {
		w.refusal = err
		if got := w.say(http.MethodPost, "/v1/recordings/r1/delete", `{"reason":"x"}`).Code; got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

func TestACallersErasureGivesASignedCertificate(t *testing.T) {
	w := &world{}
	answer := w.say(http.MethodPost, "/v1/callers/erase", `{"number":"+4930123456","reason":"Art. 17"}`)
	if got := decode[struct {
		Certificate archive.Certificate
		Signed      string
	}](t, answer); got.Certificate.By != "ops" || got.Signed != "signed for ops" || w.changed[0] != "ops erase +4930123456 Art. 17" {
		t.Errorf("%+v %q", got, w.changed)
	}
}

// do asks a server with the token; headers are name and value, one after the other.
func (w *world) do(method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+opsToken)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	w.server(event.New()).server.Handler.ServeHTTP(answer, r)
	return answer
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return v
}

type answered struct {
	Items      []map[string]any `json:"items"`
	NextCursor string           `json:"next_cursor"`
}

func ids(a answered, key string) (list []string) {
	for _, i := range a.Items {
		list = append(list, fmt.Sprint(i[key]))
	}
	return list
}

func TestListsArePagedByTheirCursor(t *testing.T) {
	w := &world{}
	for i := range 5 {
		w.calls = append(w.calls, call.View{ID: fmt.Sprint("c", i+1)})
		w.recordings = append(w.recordings, store.Recording{ID: fmt.Sprint("r", 5-i)})
	}
	for path, c := range map[string]struct{ key, want string }{
		"/v1/calls":      {"id", "c1 c2 c3 c4 c5"},
		"/v1/recordings": {"id", "r5 r4 r3 r2 r1"},
		"/v1/consents":   {"call", "c5 c4 c3 c2 c1"},
	} {
		var seen []string
		cursor, pages := "", 0
		for {
			a := decode[answered](t, w.do(http.MethodGet, path+"?limit=2&cursor="+cursor))
			seen = append(seen, ids(a, c.key)...)
			pages++
			if cursor = a.NextCursor; cursor == "" {
				break
			}
		}
		if got := strings.Join(seen, " "); got != c.want || pages != 3 {
			t.Errorf("%s: %s in %d pages, want %s in 3", path, got, pages, c.want)
		}
	}
}

func TestAnEmptyListIsAList(t *testing.T) {
	w := &world{}
	for _, path := range []string{"/v1/calls", "/v1/recordings", "/v1/trunks"} {
		if body := w.do(http.MethodGet, path).Body.String(); !strings.Contains(body, `"items":[]`) {
			t.Errorf("%s: %s", path, body)
		}
	}
}

func TestWhatIsWrongIsAProblem(t *testing.T) {
	w := &world{audit: audit.ErrUnavailable}
	for path, want := range map[string]int{
		"GET /v1/calls/c7": 404, "GET /v1/cdrs/c7": 404, "POST /v1/calls/c7/hangup": 404, "GET /v1/nothing": 404,
		"GET /v1/calls?limit=0": 422, "GET /v1/calls?limit=501": 422, "GET /v1/calls?colour=red": 422, "GET /v1/calls?cursor=%27": 422,
		"GET /v1/consents?cursor=abc": 422, "GET /v1/consents?state=perhaps": 422, "GET /v1/recordings?since=yesterday": 422,
		"GET /v1/recordings/r1/audio": 503, "POST /v1/calls": 405, "DELETE /v1/queues": 405, "GET /v1/calls/c7/hangup": 405,
	} {
		method, path, _ := strings.Cut(path, " ")
		answer := w.do(method, path)
		var p struct {
			Status int
			Detail string
		}
		err := json.Unmarshal(answer.Body.Bytes(), &p)
		if answer.Code != want || err != nil || p.Status != want || p.Detail == "" || answer.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %s %s", method, path, answer.Code, answer.Header().Get("Content-Type"), answer.Body)
		}
	}
}

func TestACallIsShownAndChanged(t *testing.T) {
	w := &world{calls: []call.View{{ID: "c1", Trunk: "carrier"}}}
	if got := decode[call.View](t, w.do(http.MethodGet, "/v1/calls/c1")); got.Trunk != "carrier" {
		t.Errorf("%+v", got)
	}
	for _, action := range []string{"hangup", "pause", "resume", "withdraw", "grant"} {
		if got := decode[call.View](t, w.do(http.MethodPost, "/v1/calls/c1/"+action)); got.ID != "c1" || w.changed[len(w.changed)-1] != "ops "+action+" c1" {
			t.Errorf("%s: %+v, changed %q", action, got, w.changed)
		}
	}
	if w.refusal = call.ErrNotNow; w.do(http.MethodPost, "/v1/calls/c1/grant").Code != http.StatusConflict {
		t.Error("a consent at the wrong moment is no conflict")
	}
}

func TestSoundComesInRangesAndTheListenerIsNamed(t *testing.T) {
	w := &world{}
	whole := w.do(http.MethodGet, "/v1/recordings/r1/audio")
	if whole.Code != 200 || whole.Body.String() != "0123456789" || whole.Header().Get("Content-Type") != "audio/wav" {
		t.Errorf("%d %s %v", whole.Code, whole.Body, whole.Header())
	}
	part := w.do(http.MethodGet, "/v1/recordings/r1/audio", "Range", "bytes=2-4")
	if part.Code != 206 || part.Body.String() != "234" || part.Header().Get("Content-Range") != "bytes 2-4/10" {
		t.Errorf("%d %s %v", part.Code, part.Body, part.Header())
	}
	if outside := w.do(http.MethodGet, "/v1/recordings/r1/audio", "Range", "bytes=20-"); outside.Code != 416 {
		t.Errorf("%d, want 416", outside.Code)
	}
	if want := []string{"ops r1 ", "ops r1 bytes=2-4", "ops r1 bytes=20-"}; !slices.Equal(w.listened, want) {
		t.Errorf("listened %q, want %q", w.listened, want)
	}
}

func TestTheDescriptionTellsEveryRouteAndNeedsAToken(t *testing.T) {
	w := &world{}
	description := decode[struct {
		OpenAPI string `json:"openapi"`
		Info    struct{ Version string }
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Responses   map[string]any
		}
		Security []map[string][]string
	}](t, w.do(http.MethodGet, "/openapi.json"))
	if !strings.HasPrefix(description.OpenAPI, "3.1") || description.Info.Version != "1.2.3" || len(description.Security) != 1 {
		t.Errorf("%+v", description)
	}
	for path, methods := range description.Paths {
		for method, operation := range methods {
			url := strings.NewReplacer("{id}", "x", "{name}", "x").Replace(path)
			r := httptest.NewRequest(strings.ToUpper(method), url, http.NoBody)
			answer := httptest.NewRecorder()
			w.server(event.New()).server.Handler.ServeHTTP(answer, r)
			if answer.Code != 401 {
				t.Errorf("%s %s without a token: %d", method, path, answer.Code)
			}
			if operation.OperationID == "" || len(operation.Responses) < 2 {
				t.Errorf("%s %s is not described: %+v", method, path, operation)
			}
		}
	}
}

func TestEventsAreStreamedAsTheyCome(t *testing.T) {
	bus := event.New()
	s := (&world{}).server(bus)
	web := httptest.NewServer(s.server.Handler)
	defer web.Close()
	defer s.close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+"/v1/events?types=recording.,call.ended&call=c1", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+opsToken)
	answer, err := web.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	if !lines.Scan() || lines.Text() != ": assent" || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%q %v", lines.Text(), answer.Header)
	}
	for _, e := range []event.Event{
		{Type: event.CallStarted, Call: "c1"}, {Type: event.RecordingStarted, Call: "c2"},
		{Type: event.RecordingStarted, Call: "c1"}, {Type: event.CallEnded, Call: "c1"},
	} {
		bus.Publish(e)
	}
	var got []string
	for len(got) < 4 && lines.Scan() {
		if lines.Text() != "" {
			got = append(got, lines.Text())
		}
	}
	if len(got) != 4 || got[0] != "event: recording.started" || got[2] != "event: call.ended" || !strings.HasPrefix(got[3], `data: {"time":`) {
		t.Errorf("%q", got)
	}
}

func TestClosingTheServerEndsStreams(t *testing.T) {
	s := New(Config{Listen: "127.0.0.1:0"}, Deps{Log: zap.NewNop(), Metrics: http.NotFoundHandler(), Events: event.New()})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr()+"/v1/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); { // ends with the stream
	}
}

func TestEveryErrorHasAStatus(t *testing.T) {
	for _, err := range []error{store.ErrNotFound, store.ErrAnonymous, call.ErrNoCall, call.ErrBusyCall, call.ErrNotNow, audit.ErrUnavailable, context.DeadlineExceeded} {
		var status interface{ GetStatus() int }
		if !errors.As(failed(fmt.Errorf("while asking: %w", err)), &status) || status.GetStatus() == http.StatusInternalServerError {
			t.Errorf("%v has no status of its own", err)
		}
	}
}
