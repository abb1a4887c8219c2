package actions_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"assent/flowexec"
	"assent/flowexec/actions"
	"assent/flowexec/flowtest"
)

func TestLookupOfAStoredConsent(t *testing.T) {
	const flow = `    - play_audio: { name: A, prompt: a }
    - data_lookup: { name: L, source: consent, outcomes: { found: one, not_found: two, failure: three } }
`
	const asked = "play a | heard a | drain | on file"
	did(t, flow, &flowtest.Fake{OnFileAs: true}, asked+" | play one | heard one")
	did(t, flow, &flowtest.Fake{}, asked+" | play two | heard two")
	did(t, flow, &flowtest.Fake{OnFileAs: true, Fail: map[string]error{"on file": flowtest.ErrBroken}}, asked+" | play three | heard three")
	did(t, flow, &flowtest.Fake{Fail: map[string]error{"on file": flowexec.ErrOver}}, asked)
}

// lookup runs a lookup at a server, and returns what was played after it: one
// for found, two for not_found, three for failure.
func lookup(t *testing.T, url, more string, caller *flowtest.Fake) string {
	t.Helper()
	err := run(t, `    - data_lookup: { name: L, source: http, url: "`+url+`"`+more+`, outcomes: { found: found, not_found: two, failure: three } }
  found:
    - play_audio: { name: F, prompt: "one_${vars.got}${vars.got.name}${vars.got.tags.1}" }
    - set: { name: S, values: { unused: "${call.from}" } }
    - data_lookup: { name: Never, source: consent }
    - disconnect: { name: End }
  never:
    - data_lookup: { name: Save, source: http, url: "http://127.0.0.1/", save: got }
`, caller)
	if err != nil {
		return "error"
	}
	for _, name := range caller.Heard() {
		return name
	}
	return "nothing"
}

// serve starts a server that lives as long as the test.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestLookupOutcomeFollowsTheStatus(t *testing.T) {
	for status, want := range map[int]string{
		200: "one_", 201: "one_", 204: "two", 404: "two", 410: "two",
		400: "three", 401: "three", 500: "three", 503: "three", 304: "three",
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if got := lookup(t, url, "", &flowtest.Fake{}); got != want {
			t.Errorf("%d: heard %s, want %s", status, got, want)
		}
	}
}

func TestLookupSavesTextAndJSON(t *testing.T) {
	for _, test := range []struct{ kind, body, want string }{
		{"text/plain", " gold\n", "one_gold"},
		{"", "gold", "one_gold"},
		{"application/json", `"gold"`, "one_gold"},
		{"application/json; charset=utf-8", `17.50`, "one_17.50"},
		{"application/json", `null`, "one_"},
		{"application/json", `true`, "one_true"},
		{"application/json", `{"name":"x"`, "three"},
		{"application/json", `1 2`, "three"},
		{"application/json", ``, "three"},
		{"application/problem+json", `7`, "one_7"},
		{"text/plain", "\xff\xfe", "three"},
		{"application/json", strings.Repeat("[", 2000) + strings.Repeat("]", 2000), "three"},
		{"application/json", "[1" + strings.Repeat(",1", 300) + "]", "three"},
		{"text/plain", strings.Repeat("x", 64<<10), "error"}, // it fits, and is no name of a prompt
		{"text/plain", strings.Repeat("x", 64<<10+1), "three"},
	} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", test.kind)
			fmt.Fprint(w, test.body)
		})
		if got := lookup(t, url, ", save: got", &flowtest.Fake{}); got != test.want {
			t.Errorf("%.40q: heard %.80s, want %s", test.body, got, test.want)
		}
	}
}

func TestLookupSavesTheFieldsOfAnObject(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"name": "Ada", "tags": ["a", "vip"], "since": 1843}`)
	})
	caller := &flowtest.Fake{}
	did(t, `    - data_lookup: { name: L, source: http, url: "`+url+`", save: who }
    - play_audio: { name: P, prompt: "${vars.who.name}_${vars.who.tags.1}_${vars.who.since}" }
