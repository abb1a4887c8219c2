package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"assent/demo/phone"
	"assent/event"
	"assent/stir"
	"assent/stir/stirtest"
)

// vouching is a stage whose trunk verifies as rule says, by an authority of the
// test; more is added to the section stir.
func vouching(t *testing.T, rule string, more ...string) (*stage, *stirtest.Authority) {
	t.Helper()
	a := stirtest.New(t)
	s := prepare(t)
	s.edit("assent.yaml", "    trust_caller: true\n", "    trust_caller: true\n    stir: "+rule+"\n")
	section := []string{"roots: " + a.Roots(), "tls_roots: " + a.TLSRoots(), `hosts: ["` + a.Host() + `"]`,
		"networks: [127.0.0.0/8]", "timeout: 30s"}
	s.edit("assent.yaml", "log: {", "stir:\n  "+strings.Join(append(section, more...), "\n  ")+"\nlog: {")
	s.agent.OnCall = func(*phone.Call) phone.Answer { return phone.Answer{Status: 200} }
	return s, a
}

// identity is an Identity header for the stage's call.
func identity(signer *stirtest.Signer) string {
	return signer.Identity(signer.Token(callerNumber, calledNumber, time.Now().Unix()))
}

func TestACallThatIsVouchedForSaysSoInItsRecord(t *testing.T) {
	t.Parallel()
	s, a := vouching(t, "{ verify: report, wait: 30s }")
	signer := a.Issue("carrier", nil)
	s.file("flows/main.yaml", strings.Replace(flow, "  ask:\n", `  look:
    - switch: { name: Who, value: "${call.verdict} ${call.attestation}", cases: { "passed A": ask }, default: bye }
  ask:
`, 1))
	s.edit("flows/main.yaml", "start: ask", "start: look")
	s.start()
	call, err := s.dialWith(phone.Options{Headers: []string{"y: " + identity(signer)}}) // the compact name
	must(t, err)
	s.press(call, "1")
	<-s.far
	s.hangup(call)
	cdr := s.cdr()
	if got := cdr.Stir; got.Verdict != "passed" || got.Attestation != "A" || got.Signer != "1234" || got.Reason != "" || got.OrigID == "" || got.Signed != "" {
		t.Errorf("stir %+v", got)
	}
	if e := s.saw(event.CallVerified); e.Stir == nil || e.Stir.Verdict != "passed" || e.Call != cdr.ID {
		t.Errorf("event %+v", e.Stir)
	}
	if _, text := s.get("/metrics"); !strings.Contains(text, `assent_stir_verdicts_total{reason="",result="passed",trunk="carrier"} 1`) {
		t.Error("the verdict is not counted")
	}
	for _, e := range s.logs.All() {
		if text := e.Message + fmt.Sprint(e.ContextMap()); strings.Contains(text, callerNumber[1:]) {
			t.Errorf("the log shows the caller's number: %s", text)
		}
	}
}

func TestATrunkThatRequiresAVoucherRefusesTheRest(t *testing.T) {
	t.Parallel()
	s, a := vouching(t, "{ verify: require }")
	signer, stranger := a.Issue("carrier", nil), stirtest.New(t).Issue("stranger", nil)
	s.start()
	old := signer.Token(callerNumber, calledNumber, time.Now().Unix()-600)
	other := signer.Token("+4930999", calledNumber, time.Now().Unix())
	forged := stranger.Token(callerNumber, calledNumber, time.Now().Unix())
	forged.Header["x5u"] = signer.URL
	used := identity(signer)
	for _, tt := range []struct {
		headers []string
		status  int
		reason  string
	}{
		{nil, 428, "no_identity"},
		{[]string{"Identity: " + signer.Identity(old)}, 403, "stale_date"},
		{[]string{"Identity: " + signer.Identity(other)}, 438, "orig_mismatch"},
		{[]string{"Identity: " + identity(stranger)}, 436, "url_refused"},
		{[]string{"Identity: " + stranger.Sign(forged) + ";info=<" + signer.URL + ">;alg=ES256;ppt=shaken"}, 438, "signature_invalid"},
		{[]string{"Identity: " + used}, 0, ""},
		{[]string{"Identity: " + used}, 438, "replayed"},
		{[]string{"Identity: nonsense", "Identity: " + identity(signer)}, 0, ""},
	} {
		before := len(s.cdrs())
		call, err := s.dialWith(phone.Options{Headers: tt.headers})
		switch {
		case tt.status == 0:
			must(t, err)
			s.hangup(call)
		case err == nil || call.Status() != tt.status:
			t.Errorf("%s: status %d, %v, want %d", tt.reason, call.Status(), err, tt.status)
		}
		s.until("the CDR", func() bool { return len(s.cdrs()) > before })
		cdr := s.cdrs()[before]
		if cdr.Stir.Reason != tt.reason || tt.status != 0 && (cdr.Ending.SIP != tt.status || cdr.Ending.By != "system") {
			t.Errorf("%s: %+v, ended %+v", tt.reason, cdr.Stir, cdr.Ending)
		}
		if (tt.status == 0) != (cdr.Stir.Verdict == "passed") {
			t.Errorf("%s: %+v", tt.reason, cdr.Stir)
		}
	}
}

