package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"assent/consent"
	"assent/demo/phone"
	"assent/event"
	"assent/ladder"
)

func TestACallsSignallingIsShownWithBothLegsAndWithoutNumbersAndKeys(t *testing.T) {
	t.Parallel()
	s := secured(t, "required", "off", phone.Answer{Voice: phone.Tone(agentHz, -16)})
	c, err := s.dialWith(phone.Options{Voice: phone.Tone(callerHz, -16), Crypto: phone.SRTPSHA1})
	must(t, err)
	s.press(c, "1")
	s.saw(event.RecordingStarted)
	running := s.all(event.CallStarted)[0].Call
	ask[ladder.Trace](s, http.MethodGet, "/v1/calls/"+running+"/trace")
	s.hangup(c)
	s.cdr()
	s.until("the BYE's answer on the other leg", func() bool {
		trace := ask[ladder.Trace](s, http.MethodGet, "/v1/calls/"+running+"/trace")
		last := trace.Messages[len(trace.Messages)-1]
		return last.Dialog == 1 && !last.Sent && last.Line == "200 OK"
	})
	trace := ask[ladder.Trace](s, http.MethodGet, "/v1/calls/"+running+"/trace?numbers=true")
	var legs [2]strings.Builder
	for _, m := range trace.Messages {
		if !m.Again {
			fmt.Fprintf(&legs[m.Dialog], "%v %s, ", m.Sent, m.Line)
		}
	}
	for i, want := range []string{
		"false INVITE, true 100 Trying, true 200 OK, false ACK, false BYE, true 200 OK, ",
		"true INVITE, false 200 OK, true ACK, true BYE, false 200 OK, ",
	} {
		got := strings.ReplaceAll(strings.ReplaceAll(legs[i].String(), "false 100 Trying, ", ""), "false 180 Ringing, ", "")
		if got != want {
			t.Errorf("leg %d: %s want %s", i, got, want)
		}
	}
	if trace.Dialogs[0].Leg != "caller" || trace.Dialogs[1].Leg != "agent-1" || trace.Call != running {
		t.Errorf("%+v", trace.Dialogs)
	}
	code, text := s.request(http.MethodGet, "/v1/calls/"+url.PathEscape(trace.Dialogs[0].CallID)+"/trace?format=text")
	if code != http.StatusOK || strings.Contains(text, strings.TrimPrefix(callerNumber, "+")) || !strings.Contains(text, "inline:[masked]") || strings.Count(text, "inline:") != strings.Count(text, "inline:[masked]") {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := s.request(http.MethodGet, "/v1/calls/none/trace"); code != http.StatusNotFound {
		t.Errorf("a call that never was: %d", code)
	}
	uses := s.uses()
	if first := (consent.UsedData{By: "loopback", Action: "trace", Result: "ok"}); uses[0] != first {
		t.Errorf("audit log: %+v", uses)
	}
	if last := (consent.UsedData{By: "loopback", Action: "trace", Result: "ok", Detail: "with phone numbers"}); uses[len(uses)-2] != last {
		t.Errorf("audit log: %+v", uses)
	}
	if code, body := s.tell("/v1/callers/erase", `{"number":"`+callerNumber+`","reason":"Art. 17"}`); code != http.StatusOK {
		t.Fatalf("erase: %d %s", code, body)
	}
	if code, _ := s.request(http.MethodGet, "/v1/calls/"+running+"/trace"); code != http.StatusNotFound {
		t.Errorf("after the erasure of its caller: %d", code)
	}
}
