package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"assent/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ask sends one request to a server of cfg, as if from remote.
func ask(cfg Config, ready Readiness, path, remote, authorization string) *httptest.ResponseRecorder {
	metrics := NewMetrics([]Gauge{{Name: "assent_calls_active", Help: "Calls.", Read: func() float64 { return 3 }}})
	s := New(cfg, Deps{Log: zap.NewNop(), Ready: func() Readiness { return ready }, Metrics: metrics.Handler()})
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.RemoteAddr, r.Host = remote, "127.0.0.1:8088"
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	s.server.Handler.ServeHTTP(w, r)
	return w
}

func TestOnlyHealthIsForEverybody(t *testing.T) {
	const token = "0123456789abcdef"
	locked, open := Config{Tokens: []string{"another-token-here", token}}, Config{}
	for name, c := range map[string]struct {
		cfg                   Config
		path, remote, bearing string
		want                  int
	}{
		"health for a stranger":              {locked, "/healthz", "192.0.2.1:1", "", 200},
		"readiness for a stranger":           {locked, "/readyz", "192.0.2.1:1", "", 200},
		"metrics without a token":            {locked, "/metrics", "127.0.0.1:1", "", 401},
		"metrics with a token":               {locked, "/metrics", "192.0.2.1:1", "Bearer " + token, 200},
		"metrics with a wrong token":         {locked, "/metrics", "127.0.0.1:1", "Bearer " + token[1:], 401},
		"metrics with another scheme":        {locked, "/metrics", "127.0.0.1:1", "Basic " + token, 401},
		"metrics with nothing to bear":       {locked, "/metrics", "127.0.0.1:1", "Bearer ", 401},
		"metrics from loopback":              {open, "/metrics", "127.0.0.1:1", "", 200},
		"metrics from loopback by IPv6":      {open, "/metrics", "[::1]:1", "", 200},
		"metrics from mapped loopback":       {open, "/metrics", "[::ffff:127.0.0.1]:1", "", 200},
		"metrics from outside":               {open, "/metrics", "192.0.2.1:1", "", 401},
		"metrics from no address":            {open, "/metrics", "@", "", 401},
		"the scheme in any case (9110 11.1)": {locked, "/metrics", "192.0.2.1:1", "bearer " + token, 200},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(c.cfg, Readiness{Ready: true}, c.path, c.remote, c.bearing)
			if w.Code != c.want {
				t.Fatalf("%d, want %d", w.Code, c.want)
			}
			if w.Code == 401 {
				var p struct{ Status int }
				if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != 401 || w.Header().Get("Content-Type") != "application/problem+json" {
					t.Errorf("%s %s", w.Header().Get("Content-Type"), w.Body)
				}
			}
		})
	}
}

func TestANameOfTheWebThatPointsToLoopbackIsRefused(t *testing.T) {
	s := New(Config{}, Deps{Log: zap.NewNop(), Metrics: http.NotFoundHandler()})
	for host, want := range map[string]int{"evil.example": 401, "evil.example:8088": 401, "localhost:8088": 404, "127.0.0.1": 404, "[::1]:8088": 404} {
		r := httptest.NewRequest(http.MethodGet, "/v1/nothing", http.NoBody)
		r.RemoteAddr, r.Host = "127.0.0.1:1", host
		w := httptest.NewRecorder()
		s.server.Handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("Host %s: %d, want %d", host, w.Code, want)
		}
	}
}

func TestAPageOfAnotherSiteCanNotAct(t *testing.T) {
	s := New(Config{}, Deps{Log: zap.NewNop(), Metrics: http.NotFoundHandler()})
	r := httptest.NewRequest(http.MethodPost, "/v1/calls/x/hangup", http.NoBody)
	r.RemoteAddr, r.Host = "127.0.0.1:1", "127.0.0.1:8088"
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	s.server.Handler.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("%d, want 403", w.Code)
	}
}

func TestErrorsAreProblems(t *testing.T) {
	if w := ask(Config{}, Readiness{}, "/v1/nothing", "127.0.0.1:1", ""); w.Code != 404 || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
}

func TestWhatIsThereCanOnlyBeRead(t *testing.T) {
	handler := New(Config{}, Deps{Log: zap.NewNop(), Metrics: http.NotFoundHandler()}).server.Handler
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, http.NoBody))
		if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("POST %s: %d %v", path, w.Code, w.Header())
		}
	}
}

func TestAStrangerLearnsNoPaths(t *testing.T) {
	for _, path := range []string{"/metrics", "/v1/nothing", "/"} {
		if w := ask(Config{}, Readiness{}, path, "192.0.2.1:1", ""); w.Code != 401 {
			t.Errorf("%s: %d, want 401", path, w.Code)
		}
	}
}

func TestReadinessTellsEveryPart(t *testing.T) {
	w := ask(Config{}, Readiness{Ready: true, Parts: map[string]string{"recordings": "disk full"}}, "/readyz", "127.0.0.1:1", "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "disk full") {
		t.Errorf("%d %s: recording trouble is told, and is no 503", w.Code, w.Body)
	}
	if w := ask(Config{}, Readiness{}, "/readyz", "127.0.0.1:1", ""); w.Code != 503 {
		t.Errorf("%d, want 503", w.Code)
	}
}

func TestMetricsCountEvents(t *testing.T) {
	m := NewMetrics(nil)
	for _, e := range []event.Event{
		{Type: event.CallStarted, Trunk: "a", Direction: "inbound"},
		{Type: event.CallRefused, Trunk: "a", Reason: "no_ports"},
		{Type: event.RecordingDecided, Trunk: "a", Reason: "allowed"},
		{Type: event.ConsentGranted, Trunk: "a"},
		{Type: event.QueueLeft, Queue: "q", Reason: "timeout"},
		{Type: event.CallEnded, Trunk: "a", SIP: 200, Recording: &event.Recording{Result: "ok"}},
		{Type: event.CallEnded, Trunk: "a", SIP: 200},
	} {
		m.Observe(e)
	}
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	for _, want := range []string{
		`assent_calls_started_total{direction="inbound",trunk="a"} 1`, `assent_calls_refused_total{reason="no_ports",trunk="a"} 1`,
		`assent_recording_decisions_total{reason="allowed",trunk="a"} 1`, `assent_consents_total{result="granted",trunk="a"} 1`,
		`assent_queue_left_total{queue="q",reason="timeout"} 1`, `assent_calls_ended_total{code="200",trunk="a"} 2`,
		`assent_recordings_total{result="ok",trunk="a"} 1`, `assent_recording_unconsented_samples_total 0`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestServerBindsServesAndEnds(t *testing.T) {
	s := New(Config{Listen: "127.0.0.1:0"}, Deps{Log: zap.NewNop(), Ready: func() Readiness { return Readiness{Ready: true} }, Metrics: http.NotFoundHandler()})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr()+"/healthz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close() // nothing of it is read
	if answer.StatusCode != 200 {
		t.Errorf("%d", answer.StatusCode)
	}
	second := New(Config{Listen: s.Addr()}, Deps{Log: zap.NewNop(), Metrics: http.NotFoundHandler()})
	if err := second.Start(); err == nil || !strings.Contains(err.Error(), "api.listen") {
		t.Errorf("error %v, want one that names api.listen", err)
	}
	for _, server := range []*Server{s, second} {
		if err := server.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestServerWithoutAnAddressServesNothing(t *testing.T) {
	s := New(Config{}, Deps{Log: zap.NewNop(), Metrics: http.NotFoundHandler()})
	if err := s.Start(); err != nil || s.Addr() != "" {
		t.Errorf("error %v, address %q", err, s.Addr())
	}
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
