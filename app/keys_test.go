package app_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"assent/demo/phone"
	"assent/event"
)

// eventsHeard lists the keys of the telephone events that a phone heard, each once.
func eventsHeard(c *phone.Call) (keys string) {
	seen := map[uint32]bool{}
	for _, p := range c.Packets() {
		if p.PayloadType == 101 && len(p.Payload) == 4 && p.Payload[1]&0x80 != 0 && !seen[p.Timestamp] {
			seen[p.Timestamp] = true
			keys += string("0123456789*#ABCD"[p.Payload[0]&15])
		}
	}
	return keys
}

func TestKeysPassBetweenATrunkOfINFOAndAStationOfEvents(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", "    trust_caller: true\n", "    trust_caller: true\n    dtmf: info\n")
	s.start()
	caller, err := phone.New(s.agent.Addr().Addr(), callerNumber)
	must(t, err)
	t.Cleanup(caller.Close)
	caller.Start()
	ctx, done := context.WithTimeout(t.Context(), patience)
	defer done()
	call, err := caller.Dial(ctx, s.peer, calledNumber, phone.Options{Voice: phone.Tone(700, -16)})
	must(t, err)
	s.saw(event.ConsentAsked)
	var pressed time.Time
	s.until("the consent", func() bool { // the window opens when the question is over
		if time.Since(pressed) > pressAgain { // a second 1 behind the answer would be the agent's to hear
			must(t, call.Info(ctx, '1'))
			pressed = time.Now()
		}
		return len(s.all(event.ConsentGranted)) > 0
	})
	far := <-s.far
	s.saw(event.CallBridged)
	must(t, call.Info(ctx, '7'))
	s.until("the caller's 7 at the station", func() bool { return strings.Contains(eventsHeard(far), "7") })
	far.Press("5")
	s.until("the agent's 5 at the caller", func() bool {
		for _, line := range caller.Seen() {
			if strings.HasPrefix(line, "INFO ") {
				return true
			}
		}
		return false
	})
	s.hangup(call)
	if got := eventsHeard(far); got != "7" {
		t.Errorf("the station heard %q: keys for the flow were passed on, or one counted twice", got)
	}
	if got := eventsHeard(call); got != "" {
		t.Errorf("a trunk of INFO heard the events %q too", got)
	}
	if cdr := s.cdr(); cdr.Consent.Method != "info" {
		t.Errorf("%+v", cdr.Consent)
	}
}