func TestACallThatReportsDoesNotWaitForACertificate(t *testing.T) {
	t.Parallel()
	s, a := vouching(t, "{ verify: report }")
	signer := a.Issue("carrier", nil)
	asked := make(chan struct{})
	a.Serve("carrier", func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	})
	s.start()
	call, err := s.dialWith(phone.Options{Headers: []string{"Identity: " + identity(signer)}})
	must(t, err)
	<-asked
	s.press(call, "1") // the whole call is lived while the server keeps us waiting
	<-s.far
	s.hangup(call)
	if cdr := s.cdr(); cdr.Stir.Verdict != "none" || cdr.Stir.Reason != "pending" || cdr.Recording.Result == "" {
		t.Errorf("stir %+v, recording %+v", cdr.Stir, cdr.Recording)
	}
}

// lookUp uses a consent that is on file, and asks where there is none.
const lookUp = `
flow: main
start: look
tasks:
  look:
    - data_lookup: { name: Earlier, source: consent, outcomes: { found: allow, not_found: ask, failure: ask } }
` + "  ask:\n"

func TestANumberThatFailedGetsNoStoredConsent(t *testing.T) {
	t.Parallel()
	s, a := vouching(t, "{ verify: report, wait: 30s }")
	signer := a.Issue("carrier", nil)
	_, rest, _ := strings.Cut(flow, "  ask:\n")
	s.file("flows/main.yaml", lookUp+rest)
	s.start()
	lookups := func() int { return len(s.all(event.ConsentOnFile)) }
	place := func(header string, press bool) {
		t.Helper()
		before := len(s.cdrs())
		call, err := s.dialWith(phone.Options{Headers: []string{"Identity: " + header}})
		must(t, err)
		if press {
			s.press(call, "1")
		}
		<-s.far
		s.hangup(call)
		s.until("the CDR", func() bool { return len(s.cdrs()) > before })
	}
	place("nonsense", true) // says yes, and is not remembered
	place(identity(signer), true)
	if lookups() != 0 {
		t.Error("the consent of a number that failed was remembered")
	}
	place(identity(signer), false)
	if lookups() != 1 {
		t.Errorf("%d consents on file, want the one of the number that passed", lookups())
	}
	place("nonsense", true)
	if lookups() != 1 {
		t.Error("a number that failed was given a stored consent")
	}
}

// leaving is a flow that calls a number outside.
const leaving = `
flow: main
start: go
tasks:
  go:
    - transfer_to_number: { name: Out, number: "+4989555", trunk: out, timeout: 20s, outcomes: { busy: bye, no_answer: bye, failure: bye } }
  bye:
    - disconnect: { name: End }
`

const numberOutside = "+4989555"

// leavingBy adds the trunk that calls leave by, with the agent's phone as gateway.
func (s *stage) leavingBy(rule string) {
	s.t.Helper()
	s.edit("assent.yaml", "trunks:\n", fmt.Sprintf("trunks:\n  out: { gateways: [%q], stir: %s }\n", s.agent.URI(), rule))
	s.file("flows/main.yaml", leaving)
}

