package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"assent/app"
	"assent/event"
	"assent/policy"
	"assent/store"
)

func TestExplainInviteTellsWhyTheOthersDoNot(t *testing.T) {
	config, _ := state(t)
	two := write(t, filepath.Join(filepath.Dir(config), "two.yaml"), `
flows: ./flows
prompts: ./prompts
queues: { support: { stations: [agent-1] } }
stations: { agent-1: { address: "sip:agent-1@127.0.0.1:5070" } }
trunks:
  a: { sources: ["127.0.0.1"], numbers: ["1*"], flow: returning, trust_caller: true }
  b: { sources: ["127.0.0.0/8"], numbers: ["1*"], flow: consent }
  c: { sources: ["192.0.2.1"], numbers: ["*"], flow: consent }
`)
	got := tell("explain", "invite", "--from", "+4930", "--to", "12", "--source-ip", "127.0.0.1:5080", "--config", two)
	for _, want := range []string{"wider network", "192.0.2.1", "support", `stored consent of "+4930": looked up; `} {
		if got.code != exitOK || !strings.Contains(got.out, want) {
			t.Errorf("exit code %d, %q is missing in\n%s%s", got.code, want, got.out, got.err)
		}
	}
	got = tell("explain", "invite", "--from", "anonymous", "--to", "12", "--source-ip", "127.0.0.1", "--config", two, "-o", "json")
	var e app.Explanation
	must(t, json.Unmarshal([]byte(got.out), &e))
	if len(e.Trunks) != 3 || e.Trunks[0].Trunk != "a" || !e.Trunks[0].Chosen || e.Trunks[1].Chosen || e.Consent == nil || e.Consent.LookedUp {
		t.Errorf("%+v", e)
	}
	got = tell("explain", "invite", "--from", "1", "--to", "2", "--source-ip", "127.0.0.1", "--config", two)
	if got.code != exitNotFound || !strings.Contains(got.err, "404") || strings.Contains(got.out, "stored consent") {
		t.Errorf("exit code %d, %s%s", got.code, got.out, got.err)
	}
}

func TestExplainCallOfARunningCallHasNoCDR(t *testing.T) {
	config, _ := state(t)
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(filepath.Dir(config), "data", "assent.db"), zap.NewNop())
	must(t, err)
	call := event.NewID()
	must(t, s.PutDecision(t.Context(), call, call0, "answer", policy.Evaluate(policy.Facts{Side: policy.SideTrunk, Trunk: "carrier-a"}, nil)))
	must(t, s.Close())
	got := tell("explain", "call", call, "--config", config, "-o", "json")
	var v map[string]any
	must(t, json.Unmarshal([]byte(got.out), &v))
	if list, ok := v["decisions"].([]any); got.code != exitOK || v["cdr"] != nil || !ok || len(list) != 1 {
		t.Errorf("exit code %d: %s", got.code, got.out)
	}
}