`, caller, "drain | play Ada_vip_1843 | heard Ada_vip_1843")
}

func TestLookupForgetsWhatAnEarlierOneFound(t *testing.T) {
	calls := 0
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls > 1 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"name": "Ada"}`)
	})
	did(t, `    - data_lookup: { name: L, source: http, url: "`+url+`", save: who }
    - data_lookup: { name: M, source: http, url: "`+url+`", save: who }
    - play_audio: { name: P, prompt: "a${vars.who.name}${vars.who}" }
`, &flowtest.Fake{}, "drain | drain | play a | heard a")
}

func TestLookupEscapesVariablesForTheirPlace(t *testing.T) {
	var got string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.URL.EscapedPath() + " " + r.URL.RawQuery })
	for from, want := range map[string]string{
		"+4980012345":   "/c/+4980012345/x n=%2B4980012345",
		"a/b?c=d#e&f g": "/c/a%2Fb%3Fc=d%23e&f%20g/x n=a%2Fb%3Fc%3Dd%23e%26f+g",
		"%2e%2e/":       "/c/%252e%252e%2F/x n=%252e%252e%2F",
		"x\r\nHost: y":  "/c/x%0D%0AHost:%20y/x n=x%0D%0AHost%3A+y",
	} {
		heard := lookup(t, url+"/c/${call.from}/x?n=${call.from}", "", &flowtest.Fake{Known: map[string]string{"call.from": from}})
		if heard != "one_" || got != want {
			t.Errorf("%q: heard %s, the service got %s, want %s", from, heard, got, want)
		}
	}
}

func TestLookupRefusesVariablesThatLeadToAnotherPath(t *testing.T) {
	asked := false
	url := serve(t, func(http.ResponseWriter, *http.Request) { asked = true })
	for _, from := range []string{"", ".", ".."} {
		got := lookup(t, url+"/c/${call.from}", "", &flowtest.Fake{Known: map[string]string{"call.from": from}})
		if got != "three" || asked {
			t.Errorf("%q: heard %s, asked %v", from, got, asked)
		}
	}
}

func TestLookupFollowsRedirectsOnItsHostOnly(t *testing.T) {
	elsewhere := false
	other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere = true })
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/here":
			http.Redirect(w, r, "/end", http.StatusFound)
		case "/there":
			http.Redirect(w, r, other, http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		}
	})
	for path, want := range map[string]string{"/here": "one_", "/there": "three", "/round": "three"} {
		if got := lookup(t, url+path, "", &flowtest.Fake{}); got != want {
			t.Errorf("%s: heard %s, want %s", path, got, want)
		}
	}
	if elsewhere {
		t.Error("the other host was asked")
	}
}

func TestLookupThatTakesTooLongIsAFailure(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			fmt.Fprint(w, "begun")
			_ = http.NewResponseController(w).Flush() // the client then waits for the rest
		}
		<-r.Context().Done()
	})
	for _, path := range []string{"/head", "/body"} {
		if got := lookup(t, url+path, ", timeout: 100ms", &flowtest.Fake{}); got != "three" {
			t.Errorf("%s: heard %s", path, got)
		}
	}
}

func TestLookupAtAServiceThatIsAwayIsAFailure(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	if got := lookup(t, server.URL, "", &flowtest.Fake{}); got != "three" {
		t.Errorf("heard %s", got)
	}
}

func TestLookupUsesItsMethod(t *testing.T) {
	var got string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Method })
	for _, method := range []string{"GET", "POST", "HEAD"} {
		if lookup(t, url, ", method: "+method, &flowtest.Fake{}); got != method {
			t.Errorf("got %s, want %s", got, method)
		}
	}
}

func TestLookupFailureIsLoggedWithoutTheCaller(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	text := "flow: f\nstart: a\ntasks:\n  a:\n    - data_lookup: { name: L, source: http, url: \"" + server.URL + "/${call.from}?n=${call.from}\" }\n"
	flow, problems := flowexec.Compile("f.yaml", []byte(text), actions.All(), flowexec.World{})
	if flow == nil {
		t.Fatal(problems)
	}
	core, logs := observer.New(zapcore.DebugLevel)
	caller := &flowtest.Fake{Known: map[string]string{"call.from": "4980012345"}}
	if err := flow.Run(t.Context(), caller, zap.New(core)); err != nil {
		t.Fatal(err)
	}
	failed := logs.FilterMessage("data lookup failed").All()
	if len(failed) != 1 || strings.Contains(fmt.Sprint(failed[0].ContextMap()), "80012345") {
		t.Errorf("logged %v", failed)
	}
}
