package app_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"assent/api"
	"assent/demo/phone"
	"assent/event"
)

const (
	agentUser = "desk-1"
	agentPass = "correct horse battery"
)

// registering prepares a stage whose station registers.
func registering(t *testing.T) *stage {
	t.Helper()
	s := prepare(t)
	s.edit("assent.yaml", `address: "`+s.agent.URI()+`"`, "register: { user: "+agentUser+`, password: "`+agentPass+`" }`)
	return s
}

func (s *stage) register(p *phone.Phone, life time.Duration) {
	s.t.Helper()
	ctx, done := context.WithTimeout(s.t.Context(), patience)
	defer done()
	must(s.t, p.Register(ctx, s.peer, phone.Login{User: agentUser, Password: agentPass}, life))
}

// station is agent-1 as the API tells it.
func (s *stage) station() api.StationState {
	s.t.Helper()
	_, body := s.get("/v1/stations")
	var list struct{ Items []api.StationState }
	must(s.t, json.Unmarshal([]byte(body), &list))
	if len(list.Items) != 1 {
		s.t.Fatalf("%d stations in %s", len(list.Items), body)
	}
	return list.Items[0]
}

func TestARegisteredStationTakesARecordedCallAndIsFoundAfterARestart(t *testing.T) {
	t.Parallel()
	s := registering(t).start()
	if s.station().Reachable {
		t.Error("reachable before it registered")
	}
	s.register(s.agent, time.Hour)
	if at := s.station(); !at.Reachable || len(at.Bindings) != 1 || at.Bindings[0].Source != s.agent.Addr().String() {
		t.Errorf("the station is at %+v", at)
	}
	before := s.peer
	s.stop()
	s.edit("assent.yaml", "udp://127.0.0.1:0", "udp://"+before.String())
	s.start()

	c := s.dial()
	s.press(c, "1")
	<-s.far
	s.saw(event.RecordingStarted)
	s.hangup(c)
	if cdr := s.cdr(); cdr.Station != "agent-1" || !s.kept(cdr) {
		t.Errorf("%+v", cdr)
	}
	s.register(s.agent, 0)
	if s.station().Reachable {
		t.Error("reachable after it left")
	}
	for _, e := range s.logs.All() {
		if line := e.Message + toText(e.ContextMap()); strings.Contains(line, agentPass) || strings.Contains(line, agentUser) {
			t.Errorf("the log tells %q", line)
		}
	}
}

func toText(v any) string {
	b, _ := json.Marshal(v) // of plain values
	return string(b)
}

func TestAStationRingsWhereverItIsRegisteredAndTheFirstAnswerWins(t *testing.T) {
	t.Parallel()
	s := registering(t)
	rings, err := phone.New(netip.MustParseAddr("127.0.0.1"), "agent-1")
	must(t, err)
	t.Cleanup(rings.Close)
	rung := make(chan *phone.Call, 1)
	rings.OnCall = func(c *phone.Call) phone.Answer {
		rung <- c
		return phone.Answer{} // for ever
	}
	rings.Start()
	s.start()
	s.register(s.agent, time.Hour)
	s.register(rings, time.Hour)

	c := s.dial()
	s.press(c, "1")
	far := <-s.far
	lost := <-rung
	<-lost.Ended()
	if lost.EndedBy() != "CANCEL" {
		t.Errorf("the other place was ended by %q", lost.EndedBy())
	}
	s.saw(event.RecordingStarted)
	s.hangup(c)
	<-far.Ended()
	if cdr := s.cdr(); cdr.Station != "agent-1" || !s.kept(cdr) {
		t.Errorf("%+v", cdr)
	}
}

func TestAStationThatIsNotRegisteredIsUnreachable(t *testing.T) {
	t.Parallel()
	s := registering(t).start()
	c := s.dial()
	s.press(c, "1")
	<-c.Ended()
	if cdr := s.cdr(); cdr.Ending.By == "crash" || cdr.Station != "" || cdr.Recording.Result != "none" {
		t.Errorf("%+v", cdr)
	}
	if left := s.saw(event.QueueLeft); left.Reason != "failure" {
		t.Errorf("the queue was left for %q", left.Reason)
	}
}

func TestATrunkThatProvesItselfCallsFromAnywhere(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", `sources: ["127.0.0.1"]`, "sources: [digest]\n    digest: { user: pbx, password: \""+agentPass+"\" }")
	s.start()
	caller, err := phone.New(netip.MustParseAddr("127.0.0.1"), callerNumber)
	must(t, err)
	t.Cleanup(caller.Close)
	caller.Start()
	ctx, done := context.WithTimeout(t.Context(), patience)
	defer done()
	if _, err := caller.Dial(ctx, s.peer, calledNumber, phone.Options{}); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("without a proof: %v", err)
	}
	if _, err := caller.Dial(ctx, s.peer, calledNumber, phone.Options{Login: phone.Login{User: "pbx", Password: "wrong"}}); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("with a wrong one: %v", err)
	}
	c, err := caller.Dial(ctx, s.peer, calledNumber, phone.Options{Voice: phone.Tone(700, -16), Login: phone.Login{User: "pbx", Password: agentPass}})
	must(t, err)
	s.press(c, "1")
	<-s.far
	s.saw(event.RecordingStarted)
	s.hangup(c)
	if cdr := s.cdr(); cdr.Trunk != "carrier" || !s.kept(cdr) {
		t.Errorf("%+v", cdr)
	}
}
