package stir_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"assent/stir"
	"assent/stir/stirtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	caller = "+493011223344"
	called = "+4980012345"
)

// config trusts an authority, and lets its server be asked on loopback.
func config(a *stirtest.Authority) stir.Config {
	cfg := stir.Default()
	cfg.Roots, cfg.TLSRoots = a.Roots(), a.TLSRoots()
	cfg.Hosts, cfg.Networks = []string{a.Host()}, []string{"127.0.0.0/8"}
	cfg.Timeout = 30 * time.Second // of a slow machine
	return cfg
}

func service(t *testing.T, cfg stir.Config) *stir.Service {
	t.Helper()
	s, err := stir.New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// call is the call that good tokens are for.
func call(identities ...string) stir.Call {
	return stir.Call{Identities: identities, From: caller, To: called, ID: "call-1"}
}

// good is a token for it.
func good(s *stirtest.Signer) stirtest.Token { return s.Token(caller, called, time.Now().Unix()) }

func expect(t *testing.T, got stir.Result, verdict stir.Verdict, reason stir.Reason) {
	t.Helper()
	if got.Verdict != verdict || got.Reason != reason {
		t.Errorf("%s %s (%v), want %s %s", got.Verdict, got.Reason, got.Err, verdict, reason)
	}
	if verdict != stir.Passed && (got.Attestation != "" || got.Signer != "" || got.OrigID != "") {
		t.Errorf("a call that did not pass tells what was attested: %+v", got)
	}
}

func TestACallThatIsVouchedForPassesAndTellsByWhom(t *testing.T) {
	a := stirtest.New(t)
	s := service(t, config(a))
	signer := a.Issue("carrier", nil)
	for _, level := range []stir.Attestation{stir.Full, stir.Partial, stir.Gateway} {
		k := good(signer)
		k.Claims["attest"] = level
		r := s.Verify(t.Context(), call(signer.Identity(k)), time.Now())
		expect(t, r, stir.Passed, "")
		if r.Attestation != level || r.Signer != "1234" || r.OrigID != k.Claims["origid"] {
			t.Errorf("%+v", r)
		}
	}
	if n := a.Asked("carrier"); n != 1 {
		t.Errorf("the certificate was fetched %d times, want once", n)
	}
}

func TestNumbersAreComparedWithoutPlusAndSeparators(t *testing.T) {
	a := stirtest.New(t)
	s := service(t, config(a))
	signer := a.Issue("carrier", nil)
	c := call(signer.Identity(signer.Token("+49-30 (1122) 3344", "4980012345", time.Now().Unix())))
	c.From, c.To = "493011223344", "+49 800.12345"
	expect(t, s.Verify(t.Context(), c, time.Now()), stir.Passed, "")
}

// TestEveryWayToFailHasItsReason changes one thing of a good call at a time.
func TestEveryWayToFailHasItsReason(t *testing.T) {
	a := stirtest.New(t)
	signer := a.Issue("carrier", nil)
	claim := func(name string, value any) func() stir.Call {
		return func() stir.Call {
			k := good(signer)
			k.Claims[name] = value
			if value == nil {
				delete(k.Claims, name)
			}
			return call(signer.Identity(k))
		}
	}
	header := func(name string, value any) func() stir.Call {
		return func() stir.Call {
			k := good(signer)
			k.Header[name] = value
			return call(signer.Identity(k))
		}
	}
	text := func(edit func(string) string) func() stir.Call {
		return func() stir.Call { return call(edit(signer.Identity(good(signer)))) }
	}
	replaced := func(old, with string) func() stir.Call {
		return text(func(s string) string {
			if !strings.Contains(s, old) {
				t.Fatalf("%q is not in %q", old, s)
			}
			return strings.Replace(s, old, with, 1)
		})
	}
	at := func(place string) func() stir.Call {
		return func() stir.Call {
			k := good(signer)
			k.Header["x5u"] = place
			return call(signer.Sign(k) + ";info=<" + place + ">;alg=ES256;ppt=shaken")
		}
	}
	host := a.Host()
	for name, tt := range map[string]struct {
		call   func() stir.Call
		reason stir.Reason
	}{
		"garbage":                   {text(func(string) string { return "\x01\xff;;;" }), stir.Malformed},
		"nothing":                   {text(func(string) string { return "" }), stir.Malformed},
		"two parts":                 {text(func(s string) string { return strings.Replace(s, ".", "", 1) }), stir.Malformed},
		"a huge header":             {text(func(s string) string { return s + ";x=" + strings.Repeat("y", 9000) }), stir.Malformed},
		"many parameters":           {text(func(s string) string { return s + manyParams }), stir.Malformed},
		"a parameter twice":         {text(func(s string) string { return s + ";ppt=shaken" }), stir.Malformed},
		"an open quote":             {text(func(s string) string { return s + `;x="y` }), stir.Malformed},
		"padding":                   {replaced(".", "=."), stir.Malformed},
		"no signature":              {text(unsigned), stir.Malformed},
		"the compact form":          {text(compact), stir.CompactForm},
		"types that differ":         {header("ppt", "div"), stir.Malformed},
		"another typ":               {header("typ", "JWT"), stir.Malformed},
		"an extension to be known":  {header("crit", []string{"b64"}), stir.Malformed},
		"a header of another shape": {header("alg", 7), stir.Malformed},
		"alg none":                  {header("alg", "none"), stir.OtherAlgorithm},
		"alg HS256":                 {header("alg", "HS256"), stir.OtherAlgorithm},
		"alg of the header":         {replaced("alg=ES256", "alg=none"), stir.OtherAlgorithm},
		"no attest":                 {claim("attest", nil), stir.InvalidClaims},
		"attest D":                  {claim("attest", "D"), stir.InvalidClaims},
		"no iat":                    {claim("iat", nil), stir.InvalidClaims},
		"iat of another shape":      {claim("iat", "now"), stir.Malformed},
		"no dest":                   {claim("dest", nil), stir.InvalidClaims},
		"many dest":                 {claim("dest", map[string]any{"tn": make([]string, 17)}), stir.InvalidClaims},
		"dest that is no number":    {claim("dest", map[string]any{"tn": []string{"sip:x"}}), stir.InvalidClaims},
		"orig that is no number":    {claim("orig", map[string]any{"uri": "sip:x@y"}), stir.InvalidClaims},
		"no origid":                 {claim("origid", nil), stir.InvalidClaims},
		"origid with a line end":    {claim("origid", "a\r\nX-Evil: 1"), stir.InvalidClaims},
		"too old":                   {claim("iat", time.Now().Unix()-70), stir.StaleDate},
		"from the future":           {claim("iat", time.Now().Unix()+90), stir.StaleDate},
		"before all time":           {claim("iat", int64(-1)<<63), stir.StaleDate},
		"after all time":            {claim("iat", int64(1)<<62), stir.StaleDate},
		"another caller":            {claim("orig", map[string]any{"tn": "493011223345"}), stir.OrigMismatch},
		"another called":            {claim("dest", map[string]any{"tn": []string{"4980012346"}}), stir.DestMismatch},
		"no info":                   {replaced(";info=<"+signer.URL+">", ""), stir.InfoMismatch},
		"another info":              {replaced(";info=<"+signer.URL, ";info=<"+signer.URL+"2"), stir.InfoMismatch},
		"http":                      {at("http://" + host + "/carrier"), stir.URLRefused},
		"a file":                    {at("file:///etc/passwd"), stir.URLRefused},
		"a password":                {at("https://a:b@" + host + "/carrier"), stir.URLRefused},
		"a query":                   {at("https://" + host + "/carrier?x=1"), stir.URLRefused},
		"a fragment":                {at("https://" + host + "/carrier#x"), stir.URLRefused},
		"another host":              {at("https://metadata.example/carrier"), stir.URLRefused},
		"another port":              {at("https://127.0.0.1/carrier"), stir.URLRefused},
		"a long URL":                {at("https://" + host + "/" + strings.Repeat("x", 1100)), stir.URLRefused},
		"no such certificate":       {at("https://" + host + "/other"), stir.CertificateMissing},
		"a changed claim":           {text(changed), stir.SignatureInvalid},
		"a changed signature":       {text(func(s string) string { return swapped(s, strings.Index(s, ";")-20) }), stir.SignatureInvalid},
		"a signature of zeros":      {text(zeros), stir.SignatureInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := service(t, config(a))
			expect(t, s.Verify(t.Context(), tt.call(), time.Now()), stir.Failed, tt.reason)
			if tt.reason.Status() < 400 {
				t.Errorf("no answer for %s", tt.reason)
			}
		})
	}
}

