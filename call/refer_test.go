package call_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"assent/demo/phone"
	"assent/event"
	"assent/gateway"
	"assent/queue"
	"assent/terms"
	"assent/trunk"
)

// Voices of those who take part in a transfer.
const (
	callerHz = 700
	firstHz  = 900
	secondHz = 1100
)

func voice(hz float64) phone.Answer { return phone.Answer{Status: 200, Voice: phone.Tone(hz, -12)} }

// hears waits until the last half second that a phone heard is a tone.
func (n *node) hears(c *phone.Call, hz float64) {
	n.t.Helper()
	n.until("a voice", func() bool {
		heard := c.Heard()
		return len(heard) > 4000 && phone.Level(heard[len(heard)-4000:], hz) > -24
	})
}

// refer has a phone transfer its call, and returns the answer to the REFER.
func (n *node) refer(c *phone.Call, to string) int {
	n.t.Helper()
	ctx, done := context.WithTimeout(n.t.Context(), patience)
	defer done()
	status, err := c.Refer(ctx, to)
	must(n.t, err)
	return status
}

// told waits for the last word on a transfer.
func (n *node) told(c *phone.Call, want string) {
	n.t.Helper()
	n.until(want, func() bool {
		list := c.Notified()
		return len(list) > 1 && list[0] == "SIP/2.0 100 Trying" && list[len(list)-1] == want
	})
}

func TestAStationTransfersTheCallerAndTheRecordingGoesOnWithTheNext(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, trunk: noConsent, answer: voice(firstHz), second: voice(secondHz)})
	caller := n.dial(phone.Options{Voice: phone.Tone(callerHz, -12)})
	first := n.talk()
	n.hears(first, callerHz)
	n.saw(event.RecordingStarted)
	if status := n.refer(first, n.second.URI()); status != 202 {
		t.Fatalf("REFER got %d", status)
	}
	n.told(first, "SIP/2.0 200 OK")
	second := <-n.far2
	n.hears(second, callerHz)
	n.hears(caller, secondHz)
	<-first.Ended()
	if by := first.EndedBy(); by != "BYE" {
		t.Errorf("who transferred was let go by %q", by)
	}
	n.hangup(caller)
	cdr := n.wantEnding(ended("caller", 200, 16, "bye"))
	if cdr.Station != "agent-2" || cdr.Recording.Result != "ok" && cdr.Recording.Result != "degraded" {
		t.Errorf("%+v", cdr)
	}
	if e := n.saw(event.CallTransferred); e.Station != "agent-2" || e.By != "agent" || e.Detail != "blind" {
		t.Errorf("%+v", e)
	}
	want := []string{"transfer: phase_hold", "transferred: allowed"}
	if got := n.decisions(); !slices.Equal(got[len(got)-2:], want) {
		t.Errorf("decisions %v, want %v at the end", got, want)
	}
	if invite := second.Invite("from"); !strings.Contains(invite, callerNumber) {
		t.Errorf("the second station sees %q", invite)
	}
}

func TestAStationMayLeaveBeforeWhoItTransfersToHasAnswered(t *testing.T) {
	t.Parallel()
	late := voice(secondHz)
	late.After = 300 * time.Millisecond
	n := start(t, plan{flow: queueTasks, trunk: noConsent, answer: voice(firstHz), second: late})
	caller := n.dial(phone.Options{Voice: phone.Tone(callerHz, -12)})
	first := n.talk()
	if status := n.refer(first, "sip:agent-2@anywhere.invalid"); status != 202 { // by its name
		t.Fatalf("REFER got %d", status)
	}
	n.hangup(first)
	n.hears(<-n.far2, callerHz)
	n.hangup(caller)
	if cdr := n.wantEnding(ended("caller", 200, 16, "bye")); cdr.Station != "agent-2" {
		t.Errorf("%+v", cdr)
	}
}

func TestATransferThatNobodyTakesBringsTheTwoTogetherAgain(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, trunk: noConsent, answer: voice(firstHz), second: phone.Answer{Status: 486}})
	caller := n.dial(phone.Options{Voice: phone.Tone(callerHz, -12)})
	first := n.talk()
	if status := n.refer(first, n.second.URI()); status != 202 {
		t.Fatalf("REFER got %d", status)
	}
	n.told(first, "SIP/2.0 486 Busy Here")
	n.hears(caller, firstHz)
	n.hears(first, callerHz)
	if status := n.refer(first, n.second.URI()); status != 202 { // and once more, but nobody waits for its end
		t.Fatalf("REFER got %d", status)
	}
	n.hangup(first)
	cdr := n.record()
	if cdr.Ending.By != "agent" || cdr.Ending.Reason != "transfer_failed" && cdr.Ending.Reason != "bye" {
		t.Errorf("%+v", cdr.Ending)
	}
	if len(n.all(event.CallTransferred)) != 0 {
		t.Error("a transfer that failed was told")
	}
}

func TestATransferIsRefusedWhereTheRuleDoesNotAllowIt(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, trunk: noConsent, answer: voice(firstHz)})
	caller := n.dial(phone.Options{Voice: phone.Tone(callerHz, -12)})
	first := n.talk()
	for _, to := range []string{"sip:+4930555@127.0.0.1", "sip:agent-9@127.0.0.1", "tel:+4930555"} {
		if status := n.refer(first, to); status != 403 {
			t.Errorf("REFER to %s got %d", to, status)
		}
	}
	if status := n.refer(caller, n.second.URI()); status != 403 {
		t.Errorf("the caller's REFER got %d", status)
	}
	n.hears(caller, firstHz)
	n.hangup(caller)
	n.wantEnding(ended("caller", 200, 16, "bye"))

	off := start(t, plan{flow: queueTasks, trunk: noConsent, answer: voice(firstHz), station: func(s *queue.StationConfig) { s.Refer = terms.Off }})
	caller = off.dial(phone.Options{})
	if status := off.refer(off.talk(), off.second.URI()); status != 403 {
		t.Errorf("REFER got %d", status)
	}
	off.hangup(caller)
	off.record()
}

func TestAStationTransfersToANumberByTheTrunkOfTheCall(t *testing.T) {
	t.Parallel()
	peer := newPhone(t, "gateway")
	peer.OnCall = func(*phone.Call) phone.Answer { return voice(secondHz) }
	peer.Start()
	n := start(t, plan{flow: queueTasks, answer: voice(firstHz), station: func(s *queue.StationConfig) { s.Refer = terms.Any },
		trunk: func(c *trunk.Config) {
			noConsent(c)
			c.Gateways = []gateway.Config{{Address: "sip:" + peer.Addr().String()}}
		}})
	caller := n.dial(phone.Options{Voice: phone.Tone(callerHz, -12)})
	first := n.talk()
	if status := n.refer(first, "tel:+49-30-555"); status != 202 {
		t.Fatalf("REFER got %d", status)
	}
	n.hears(caller, secondHz)
	n.hangup(caller)
	n.wantEnding(ended("caller", 200, 16, "bye"))
	if got := n.decisions(); got[len(got)-1] != "transferred: external_only" {
		t.Errorf("decisions %v: only outside parties are left", got)
	}
	if seen := peer.Seen(); !slices.ContainsFunc(seen, func(s string) bool { return strings.HasPrefix(s, "INVITE sip:+4930555@") }) {
		t.Errorf("the gateway saw %v", seen)
	}
}
