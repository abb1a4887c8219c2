package app_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"assent/app"
	"assent/event"
	"assent/media/pcm"
)

// speechFlow says what a variable holds, in German, and goes on to the question.
const speechFlow = `
flow: main
start: greet
tasks:
  greet:
    - set_language: { name: German, language: de }
    - set: { name: Hostile, values: { who: "$(touch pwned); ''\"" } }
    - play_audio: { name: Greet, text: "Guten Tag, ${vars.who}" }
    - flush_audio: { name: Flush }
    - disconnect: { name: End }
`

// toneFile renders a tone as a WAV file.
func toneFile(hz float64, length time.Duration) string {
	samples := pcm.Tone(hz, length, -10)
	head := wav(length)[:44]
	b := []byte(head)
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return string(b)
}

func TestACallerHearsATextOfTheFlow(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.file("flows/main.yaml", speechFlow)
	s.file("tone.wav", toneFile(1000, time.Second))
	s.file("speak", fmt.Sprintf("#!/bin/sh\necho \"$1\" >> %[1]s/said; cat >> %[1]s/said; cat %[1]s/tone.wav\n", s.dir))
	must(t, os.Chmod(s.path("speak"), 0o700))
	s.edit("assent.yaml", "language: en\n", fmt.Sprintf("language: en\ntts: { command: [%q, \"{language}\"] }\n", s.path("speak")))
	s.start()
	for range 2 {
		call := s.dial()
		<-call.Ended()
		heard, ear := 0, pcm.NewGoertzel(1000, 8000)
		for piece := range slices.Chunk(call.Heard(), 160) {
			if ear.Level(piece) > -20 {
				heard++
			}
		}
		if heard < 40 { // of 50 packets
			t.Errorf("the caller heard %d pieces of the text", heard)
		}
	}
	said, err := os.ReadFile(s.path("said"))
	must(t, err)
	if want := "de\nGuten Tag, $(touch pwned); ''\"\n"; string(said) != want {
		t.Errorf("the command was asked to say %q, want %q, once", said, want)
	}
}

func TestATextThatCannotBeSpokenTakesTheErrorPath(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.file("flows/main.yaml", speechFlow)
	s.edit("assent.yaml", "language: en\n", "language: en\ntts: { command: [\"false\"] }\n")
	s.start()
	call := s.dial()
	if failed := s.saw(event.FlowFailed); failed.Action != "Greet" || strings.Contains(failed.Detail, "Tag") {
		t.Errorf("%+v", failed)
	}
	<-call.Ended()
}

func TestAConfigurationWhoseTextsNobodyCanSpeakIsRefused(t *testing.T) {
	t.Parallel()
	s := prepare(t)
	s.file("flows/main.yaml", speechFlow)
	s.edit("assent.yaml", "language: en\n", "language: en\ntts: { command: [no-such-command] }\n")
	_, err := app.Check(s.options())
	if err == nil || !strings.Contains(err.Error(), `nothing can be spoken: tts.command "no-such-command"`) {
		t.Errorf("error %v", err)
	}
}