const manyParams = ";a=1;b=1;c=1;d=1;e=1;f=1;g=1;h=1;i=1;j=1;k=1;l=1;m=1;n=1"

// compact takes header and payload away (RFC 8225 section 7).
func compact(s string) string {
	token, rest, _ := strings.Cut(s, ";")
	return ".." + token[strings.LastIndex(token, ".")+1:] + ";" + rest
}

// changed raises the attestation of a token and keeps its signature.
func changed(s string) string {
	parts := strings.SplitN(s, ".", 3)
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1]) // it was encoded above
	payload = []byte(strings.Replace(string(payload), `"attest":"A"`, `"attest":"B"`, 1))
	return parts[0] + "." + base64.RawURLEncoding.EncodeToString(payload) + "." + parts[2]
}

// swapped changes one character of a signature.
func swapped(s string, at int) string {
	c := byte('A')
	if s[at] == c {
		c = 'B'
	}
	return s[:at] + string(c) + s[at+1:]
}

func unsigned(s string) string {
	token, rest, _ := strings.Cut(s, ";")
	return token[:strings.LastIndex(token, ".")+1] + ";" + rest
}

func zeros(s string) string {
	_, rest, _ := strings.Cut(s, ";")
	token, _, _ := strings.Cut(unsigned(s), ";")
	return token + base64.RawURLEncoding.EncodeToString(make([]byte, 64)) + ";" + rest
}

