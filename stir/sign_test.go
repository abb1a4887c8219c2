package stir_test

import (
	"encoding/pem"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"assent/stir"
	"assent/stir/stirtest"
)

func firstBlock(t *testing.T, text []byte) []byte {
	t.Helper()
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatal("no PEM")
	}
	return block.Bytes
}

// signing is the configuration of a service that signs as the signer.
func signing(a *stirtest.Authority, s *stirtest.Signer) stir.Config {
	cfg := config(a)
	cfg.Key, cfg.Certificate, cfg.URL = s.KeyFile(), s.ChainFile(), s.URL
	return cfg
}

func TestASignedCallIsVerifiedByTheKeyAloneAndByOurselves(t *testing.T) {
	a := stirtest.New(t)
	signer := a.Issue("we", nil)
	s := service(t, signing(a, signer))
	now := time.Now()
	id := stir.NewOrigID()
	header, err := s.Sign(stir.Claim{From: "+49 30-11223344", To: called, Attestation: stir.Partial, OrigID: id}, now)
	if err != nil {
		t.Fatal(err)
	}
	k, params, ok := signer.Read(header)
	if !ok {
		t.Fatal("the signature is not the key's")
	}
	if want := "info=<" + signer.URL + ">;alg=ES256;ppt=shaken"; params != want {
		t.Errorf("parameters %q, want %q", params, want)
	}
	for name, want := range map[string]string{"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": signer.URL} {
		if k.Header[name] != want {
			t.Errorf("%s is %v, want %s", name, k.Header[name], want)
		}
	}
	if k.Claims["attest"] != "B" || k.Claims["origid"] != id || k.Claims["iat"] != float64(now.Unix()) {
		t.Errorf("claims %v", k.Claims)
	}
	if orig, ok := k.Claims["orig"].(map[string]any); !ok || orig["tn"] != "493011223344" {
		t.Errorf("orig %v", k.Claims["orig"])
	}
	r := s.Verify(t.Context(), call(header), now)
	expect(t, r, stir.Passed, "")
	if r.Attestation != stir.Partial || r.OrigID != id {
		t.Errorf("%+v", r)
	}
}

func TestWhatCannotBeSignedSaysWhy(t *testing.T) {
	a := stirtest.New(t)
	signer := a.Issue("we", nil)
	s := service(t, signing(a, signer))
	c := stir.Claim{From: caller, To: called, Attestation: stir.Full, OrigID: stir.NewOrigID()}
	withheld, named := c, c
	withheld.From, named.To = "anonymous", "alice"
	for name, tt := range map[string]struct {
		service *stir.Service
		claim   stir.Claim
		now     time.Time
		want    error
	}{
		"no key":          {service(t, config(a)), c, time.Now(), stir.ErrNoKey},
		"withheld":        {s, withheld, time.Now(), stir.ErrNotSigned},
		"no number":       {s, named, time.Now(), stir.ErrNotSigned},
		"an ended one":    {s, c, time.Now().Add(1000 * time.Hour), stir.ErrExpired},
		"one of tomorrow": {s, c, time.Now().Add(-1000 * time.Hour), stir.ErrExpired},
	} {
		if _, err := tt.service.Sign(tt.claim, tt.now); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestFilesThatCannotServeAreRefusedWithTheirKey(t *testing.T) {
	a := stirtest.New(t)
	signer, other := a.Issue("we", nil), a.Issue("other", nil)
	garbage := t.TempDir() + "/garbage"
	if err := os.WriteFile(garbage, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		edit func(*stir.Config)
		want string
	}{
		"no key file":         {func(c *stir.Config) { c.Key = "/does/not/exist" }, "stir.key"},
		"a key of no kind":    {func(c *stir.Config) { c.Key = garbage }, "stir.key"},
		"no chain":            {func(c *stir.Config) { c.Certificate = "" }, "stir.certificate"},
		"another's chain":     {func(c *stir.Config) { c.Certificate = other.ChainFile() }, "not that of stir.key"},
		"a chain of no kind":  {func(c *stir.Config) { c.Certificate = garbage }, "stir.certificate"},
		"a URL by http":       {func(c *stir.Config) { c.URL = "http://x.example/y" }, "stir.url"},
		"roots of no kind":    {func(c *stir.Config) { c.Roots = garbage }, "stir.roots"},
		"TLS roots that lack": {func(c *stir.Config) { c.TLSRoots = "/does/not/exist" }, "stir.tls_roots"},
		"a network of words":  {func(c *stir.Config) { c.Networks = []string{"lan"} }, "stir.networks"},
		"a key for everybody": {func(c *stir.Config) { _ = os.Chmod(c.Key, 0o644) }, "chmod"},
	} {
		cfg := signing(a, signer)
		tt.edit(&cfg)
		if _, err := stir.New(cfg, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want it to name %s", name, err, tt.want)
		}
	}
}
