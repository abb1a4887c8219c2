package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"assent/app"
	"assent/demo/phone"
	"assent/event"
	"assent/trunk"
)

const stationDials = "030555" // as a station writes +4930555

// dialling adds a carrier by which the station's calls leave, and the phone of whoever is called.
func dialling(t *testing.T, rule, limits string) (*stage, *phone.Phone) {
	t.Helper()
	s := prepare(t)
	far, err := phone.New(netip.MustParseAddr("127.0.0.1"), "far")
	must(t, err)
	t.Cleanup(far.Close)
	s.leaving(fmt.Sprintf(`    gateways: ["%s"]
    probe: { interval: 0 }
    rtp_source: learn
    numbering: { out: ["+49=0049"] }
    recording: { %s }
`, strings.Replace(far.URI(), "far@", "", 1), rule))
	s.file("flows/main.yaml", flow)
	s.edit("assent.yaml", "calls: 10, ring: 5s }", `calls: 10, ring: 5s, number: "+4989700", recording: { enabled: false },
    outbound: { enabled: true, numbering: ["00=+", "0=+49"], `+limits+` } }`)
	s.edit("assent.yaml", "recordings:", `routes:
  germany: { numbers: ["+49*"], trunk: out }
  sos: { numbers: ["112"], trunk: out, emergency: true }
  desk: { numbers: ["21"], station: agent-1 }
  hotline: { numbers: ["22"], queue: support }
recordings:`)
	return s, far
}

// places has the station call a number; the error is that of a call that was refused.
func (s *stage) places(number string, headers ...string) (*phone.Call, error) {
	s.t.Helper()
	ctx, done := context.WithTimeout(s.t.Context(), patience)
	defer done()
	return s.agent.Dial(ctx, s.peer, number, phone.Options{Voice: phone.Tone(700, -16), Headers: headers})
}

// answers makes a phone take calls, speaking at 1200 Hz.
func answers(p *phone.Phone) chan *phone.Call {
	calls := make(chan *phone.Call, 8)
	p.OnCall = func(*phone.Call) phone.Answer { return phone.Answer{Status: 200, Voice: phone.Tone(1200, -16)} }
	p.OnAnswered = func(c *phone.Call) { calls <- c }
	p.Start()
	return calls
}

// taken waits for a call that was answered.
func (s *stage) taken(calls <-chan *phone.Call) *phone.Call {
	s.t.Helper()
	select {
	case c := <-calls:
		return c
	case <-time.After(patience):
		s.t.Fatal("nobody was called")
		return nil
	}
}

func TestAStationsCallIsRecordedWithTheOutsidePartyOnTheLeft(t *testing.T) {
	t.Parallel()
	s, far := dialling(t, "enabled: true, consent: not_required, outside_queues: true", `allow: ["+49*"]`)
	calls := answers(far)
	s.start()
	c, err := s.places(stationDials)
	must(t, err)
	called := s.taken(calls)
	if line := called.Invite("to"); !strings.Contains(line, "sip:004930555@") {
		t.Errorf("the carrier gets To %s, want the number as it writes numbers", line)
	}
	if from := called.Invite("from"); !strings.Contains(from, "<sip:004989700@") || called.Invite("p-asserted-identity") == "" {
		t.Errorf("the carrier gets From %s, want the station's number", from)
	}
	s.saw(event.RecordingStarted)
	s.until("two seconds of audio", func() bool { return len(c.Packets()) > 100 && len(called.Packets()) > 100 })
	s.hangup(c)
	cdr := s.cdr()
	if cdr.Direction != event.Outbound || cdr.From != "+4989700" || cdr.To != "+4930555" || cdr.Trunk != "out" || cdr.Station != "agent-1" || cdr.AnsweredAt.IsZero() {
		t.Errorf("%+v", cdr)
	}
	if cdr.Ending.By != event.ByAgent || !cdr.Recording.AudioKept() || cdr.Recording.Reason != "allowed" {
		t.Errorf("%+v %+v", cdr.Ending, cdr.Recording)
	}
	if err := app.VerifyRecording(cdr.Recording.File, s.path("ledger")); err != nil {
		t.Error(err)
	}
	left, right, _ := channelsOf(t, cdr.Recording.File)
	for name, c := range map[string]struct {
		samples       []int16
		hz, otherwise float64
	}{"left": {left, 1200, 700}, "right": {right, 700, 1200}} {
		middle := c.samples[len(c.samples)/2:]
		if own, other := phone.Level(middle, c.hz), phone.Level(middle, c.otherwise); own < -26 || own < other+10 {
			t.Errorf("%s: %.0f Hz has %.0f dB, %.0f Hz %.0f dB", name, c.hz, own, c.otherwise, other)
		}
	}
	var sidecar struct {
		Direction string
		Channels  []struct{ Party, Leg string }
	}
	b, err := os.ReadFile(strings.TrimSuffix(cdr.Recording.File, ".wav") + ".json")
	must(t, err)
	must(t, json.Unmarshal(b, &sidecar))
	if sidecar.Direction != "outbound" || sidecar.Channels[0].Leg != "callee" || sidecar.Channels[1].Leg != "agent" {
		t.Errorf("%+v", sidecar)
	}
}

