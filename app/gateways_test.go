package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"assent/api"
	"assent/event"
)

// onward is a flow that sends every caller to a number.
const onward = `
flow: main
start: go
tasks:
  go:
    - transfer_to_number: { name: Onward, number: "+4930555", trunk: out, timeout: 20s, outcomes: { busy: bye, no_answer: bye, failure: bye } }
  bye:
    - disconnect: { name: End }
`

// leaving adds a trunk that calls leave by.
func (s *stage) leaving(keys string) {
	s.t.Helper()
	s.edit("assent.yaml", "stations:\n", "  out:\n"+keys+"stations:\n")
	s.file("flows/main.yaml", onward)
}

func TestACallLeavesByTheGatewayThatTakesIt(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	down, busy := newWire(t), newWire(t)
	s.leaving(fmt.Sprintf(`    gateways:
      - "sip:%s"
      - { address: "sip:%s", priority: 2 }
      - { address: "%s", priority: 3 }
    probe: { interval: 0 }
`, down.addr(), busy.addr(), strings.Replace(s.agent.URI(), "agent-1@", "", 1)))
	s.start()
	c := s.dial()
	first := down.hears("INVITE sip:+4930555@")
	if !strings.Contains(header(first, "Via"), s.peer.String()) {
		t.Errorf("the call comes from %s, not from the listener %s", header(first, "Via"), s.peer)
	}
	down.send(s, strings.Replace(response("503 Service Unavailable", first), "Content-Length", "Retry-After: 600\r\nContent-Length", 1))
	down.hears("ACK ")
	second := busy.hears("INVITE sip:+4930555@")
	busy.send(s, strings.Replace(response("480 Temporarily Unavailable", second), "Content-Length", "Reason: Q.850;cause=34\r\nContent-Length", 1))
	s.saw(event.CallBridged)
	s.hangup(c)
	if cdr := s.cdr(); cdr.Ending.By != "caller" || cdr.Recording.Reason != "consent_missing" {
		t.Errorf("%+v %+v", cdr.Ending, cdr.Recording)
	}
	if n := s.logs.FilterMessage("gateway fails").Len(); n != 2 {
		t.Errorf("%d lines tell of gateways that failed, want 2", n)
	}
	_, body := s.get("/v1/trunks")
	var trunks struct{ Items []api.Trunk }
	must(t, json.Unmarshal([]byte(body), &trunks))
	if g := trunks.Items[1].Gateways; g[0].RestsUntil.IsZero() || !g[1].RestsUntil.IsZero() || !g[2].RestsUntil.IsZero() {
		t.Errorf("%+v: the first shall rest, for it asked to", g)
	}
}

func TestABusyNumberIsNotTriedElsewhere(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	first, second := newWire(t), newWire(t)
	s.leaving(fmt.Sprintf("    gateways: [\"sip:%s\", \"sip:%s\"]\n    probe: { interval: 0 }\n", first.addr(), second.addr()))
	s.start()
	c := s.dial()
	invite := first.hears("INVITE ")
	first.send(s, strings.Replace(response("503 Service Unavailable", invite), "Content-Length", "Reason: Q.850;cause=17\r\nContent-Length", 1))
	first.hears("ACK ")
	s.saw(event.CallEnded)
	<-c.Ended()
	if n := s.logs.FilterMessage("gateway fails").Len(); n != 0 {
		t.Error("the next gateway was tried")
	}
}

func TestATrunkGoesDownAndUpWithItsGateways(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	gateway := newWire(t)
	s.leaving(fmt.Sprintf("    gateways: [\"sip:%s\"]\n    probe: { interval: 1h, timeout: 100ms, threshold: 1 }\n", gateway.addr()))
	s.start()
	if e := s.saw(event.TrunkDown); e.Trunk != "out" {
		t.Errorf("%+v", e)
	}
	s.until("the metric", func() bool {
		_, body := s.get("/metrics")
		return strings.Contains(body, `assent_trunk_up{trunk="out"} 0`)
	})
	go func() { // ends with the wire
		b := make([]byte, 65536)
		for {
			n, err := gateway.conn.Read(b)
			if err != nil {
				return
			}
			_, _ = gateway.conn.WriteToUDPAddrPort([]byte(response("200 OK", string(b[:n]))), s.peer) // the service may have gone
		}
	}()
	s.until("trunk.up", func() bool { // on a slow machine an answer may come too late for its ping, and meets the next
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.app.APIAddr()+"/v1/trunks/out/ping", http.NoBody)
		must(t, err)
		r, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
		must(t, err)
		_ = r.Body.Close()
		_, body := s.get("/metrics")
		return len(s.all(event.TrunkUp)) > 0 && strings.Contains(body, `assent_trunk_up{trunk="out"} 1`)
	})
}
