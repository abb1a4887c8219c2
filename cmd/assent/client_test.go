package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"

	"assent/api"
	"assent/app"
)

// served starts the service of a fresh folder with one token.
func served(t *testing.T) (config, address, call string) {
	t.Helper()
	config, call = state(t)
	a, err := app.New(app.Options{Config: config, Log: zap.NewNop(), Env: []string{
		`ASSENT_SIP__LISTEN=["udp://127.0.0.1:0"]`, "ASSENT_API__LISTEN=127.0.0.1:0", "ASSENT_MEDIA__PORTS=19840-19879",
		"ASSENT_API__TOKENS=[ops:0123456789abcdef]", "ASSENT_API_TOKEN=not-a-key-of-the-configuration",
	}})
	must(t, err)
	must(t, a.Start(t.Context()))
	t.Cleanup(func() {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		must(t, a.Stop(now))
	})
	return config, "http://" + a.APIAddr(), call
}

func TestVerbsAskTheRunningService(t *testing.T) {
	config, address, call := served(t)
	t.Setenv("ASSENT_API_URL", address)
	if got := tell("trunk", "ls", "--config", config); got.code != exitForbidden {
		t.Errorf("without a token: %+v", got)
	}
	t.Setenv("ASSENT_API_TOKEN", "0123456789abcdef")
	var trunks []api.Trunk
	got := tell("trunk", "ls", "--config", config, "-o", "json")
	if err := json.Unmarshal([]byte(got.out), &trunks); got.code != exitOK || err != nil || len(trunks) != 1 || trunks[0].Name != "carrier-a" {
		t.Errorf("%+v %+v", got, trunks)
	}
	for args, want := range map[string]struct {
		code int
		text string
	}{
		"queue ls":                 {exitOK, "agent-1 0/1"},
		"station ls":               {exitOK, "agent-1"},
		"call ls":                  {exitOK, "PHASE"},
		"call ls -o json":          {exitOK, "[]"},
		"call show " + call:        {exitOK, `"carrier-a"`},
		"call show nobody":         {exitNotFound, "not found"},
		"call hangup " + call:      {exitNotFound, "no such call"},
		"recording pause " + call:  {exitNotFound, "no such call"},
		"consent withdraw " + call: {exitNotFound, "no such call"},
		"trunk drain carrier-a":    {exitOK, "draining; 0 calls"},
		"trunk ping nobody":        {exitNotFound, "no such trunk"},
		"trunk drain nobody":       {exitNotFound, "no such trunk"},
		"call ls --token x":        {exitForbidden, "token"},
		"call ls --trunk=a%00":     {exitOK, "PHASE"},
	} {
		got := tell(append(strings.Fields(args), "--config", config)...)
		if got.code != want.code || !strings.Contains(got.out+got.err, want.text) {
			t.Errorf("%s: %+v, want code %d and %q", args, got, want.code, want.text)
		}
	}
}

func TestAServiceThatIsNotThereIsNamed(t *testing.T) {
	config, _ := state(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	if got := tell("call", "ls", "--config", config, "--api", gone.URL); got.code != exitFailed || !strings.Contains(got.err, gone.URL) || !strings.Contains(got.err, "assent run") {
		t.Errorf("%+v", got)
	}
}

func TestTheAnswersStatusChoosesTheExitCode(t *testing.T) {
	for status, want := range map[int]int{
		401: exitForbidden, 403: exitForbidden, 404: exitNotFound, 409: exitForbidden, 410: exitNotFound, 422: exitFailed, 500: exitFailed, 503: exitFailed, 504: exitTimeout,
	} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
		}))
		if got := tell("call", "hangup", "x", "--config", "absent.yaml", "--api", web.URL); got.code != want {
			t.Errorf("%d: %+v, want code %d", status, got, want)
		}
		web.Close()
	}
}