func TestACertificateThatIsNotGoodIsRefused(t *testing.T) {
	a, stranger := stirtest.New(t), stirtest.New(t)
	day := 24 * time.Hour
	list := func(entries ...[]byte) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{stirtest.TNAuthList(entries...)} }
	}
	for name, tt := range map[string]struct {
		edit   func(*x509.Certificate)
		reason stir.Reason
	}{
		"over":                     {func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(-2*day), time.Now().Add(-day) }, stir.CertificateRefused},
		"not yet":                  {func(c *x509.Certificate) { c.NotBefore = time.Now().Add(day) }, stir.CertificateRefused},
		"an authority":             {func(c *x509.Certificate) { c.IsCA = true }, stir.CertificateRefused},
		"for encryption":           {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, stir.CertificateRefused},
		"without TNAuthList":       {func(c *x509.Certificate) { c.ExtraExtensions = nil }, stir.CertificateMissing},
		"an unreadable TNAuthList": {func(c *x509.Certificate) { c.ExtraExtensions[0].Value = []byte{1, 2, 3} }, stir.CertificateMissing},
		"an empty TNAuthList":      {list(), stir.CertificateMissing},
		"a code with a line end":   {list(stirtest.Code("12\r\n")), stir.CertificateMissing},
		"for another number":       {list(stirtest.One("493011223345")), stir.NumberNotCovered},
		"for a range before":       {list(stirtest.Range("493011223300", 44)), stir.NumberNotCovered},
		"for shorter numbers":      {list(stirtest.Range("1", 1<<40)), stir.NumberNotCovered},
		"for the number":           {list(stirtest.One("493011223344")), ""},
		"for its range":            {list(stirtest.Code("x"), stirtest.Range("493011223300", 45)), ""},
		"a critical TNAuthList":    {func(c *x509.Certificate) { c.ExtraExtensions[0].Critical = true }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := service(t, config(a))
			signer := a.Issue(strings.ReplaceAll(name, " ", "-"), tt.edit)
			verdict := stir.Failed
			if tt.reason == "" {
				verdict = stir.Passed
			}
			expect(t, s.Verify(t.Context(), call(signer.Identity(good(signer))), time.Now()), verdict, tt.reason)
		})
	}
	t.Run("of another authority", func(t *testing.T) {
		s := service(t, config(a))
		signer := stranger.Issue("stranger", nil)
		a.Publish("stranger", signer.Chain)
		signer.URL = a.URL("stranger")
		expect(t, s.Verify(t.Context(), call(signer.Identity(good(signer))), time.Now()), stir.Failed, stir.CertificateRefused)
	})
	t.Run("of the signer's own", func(t *testing.T) {
		s := service(t, config(a))
		signer := a.Issue("self", nil)
		self := &x509.Certificate{SerialNumber: big.NewInt(9), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(day),
			ExtraExtensions: []pkix.Extension{stirtest.TNAuthList(stirtest.Code("1234"))}}
		der, err := x509.CreateCertificate(rand.Reader, self, self, &signer.Key.PublicKey, signer.Key)
		if err != nil {
			t.Fatal(err)
		}
		a.Publish("self", stirtest.PEM(&x509.Certificate{Raw: der}))
		expect(t, s.Verify(t.Context(), call(signer.Identity(good(signer))), time.Now()), stir.Failed, stir.CertificateRefused)
	})
	t.Run("of a subscriber", func(t *testing.T) { // a signer's certificate makes nobody an authority
		s := service(t, config(a))
		middle := a.Issue("middle", nil)
		signer := a.Issue("below", nil)
		parent, err := x509.ParseCertificate(firstBlock(t, middle.Chain))
		if err != nil {
			t.Fatal(err)
		}
		leaf := &x509.Certificate{SerialNumber: big.NewInt(9), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(day),
			ExtraExtensions: []pkix.Extension{stirtest.TNAuthList(stirtest.Code("9999"))}}
		der, err := x509.CreateCertificate(rand.Reader, leaf, parent, &signer.Key.PublicKey, middle.Key)
		if err != nil {
			t.Fatal(err)
		}
		a.Publish("below", append(stirtest.PEM(&x509.Certificate{Raw: der}), middle.Chain...))
		expect(t, s.Verify(t.Context(), call(signer.Identity(good(signer))), time.Now()), stir.Failed, stir.CertificateMissing)
	})
}

