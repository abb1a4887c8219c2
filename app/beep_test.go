package app_test

import (
	"testing"

	"assent/demo/phone"
	"assent/event"
)

// beeps counts the times that a phone heard the beep of 1400 Hz, and how loud the loudest was.
func beeps(c *phone.Call) (count int, loudest float64) {
	const block, hop = 800, 200
	loudest, quiet := -120.0, true
	for heard := c.Heard(); len(heard) >= block; heard = heard[hop:] {
		level := phone.Level(heard[:block], 1400)
		loudest = max(loudest, level)
		switch {
		case level > -30 && quiet:
			count++
			quiet = false
		case level < -40:
			quiet = true
		}
	}
	return count, loudest
}

// beeped waits until a phone has heard so many beeps.
func (s *stage) beeped(c *phone.Call, least int) {
	s.t.Helper()
	s.until("a beep", func() bool { count, _ := beeps(c); return count >= least })
}

func TestBothPartiesHearThatTheyAreRecordedAndTheRecordingDoesNot(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", "consent: required }", "consent: required, beep: { enabled: true, every: 1s } }")
	s.start()
	caller, agent := s.talking()
	agent.Say(talk)
	s.beeped(caller, 3)
	s.beeped(agent, 3)
	id := s.saw(event.RecordingStarted).Recording.ID
	if code, body := s.tell("/v1/calls/"+s.saw(event.CallAnswered).Call+"/pause", `{"reason":"card"}`); code >= 300 {
		t.Fatalf("pause: %d %s", code, body)
	}
	s.saw(event.RecordingPaused)
	s.spoken(caller, 20) // what was on its way has come
	before, _ := beeps(agent)
	s.spoken(caller, 120)
	if after, _ := beeps(agent); after != before {
		t.Errorf("%d beeps in a pause", after-before)
	}
	_, level := beeps(agent)
	if level < -26 || level > -22 {
		t.Errorf("the beep has %.1f dB, want -24", level)
	}
	s.hangup(caller)
	cdr := s.cdr()
	if cdr.Recording.ID != id || cdr.Recording.Result == "none" {
		t.Errorf("%+v", cdr.Recording)
	}
	told := sidecar(t, cdr.Recording.File).Beep
	if told == nil || told.Hz != 1400 || told.EveryMS != 1000 || told.LengthMS != 200 || told.GainDB != -24 || told.Count < 3 {
		t.Errorf("the sidecar tells of %+v", told)
	}
	left, right := channels(t, cdr.Recording.File)
	for i, samples := range [][]int16{left, right} {
		for ; len(samples) >= 800; samples = samples[400:] {
			if level := phone.Level(samples[:800], 1400); level > -30 {
				t.Fatalf("channel %d holds the beep, at %.1f dB", i, level)
			}
		}
	}
}

func TestNobodyHearsABeepWithoutARecording(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.edit("assent.yaml", "consent: required }", "consent: required, beep: { enabled: true, every: 1s } }")
	s.start()
	caller := s.dial()
	caller.Say(talk)
	s.press(caller, "2")
	agent := <-s.far
	agent.Say(talk)
	s.until("two seconds of talk", func() bool { return len(agent.Heard()) > 16000 && len(caller.Heard()) > 16000 })
	for who, c := range map[string]*phone.Call{"caller": caller, "agent": agent} {
		if count, level := beeps(c); count > 0 {
			t.Errorf("the %s heard %d beeps, at %.1f dB", who, count, level)
		}
	}
	s.hangup(caller)
	if cdr := s.cdr(); cdr.Recording.Result != "none" {
		t.Errorf("%+v", cdr.Recording)
	}
}
