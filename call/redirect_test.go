package call_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"assent/demo/phone"
	"assent/event"
	"assent/queue"
	"assent/terms"
	"assent/trunk"
)

func TestAStationSendsACallToAnotherStation(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, trunk: noConsent, answer: phone.Answer{Status: 302, Contact: "sip:agent-2@anywhere.invalid"}, second: voice(secondHz)})
	caller := n.dial(phone.Options{Voice: phone.Tone(callerHz, -12)})
	n.hears(<-n.far2, callerHz)
	n.hangup(caller)
	if cdr := n.wantEnding(ended("caller", 200, 16, "bye")); cdr.Station != "agent-2" {
		t.Errorf("station %s", cdr.Station)
	}
}

func TestStationsThatSendACallRoundInACircleAreAskedOnceEach(t *testing.T) {
	t.Parallel()
	n := start(t, plan{flow: queueTasks, trunk: noConsent, answer: phone.Answer{Status: 302, Contact: "sip:agent-2@x.invalid"},
		second: phone.Answer{Status: 302, Contact: "sip:agent-1@x.invalid"}})
	n.dial(phone.Options{})
	n.record()
	for _, p := range []*phone.Phone{n.agent, n.second} {
		if invites := slices.DeleteFunc(p.Seen(), func(s string) bool { return !strings.HasPrefix(s, "INVITE") }); len(invites) != 1 {
			t.Errorf("%s was called %d times", p.User, len(invites))
		}
	}
}

func TestARedirectionOutOfTheConfigurationIsNotFollowed(t *testing.T) {
	t.Parallel()
	stranger := newPhone(t, "stranger")
	stranger.Start()
	for _, rule := range []string{terms.Off, terms.Known, terms.Any} { // a number is not an address, whatever the rule
		n := start(t, plan{flow: queueTasks, trunk: noConsent, answer: phone.Answer{Status: 302, Contact: stranger.URI()},
			station: func(s *queue.StationConfig) { s.Redirect = rule }})
		n.dial(phone.Options{})
		n.record()
	}
	if seen := stranger.Seen(); len(seen) != 0 {
		t.Errorf("a stranger was called: %v", seen)
	}
}

// earlyTrunk lets the agent answer.
func earlyTrunk(c *trunk.Config) {
	noConsent(c)
	c.Answer = trunk.AnswerOnAgent
}

func TestTheCallerHearsTheStationsEarlyMediaAndIsNotRecordedYet(t *testing.T) {
	t.Parallel()
	early := phone.Answer{Status: 200, Early: true, After: time.Second, Voice: phone.Tone(firstHz, -12)}
	n := start(t, plan{flow: queueTasks, trunk: earlyTrunk, answer: early})
	caller := n.dial(phone.Options{Voice: phone.Tone(callerHz, -12)})
	n.talk()
	bridged := n.saw(event.CallBridged)
	if heard := caller.Heard(); !hasTone(heard, firstHz) {
		t.Error("no early media was heard")
	}
	began := n.saw(event.RecordingStarted)
	n.hangup(caller)
	n.wantEnding(ended("caller", 200, 16, "bye"))
	if began.Time.Before(bridged.Time) {
		t.Error("early media was recorded")
	}
}

// hasTone finds a fifth of a second of a tone.
func hasTone(samples []int16, hz float64) bool {
	const piece = 1600
	for ; len(samples) >= piece; samples = samples[piece:] {
		if phone.Level(samples[:piece], hz) > -24 {
			return true
		}
	}
	return false
}

func TestMusicGoesOnWhenAStationThatWasHeardRefuses(t *testing.T) {
	t.Parallel()
	early := phone.Answer{Status: 486, Early: true, After: 300 * time.Millisecond, Voice: phone.Tone(firstHz, -12)}
	n := start(t, plan{flow: queueTasks, trunk: earlyTrunk, answer: early})
	c, err := n.tryDial(calledNumber, phone.Options{})
	if err == nil || c.Status() != 480 {
		t.Fatalf("%v", err)
	}
	n.wantEnding(ended("flow", 480, 20, "no_station"))
}