func TestKeysOfOtherKindsAreRefused(t *testing.T) {
	a := stirtest.New(t)
	signer := a.Issue("carrier", nil)
	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []any{&weak.PublicKey, &other.PublicKey} {
		signer.Certify(a, key, nil)
		s := service(t, config(a))
		expect(t, s.Verify(t.Context(), call(signer.Identity(good(signer))), time.Now()), stir.Failed, stir.CertificateMissing)
	}
}

func TestNobodyVouchesForACallWithoutAHeaderOfTheType(t *testing.T) {
	a := stirtest.New(t)
	s := service(t, config(a))
	signer := a.Issue("carrier", nil)
	expect(t, s.Verify(t.Context(), call(), time.Now()), stir.None, stir.NoIdentity)
	k := good(signer)
	k.Header["ppt"] = "div"
	div := signer.Sign(k) + ";info=<" + signer.URL + ">;ppt=div"
	bare := signer.Sign(k) + ";info=<" + signer.URL + ">"
	expect(t, s.Verify(t.Context(), call(div, bare), time.Now()), stir.None, stir.OtherType)
	if n := a.Asked("carrier"); n != 0 {
		t.Errorf("the certificate was fetched %d times for nothing", n)
	}
}

func TestOneHeaderThatHoldsIsEnoughAndTooManyAreNotLookedAt(t *testing.T) {
	a := stirtest.New(t)
	s := service(t, config(a))
	signer := a.Issue("carrier", nil)
	bad := changed(signer.Identity(good(signer)))
	expect(t, s.Verify(t.Context(), call("", bad, signer.Identity(good(signer))), time.Now()), stir.Passed, "")
	expect(t, s.Verify(t.Context(), call(bad, ""), time.Now()), stir.Failed, stir.SignatureInvalid)
	var many []string
	for range stir.MaxIdentities + 1 {
		many = append(many, signer.Identity(good(signer)))
	}
	expect(t, s.Verify(t.Context(), call(many...), time.Now()), stir.Failed, stir.TooMany)
}