func TestAnOutboundCallWaitsForConsentFromOutside(t *testing.T) {
	t.Parallel()
	s, far := dialling(t, "enabled: true, outside_queues: true", `allow: ["+49*"]`)
	calls := answers(far)
	s.start()
	c, err := s.places(stationDials)
	must(t, err)
	called := s.taken(calls)
	s.saw(event.CallBridged)
	if len(s.all(event.RecordingStarted)) > 0 || s.saw(event.RecordingDecided).Reason != "consent_missing" {
		t.Error("recorded though nobody was asked")
	}
	id := s.saw(event.CallBridged).Call
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.app.APIAddr()+"/v1/calls/"+id+"/grant", http.NoBody)
	must(t, err)
	r, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	must(t, err)
	_ = r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Fatalf("grant: %d", r.StatusCode)
	}
	s.saw(event.RecordingStarted)
	_ = called
	s.hangup(c)
	cdr := s.cdr()
	if cdr.Consent.State != "granted" || !cdr.Recording.AudioKept() {
		t.Errorf("%+v %+v", cdr.Consent, cdr.Recording)
	}
	if err := app.VerifyRecording(cdr.Recording.File, s.path("ledger")); err != nil {
		t.Error(err)
	}
}

func TestAStationsOwnRecordingDoesNotWaitUnlessToldTo(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{"inbound_only": "allowed", "everywhere": "consent_missing"} {
		s, far := dialling(t, "enabled: true, station_consent: "+word, `allow: ["+49*"]`)
		s.edit("assent.yaml", `recording: { enabled: false },`, `recording: { enabled: true },`)
		answers(far)
		s.start()
		c, err := s.places(stationDials)
		must(t, err)
		if want == "allowed" {
			s.saw(event.RecordingStarted)
		} else {
			s.saw(event.CallBridged)
		}
		s.hangup(c)
		if cdr := s.cdr(); cdr.Recording.Reason != want {
			t.Errorf("%s: %+v", word, cdr.Recording)
		}
	}
}

func TestCallsBeyondAStationsLimitsAreRefusedAndSaidWhy(t *testing.T) {
	t.Parallel()
	s, far := dialling(t, "enabled: false", `allow: ["+49*", "2*"], block: ["+49900*"], budgets: [{ numbers: ["+4930*"], per: day, calls: 1 }]`)
	calls := answers(far)
	s.start()
	c, err := s.places(stationDials)
	must(t, err)
	s.taken(calls)
	s.hangup(c)
	refused := 0
	for _, try := range []struct{ number, status, reason string }{
		{"030556", "403", "outbound_budget"}, {"0900123", "403", "destination_blocked"}, {"0044201", "404", "no_route"}, {"sip:x", "404", "no_route"},
	} {
		if _, err := s.places(try.number); err == nil || !strings.Contains(err.Error(), try.status) {
			t.Errorf("%s: %v, want %s", try.number, err, try.status)
		}
		refused++
		s.until("the refusal", func() bool { return len(s.all(event.CallRefused)) == refused })
		if e := s.saw(event.CallRefused); e.Reason != try.reason || e.Station != "agent-1" || e.Direction != event.Outbound {
			t.Errorf("%s: %+v, want %s", try.number, e, try.reason)
		}
	}
	if e := s.all(event.CallLimited); len(e) != 2 || e[0].Detail != "station agent-1: day +4930*" {
		t.Errorf("%+v", e)
	}
	c, err = s.places("112") // no limit holds it up
	must(t, err)
	s.taken(calls)
	s.hangup(c)
	s.until("the last CDR", func() bool { return len(s.cdrs()) == 6 })
	_, body := s.get("/metrics")
	if !strings.Contains(body, `assent_outbound_limited_total{reason="outbound_budget",trunk="out"} 1`) {
		t.Error("no metric tells of the budget")
	}
	s.stop()
	s.start() // the day's call is spent
	if _, err := s.places("030557"); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("%v: the budget was forgotten by the restart", err)
	}
}

