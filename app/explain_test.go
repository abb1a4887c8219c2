package app_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"assent/app"
	"assent/store"
	"assent/trunk"
)

var here = trunk.At(netip.MustParseAddrPort("127.0.0.1:5060"))

func TestExplanationNamesTrunkFlowAndQueues(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	e, err := app.Explain(s.options(), here, callerNumber, calledNumber)
	must(t, err)
	if len(e.Trunks) != 1 {
		t.Fatalf("%+v", e)
	}
	if r := e.Trunks[0]; !r.Chosen || r.Trunk != "carrier" || r.Flow != "main" || !slices.Equal(r.Queues, []string{"support"}) {
		t.Errorf("%+v", r)
	}
	if e, err = app.Explain(s.options(), here, callerNumber, "1"); err != nil || e.Trunks[0].Chosen || e.Consent != nil {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestStoredConsentIsLookedUpForKnownCallersOfTrustedTrunks(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	db, err := store.Open(t.Context(), "sqlite:"+s.path("assent.db"), zap.NewNop())
	must(t, err)
	defer func() { must(t, db.Close()) }()
	told := func(from string) app.StoredConsent {
		t.Helper()
		e, err := app.Explain(s.options(), here, from, calledNumber)
		must(t, err)
		return *e.Consent
	}
	if c := told(callerNumber); c.LookedUp || !strings.Contains(c.Why, "data_lookup") {
		t.Errorf("the flow asks nobody: %+v", c)
	}
	s.edit("flows/main.yaml", "  allow:\n", "  allow:\n    - data_lookup: { name: Earlier, source: consent }\n")
	for _, from := range []string{callerNumber, "+49 30 (11) 22-33", "0301", "", "0", "anonymous", "Anonymous", "alice", "+", "1a", "266696687", "unknown"} {
		_, err := db.FindConsent(t.Context(), from, time.Now())
		if c := told(from); c.LookedUp == errors.Is(err, store.ErrAnonymous) {
			t.Errorf("%q: %+v, and the store says %v", from, c, err)
		}
	}
	s.edit("assent.yaml", "trust_caller: true", "trust_caller: false")
	if c := told(callerNumber); c.LookedUp || !strings.Contains(c.Why, "trunks.carrier.trust_caller") {
		t.Errorf("%+v", c)
	}
}
