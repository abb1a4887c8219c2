package app_test

import (
	"testing"
	"time"

	"assent/demo/phone"
	"assent/event"
)

func TestAnAgentHearsTheQueuesWhisperAndTheCallerAndTheRecordingDoNot(t *testing.T) {
	t.Parallel()
	const hz = 1000
	s := prepare(t)
	s.file("prompts/from_support.wav", toneFile(hz, time.Second))
	s.edit("assent.yaml", "support: { stations: [agent-1],", "support: { stations: [agent-1], whisper: from_support,")
	s.agent.OnCall = func(*phone.Call) phone.Answer {
		return phone.Answer{Status: 200, Voice: phone.Tone(1900, -16)}
	}
	s.start()
	call := s.dial()
	s.press(call, "1")
	far := <-s.far
	s.saw(event.CallBridged)
	if got := phone.Level(far.Heard(), hz); got < -24 {
		t.Errorf("before the caller the agent heard the whisper at %.0f dB", got)
	}
	s.until("the parties", func() bool { return phone.Level(far.Heard(), 700) > -24 && phone.Level(call.Heard(), 1900) > -24 })
	s.saw(event.RecordingStarted)
	s.hangup(call)
	left, right := samplesOf(t, s.cdr().Recording.File)
	for who, heard := range map[string][]int16{"the caller": call.Heard(), "channel 0": left, "channel 1": right} {
		if got := phone.Level(heard, hz); got > -40 {
			t.Errorf("%s has the whisper at %.0f dB", who, got)
		}
	}
}
