package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// given is an answer of the caller, hours after noon, that expires a day later.
func given(state string, hours int) Consent {
	at := noon.Add(time.Duration(hours) * time.Hour)
	return Consent{Call: "c1", Caller: caller, State: state, Method: "rfc4733", Prompt: "consent_question", Language: "en",
		At: at, ExpiresAt: at.Add(24 * time.Hour), LedgerIndex: int64(hours), LedgerHash: "aa"}
}

func TestNewestAnswerOfTheCallerCounts(t *testing.T) {
	for name, c := range map[string]struct {
		answers []Consent
		found   bool
	}{
		"none":                                 {nil, false},
		"granted":                              {[]Consent{given("granted", 0)}, true},
		"a decline revokes":                    {[]Consent{given("granted", 0), given("declined", 1)}, false},
		"a withdrawal revokes":                 {[]Consent{given("granted", 0), given("withdrawn", 1)}, false},
		"granted again":                        {[]Consent{given("declined", 0), given("granted", 1)}, true},
		"stored out of order":                  {[]Consent{given("declined", 1), given("granted", 0)}, false},
		"revoked after the clock was set back": {[]Consent{given("granted", 2), given("declined", 0)}, false},
		"at the same time, last stored":        {[]Consent{given("granted", 0), given("declined", 0)}, false},
		"no answer changes nothing":            {[]Consent{given("granted", 0), given("no_input", 1), given("invalid", 2)}, true},
		"use does not renew":                   {[]Consent{given("declined", 0), given("on_file", 1)}, false},
		"asserted by a flow only":              {[]Consent{given("not_asked", 0)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newStore(t)
			for _, a := range c.answers {
				must(t, s.PutConsent(t.Context(), a))
			}
			_, err := s.FindConsent(t.Context(), caller, noon.Add(3*time.Hour))
			if c.found && err != nil || !c.found && !errors.Is(err, ErrNotFound) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestConsentServesUntilItExpires(t *testing.T) {
	s, _ := newStore(t)
	want := given("granted", 0)
	must(t, s.PutConsent(t.Context(), want))
	got, err := s.FindConsent(t.Context(), caller, want.ExpiresAt.Add(-time.Millisecond))
	if want.ID = 1; err != nil || got != want {
		t.Errorf("found %+v, %v", got, err)
	}
	if _, err := s.FindConsent(t.Context(), caller, want.ExpiresAt); !errors.Is(err, ErrNotFound) {
		t.Errorf("after its expiry: %v", err)
	}
	endless := given("granted", 1)
	endless.ExpiresAt = time.Time{}
	must(t, s.PutConsent(t.Context(), endless))
	if _, err := s.FindConsent(t.Context(), caller, noon.Add(2*time.Hour)); !errors.Is(err, ErrNotFound) {
		t.Errorf("a consent without expiry serves later calls: %v", err)
	}
}

func TestCallerIsMatchedByTheNormalisedNumber(t *testing.T) {
	s, _ := newStore(t)
	a := given("granted", 0)
	a.Caller = "+49 (800) 12-345"
	must(t, s.PutConsent(t.Context(), a))
	if _, err := s.FindConsent(t.Context(), "+49.80012345", noon); err != nil {
		t.Error(err)
	}
	if _, err := s.FindConsent(t.Context(), "+49800123456", noon); !errors.Is(err, ErrNotFound) {
		t.Errorf("another number: %v", err)
	}
}

func TestAnonymousCallerIsNeverMatched(t *testing.T) {
	s, _ := newStore(t)
	for _, who := range []string{"", "anonymous", "Anonymous", "unavailable", "restricted", "+", "0000", "+266696687", "alice", "49+800"} {
		a := given("granted", 0)
		a.Caller = who
		must(t, s.PutConsent(t.Context(), a))
		if _, err := s.FindConsent(t.Context(), who, noon); !errors.Is(err, ErrAnonymous) || !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", who, err)
		}
		if _, err := s.Subject(t.Context(), who); !errors.Is(err, ErrAnonymous) {
			t.Errorf("salt for %q: %v", who, err)
		}
	}
	all, err := s.Consents(t.Context(), ConsentFilter{})
	if err != nil || len(all) != 10 || all[0].Caller != "" {
		t.Errorf("anonymous answers are listed as %+v, %v", all, err)
	}
}

func TestConsentsAreChosenNewestFirst(t *testing.T) {
	s, _ := newStore(t)
	for i, state := range []string{"granted", "declined", "granted"} {
		must(t, s.PutConsent(t.Context(), given(state, i)))
	}
	all, err := s.Consents(t.Context(), ConsentFilter{State: "granted", Caller: "+49 80012345", Since: noon, Until: noon.Add(time.Hour * 9)})
	if err != nil || len(all) != 2 || all[0].LedgerIndex != 2 {
		t.Errorf("chose %+v, %v", all, err)
	}
	if one, err := s.Consents(t.Context(), ConsentFilter{Call: "c1", Limit: 1}); err != nil || len(one) != 1 {
		t.Errorf("chose %+v, %v", one, err)
	}
	if _, err := s.Consents(t.Context(), ConsentFilter{Caller: "alice"}); !errors.Is(err, ErrAnonymous) {
		t.Errorf("by a name: %v", err)
	}
}

func TestSaltIsMadeOnceForANumber(t *testing.T) {
	s, url := newStore(t)
	salts := make([][]byte, 16)
	var wg sync.WaitGroup
	for i := range salts {
		wg.Go(func() {
			salt, err := s.Subject(context.Background(), caller)
			if err != nil {
				t.Error(err)
			}
			salts[i] = salt
		})
	}
	wg.Wait()
	for _, salt := range salts {
		if len(salt) != saltBytes || !bytes.Equal(salt, salts[0]) {
			t.Fatalf("salts differ: %x and %x", salt, salts[0])
		}
	}
	other, err := s.Subject(t.Context(), "+4980012346")
	if err != nil || bytes.Equal(other, salts[0]) {
		t.Errorf("two numbers share a salt (%v)", err)
	}
	must(t, s.Close())
	if again, err := reopen(t, url).Subject(t.Context(), caller); err != nil || !bytes.Equal(again, salts[0]) {
		t.Errorf("another salt after a restart (%v)", err)
	}
}

func TestErasedSaltAndNumberLeaveNoTraceInTheFiles(t *testing.T) {
	s, url := newStore(t)
	salt, err := s.Subject(t.Context(), caller)
	must(t, err)
	must(t, s.PutConsent(t.Context(), given("granted", 0)))
	traces := func() (n int) {
		files, err := filepath.Glob(strings.TrimPrefix(url, "sqlite:") + "*")
		must(t, err)
		for _, f := range files {
			b, err := os.ReadFile(f)
			must(t, err)
			n += bytes.Count(b, salt) + bytes.Count(b, []byte(caller))
		}
		return n
	}
	if traces() == 0 {
		t.Fatal("the test looks in the wrong place")
	}
	erased, err := s.Erase(t.Context(), "+49 800 12345")
	if err != nil || erased != (Erased{Salts: 1, Consents: 1}) {
		t.Errorf("erased %+v, %v", erased, err)
	}
	if n := traces(); n != 0 {
		t.Errorf("%d traces of salt or number after the erasure", n)
	}
	if _, err := s.FindConsent(t.Context(), caller, noon); !errors.Is(err, ErrNotFound) {
		t.Errorf("the consent is still found: %v", err)
	}
	if fresh, err := s.Subject(t.Context(), caller); err != nil || bytes.Equal(fresh, salt) {
		t.Errorf("the salt came back (%v)", err)
	}
	if again, err := s.Erase(t.Context(), "+4911111111"); err != nil || again != (Erased{}) {
		t.Errorf("an unknown number: %+v, %v", again, err)
	}
}