func TestACallEndsWhenItsMinutesAreSpent(t *testing.T) {
	t.Parallel()
	s, far := dialling(t, "enabled: false", `budgets: [{ per: day, minutes: 1 }]`)
	calls := answers(far)
	s.start()
	c, err := s.places(stationDials)
	must(t, err)
	s.taken(calls)
	s.hangup(c)
	s.cdr()
	if _, err := s.places(stationDials); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("%v, though the begun minute was the last", err)
	}
}

func TestAStationReachesQueuesAndStations(t *testing.T) {
	t.Parallel()
	s, far := dialling(t, "enabled: false", `calls: 1`)
	far.Start()
	s.start()
	for i, number := range []string{"22", "21"} {
		c, err := s.places(number)
		must(t, err)
		s.taken(s.far)
		if number == "21" {
			if _, err := s.places("21"); err == nil || !strings.Contains(err.Error(), "403") {
				t.Errorf("%v: a second call at once", err)
			}
		}
		s.hangup(c)
		s.until("the CDRs", func() bool { return len(s.cdrs()) == 1+2*i && s.app.Calls() == 0 })
	}
	for _, cdr := range s.cdrs() {
		if cdr.Direction != event.Internal || cdr.Recording.Result != event.ResultNone {
			t.Errorf("%+v", cdr)
		}
	}
}

func TestABusyPartyIsToldToTheStation(t *testing.T) {
	t.Parallel()
	s, far := dialling(t, "enabled: false", `allow: ["+49*"]`)
	far.OnCall = func(*phone.Call) phone.Answer { return phone.Answer{Status: 486, After: 10 * time.Millisecond} }
	far.Start()
	s.start()
	if _, err := s.places(stationDials); err == nil || !strings.Contains(err.Error(), "486") {
		t.Errorf("%v, want 486", err)
	}
	if cdr := s.cdr(); cdr.Ending.By != event.ByCallee || cdr.Ending.SIP != 486 || cdr.Ending.Reason != "busy" {
		t.Errorf("%+v", cdr.Ending)
	}
}

func TestOnlyTheStationItselfPlacesItsCalls(t *testing.T) {
	t.Parallel()
	s, far := dialling(t, "enabled: false", `allow: ["+49*"]`)
	far.Start()
	s.start()
	thief, err := phone.New(netip.MustParseAddr("127.0.0.1"), "agent-1") // another port: a call on the trunk that is there
	must(t, err)
	t.Cleanup(thief.Close)
	thief.Start()
	ctx, done := context.WithTimeout(t.Context(), patience)
	defer done()
	if _, err := thief.Dial(ctx, s.peer, stationDials, phone.Options{}); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("%v, want 404", err)
	}
	s.agent.User = "agent-2"
	if _, err := s.places(stationDials); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("%v, want 404", err)
	}
	if n := len(s.all(event.CallLimited)); n != 0 {
		t.Errorf("%d calls came as far as the limits", n)
	}
}

func TestExplanationTellsAStationsRoutes(t *testing.T) {
	t.Parallel()
	s, far := dialling(t, "enabled: false", `allow: ["+49*"]`)
	far.Start()
	e, err := app.Explain(s.options(), trunk.At(s.agent.Addr()), "agent-1", stationDials)
	must(t, err)
	if e.Station != "agent-1" || e.Number != "+4930555" || len(e.Routes) != 4 || !e.Routes[0].Chosen || e.Routes[0].Route != "germany" || e.Routes[1].Chosen {
		t.Errorf("%+v", e)
	}
}