func TestACallThatLeavesIsSignedAndAttestedByRule(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in, out string // the rules of the trunks
		trust   string
		headers []string
		vouched bool // by somebody else, towards us
		want    string
	}{
		"the trunk's own number, believed":   {in: "{}", out: `{ sign: true, numbers: ["+493011*"] }`, trust: "true", want: "A"},
		"the trunk's own number, a stranger": {in: "{}", out: `{ sign: true, numbers: ["+493011*"] }`, trust: "false", want: "C"},
		"its own, and it failed":             {in: "{ verify: report }", out: `{ sign: true, numbers: ["+493011*"] }`, trust: "true", headers: []string{"Identity: nonsense"}, want: "C"},
		"its own, vouched for by others":     {in: "{ verify: report, wait: 30s }", out: `{ sign: true, numbers: ["+493011*"] }`, trust: "false", vouched: true, want: "A"},
		"another number, believed":           {in: "{}", out: `{ sign: true, numbers: ["+4989*"] }`, trust: "true", want: "B"},
		"another number, a stranger":         {in: "{}", out: `{ sign: true, numbers: ["+4989*"] }`, trust: "false", want: "C"},
		"withheld":                           {in: "{}", out: `{ sign: true, numbers: ["+493011*"] }`, trust: "true", headers: []string{"Privacy: id"}},
		"a trunk that does not sign":         {in: "{}", out: `{ numbers: ["+493011*"] }`, trust: "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, a := vouching(t, tt.in)
			we, carrier := a.Issue("we", nil), a.Issue("carrier", nil)
			s.edit("assent.yaml", "  timeout: 30s\n", "  timeout: 30s\n  key: "+we.KeyFile()+"\n  certificate: "+we.ChainFile()+"\n  url: "+we.URL+"\n")
			s.edit("assent.yaml", "trust_caller: true", "trust_caller: "+tt.trust)
			s.leavingBy(tt.out)
			if tt.vouched {
				tt.headers = append(tt.headers, "Identity: "+identity(carrier))
			}
			s.start()
			call, err := s.dialWith(phone.Options{Headers: tt.headers})
			must(t, err)
			far := <-s.far
			s.hangup(call)
			s.signed(far, a, we, tt.want)
			if cdr := s.cdr(); cdr.Stir.Signed != tt.want || (cdr.Stir.SignedOrigID == "") != (tt.want == "") {
				t.Errorf("the CDR says %+v, want %q", cdr.Stir, tt.want)
			}
		})
	}
}

// signed checks the Identity header that the far party got: by the signer's key
// alone, and as a terminating carrier would.
func (s *stage) signed(far *phone.Call, a *stirtest.Authority, we *stirtest.Signer, want string) {
	s.t.Helper()
	header := far.Invite("identity")
	if want == "" {
		if header != "" {
			s.t.Errorf("signed with %s", header)
		}
		return
	}
	k, _, ok := we.Read(header)
	if !ok || k.Claims["attest"] != want || strings.Contains(far.Invite("p-asserted-identity"), "anonymous") {
		s.t.Errorf("%q holds: %v, claims %v, want attestation %s", header, ok, k.Claims, want)
	}
	cfg := stir.Default()
	cfg.Roots, cfg.TLSRoots, cfg.Hosts, cfg.Networks, cfg.Timeout = a.Roots(), a.TLSRoots(), []string{a.Host()}, []string{"127.0.0.0/8"}, patience
	far2, err := stir.New(cfg, nil)
	must(s.t, err)
	defer far2.Close()
	from := far.Invite("from")
	from = from[strings.Index(from, "sip:")+4 : strings.Index(from, "@")]
	r := far2.Verify(s.t.Context(), stir.Call{Identities: []string{header}, From: from, To: numberOutside, ID: far.ID()}, time.Now())
	if r.Verdict != stir.Passed || string(r.Attestation) != want {
		s.t.Errorf("a carrier's verdict: %+v", r)
	}
}

func TestAReloadTakesTheNextKeyOrNone(t *testing.T) {
	t.Parallel()
	s, a := vouching(t, "{}")
	we, next := a.Issue("we", nil), a.Issue("next", nil)
	signing := "  timeout: 30s\n  key: " + we.KeyFile() + "\n  certificate: " + we.ChainFile() + "\n  url: " + we.URL + "\n"
	s.edit("assent.yaml", "  timeout: 30s\n", signing)
	s.leavingBy("{ sign: true }")
	s.start()
	place := func(by *stirtest.Signer) {
		t.Helper()
		call, err := s.dialWith(phone.Options{})
		must(t, err)
		far := <-s.far
		s.hangup(call)
		s.signed(far, a, by, "B")
	}
	place(we)
	s.edit("assent.yaml", "key: "+we.KeyFile(), "key: "+next.KeyFile())
	if err := s.app.Reload(); err == nil {
		t.Error("a key without its certificate was taken")
	}
	place(we)
	s.edit("assent.yaml", we.ChainFile(), next.ChainFile())
	s.edit("assent.yaml", we.URL, next.URL)
	must(t, s.app.Reload())
	place(next)
}