func TestATokenServesOneCall(t *testing.T) {
	a := stirtest.New(t)
	s := service(t, config(a))
	signer := a.Issue("carrier", nil)
	first := call(signer.Identity(good(signer)))
	now := time.Now()
	expect(t, s.Verify(t.Context(), first, now), stir.Passed, "")
	expect(t, s.Verify(t.Context(), first, now), stir.Passed, "") // the same call by another way
	second := first
	second.ID = "call-2"
	expect(t, s.Verify(t.Context(), second, now), stir.Failed, stir.Replayed)
	second.Identities = []string{otherHalf(t, first.Identities[0])}
	expect(t, s.Verify(t.Context(), second, now), stir.Failed, stir.Replayed)
	reloaded, err := stir.New(config(a), s)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, reloaded.Verify(t.Context(), second, now), stir.Failed, stir.Replayed)
	if n := a.Asked("carrier"); n != 1 {
		t.Errorf("the certificate was fetched %d times, want once", n)
	}
}

// otherHalf makes of a signature r, s the one r, -s, which holds as well.
func otherHalf(t *testing.T, identity string) string {
	t.Helper()
	token, rest, _ := strings.Cut(identity, ";")
	dot := strings.LastIndex(token, ".")
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		t.Fatal(err)
	}
	s := new(big.Int).SetBytes(signature[32:])
	s.Sub(elliptic.P256().Params().N, s).FillBytes(signature[32:])
	return token[:dot+1] + base64.RawURLEncoding.EncodeToString(signature) + ";" + rest
}

func TestKnownAnswersAtOnceOrNotAtAll(t *testing.T) {
	a := stirtest.New(t)
	s := service(t, config(a))
	signer := a.Issue("carrier", nil)
	c := call(signer.Identity(good(signer)))
	if _, known := s.Known(c, time.Now()); known || a.Asked("carrier") != 0 {
		t.Error("a certificate that nobody has fetched is known")
	}
	if r, known := s.Known(call(), time.Now()); !known || r.Reason != stir.NoIdentity {
		t.Errorf("a call without header: %+v, known %v", r, known)
	}
	expect(t, s.Verify(t.Context(), c, time.Now()), stir.Passed, "")
	r, known := s.Known(c, time.Now())
	expect(t, r, stir.Passed, "")
	if !known {
		t.Error("not known after it was fetched")
	}
	if _, known := s.Known(c, time.Now().Add(25*time.Hour)); !known {
		t.Error("a stale call needs no certificate")
	}
}

