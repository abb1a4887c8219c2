package demo

import (
	"fmt"

	"assent/demo/phone"
	"assent/media/pcm"
	"assent/prompts"
)

// speech is what the telephones say: words, with a tone below them.
type speech struct{ before, after, agent phone.Voice }

func loadSpeech() (s speech, err error) {
	for _, v := range []struct {
		voice *phone.Voice
		file  string
		hz    float64
	}{
		{&s.before, "caller_before", toneBefore}, {&s.after, "caller_after", toneAfter}, {&s.agent, "agent", toneAgent},
	} {
		samples, err := load("demo/" + v.file + ".wav")
		if err != nil {
			return s, err
		}
		*v.voice = phone.Mix(phone.Tone(v.hz, toneGainDB), phone.Speech(samples))
	}
	return s, nil
}

func load(name string) ([]int16, error) {
	b, err := prompts.Files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	wav, err := pcm.DecodeWAV(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return wav.At8k()
}