func TestManyCallsShareOneFetch(t *testing.T) {
	a := stirtest.New(t)
	s := service(t, config(a))
	signer := a.Issue("carrier", nil)
	release := make(chan struct{})
	a.Serve("carrier", func(w http.ResponseWriter, _ *http.Request) {
		<-release
		_, _ = w.Write(signer.Chain)
	})
	var wg sync.WaitGroup
	for i := range 20 {
		c := call(signer.Identity(good(signer)))
		c.ID = string(rune('a' + i))
		wg.Go(func() { expect(t, s.Verify(t.Context(), c, time.Now()), stir.Passed, "") })
	}
	close(release)
	wg.Wait()
	if n := a.Asked("carrier"); n != 1 {
		t.Errorf("%d fetches, want one", n)
	}
}

func TestAFailureIsKeptForAWhile(t *testing.T) {
	a := stirtest.New(t)
	s := service(t, config(a))
	signer := a.Issue("carrier", nil)
	a.Serve("carrier", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	now := time.Now()
	for range 3 {
		expect(t, s.Verify(t.Context(), call(signer.Identity(good(signer))), now), stir.Failed, stir.CertificateMissing)
	}
	if n := a.Asked("carrier"); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
	a.Publish("carrier", signer.Chain)
	now = now.Add(31 * time.Second)
	expect(t, s.Verify(t.Context(), call(signer.Identity(good(signer))), now), stir.Passed, "")
}

func TestAServerThatDoesHarmIsLeft(t *testing.T) {
	a, elsewhere := stirtest.New(t), stirtest.New(t)
	signer := a.Issue("carrier", nil)
	elsewhere.Publish("carrier", signer.Chain)
	for name, tt := range map[string]struct {
		serve http.HandlerFunc
		edit  func(*stir.Config)
	}{
		"it leads elsewhere": {serve: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL("carrier"), http.StatusFound)
		}},
		"it leads to itself":  {serve: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/carrier", http.StatusFound) }},
		"ten megabytes":       {serve: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 10<<20)) }},
		"no certificate":      {serve: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }},
		"something behind it": {serve: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(append(signer.Chain, "hello"...)) }},
		"more than a chain": {serve: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat(string(signer.Chain), 5)))
		}},
		"it never answers":     {serve: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, edit: func(c *stir.Config) { c.Timeout = 100 * time.Millisecond }},
		"a private network":    {edit: func(c *stir.Config) { c.Networks = nil }},
		"nobody knows its TLS": {edit: func(c *stir.Config) { c.TLSRoots = "" }},
		"another's TLS":        {edit: func(c *stir.Config) { c.TLSRoots = c.Roots }},
		"no roots are trusted": {edit: func(c *stir.Config) { c.Roots = "" }},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(a)
			a.Publish("carrier", signer.Chain)
			if tt.serve != nil {
				a.Serve("carrier", tt.serve)
			}
			want := stir.CertificateMissing
			if tt.edit != nil {
				tt.edit(&cfg)
			}
			if cfg.Roots == "" {
				want = stir.CertificateRefused
			}
			expect(t, service(t, cfg).Verify(t.Context(), call(signer.Identity(good(signer))), time.Now()), stir.Failed, want)
		})
	}
	if n := elsewhere.Asked("carrier"); n != 0 {
		t.Errorf("it was led elsewhere %d times", n)
	}
}

func TestACallThatEndsWaitsNoLonger(t *testing.T) {
	a := stirtest.New(t)
	s := service(t, config(a))
	signer := a.Issue("carrier", nil)
	asked, release := make(chan struct{}), make(chan struct{})
	a.Serve("carrier", func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-release
		_, _ = w.Write(signer.Chain)
	})
	ctx, hangup := context.WithCancel(t.Context())
	result := make(chan stir.Result, 1)
	go func() { result <- s.Verify(ctx, call(signer.Identity(good(signer))), time.Now()) }()
	<-asked
	hangup()
	expect(t, <-result, stir.Failed, stir.CertificateMissing)
	close(release) // others may still wait for it
	expect(t, s.Verify(t.Context(), call(signer.Identity(good(signer))), time.Now()), stir.Passed, "")
	if n := a.Asked("carrier"); n != 1 {
		t.Errorf("%d fetches, want one", n)
	}
}
