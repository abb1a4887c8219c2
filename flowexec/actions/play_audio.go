package actions

import (
	"context"
	"strings"
	"time"

	"assent/flowexec"
)

// playAudio queues a prompt, a file, a tone or a spoken text and goes on at once.
var playAudio = flowexec.Action{Verb: "play_audio", Compile: compilePlayAudio}

type playStep struct {
	prompt flowexec.Template
	text   flowexec.Template // to be spoken, if that is what there is to play
	play   flowexec.Prompt   // its Name comes from prompt
	named  bool
	spoken bool
}

// maxSpeech bounds a spoken text, in bytes, as speech.MaxText does.
const maxSpeech = 2000

// soundKeys are the ways to say what to play.
var soundKeys = []string{"prompt", "file", "tone", "text"}

func compilePlayAudio(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	s := &playStep{}
	var given []string
	for _, key := range soundKeys {
		if b.Has(key) {
			given = append(given, key)
		}
	}
	switch {
	case len(given) == 0:
		b.Report("", "play_audio has nothing to play", "one of prompt, file, tone and text")
	case len(given) > 1:
		b.Report(given[1], "play_audio has "+strings.Join(given, " and "), "one of them")
	case given[0] == "prompt":
		s.named = true
		s.prompt = b.Prompt("prompt")
	case given[0] == "file":
		s.play.File = b.File("file")
	case given[0] == "tone":
		s.play.Tone = compileTone(b)
	default:
		s.spoken = true
		s.text = b.Speech("text", maxSpeech)
		b.Exposes("text", s.text, "the text that tts.command is given")
	}
	s.play.Notice = b.Bool("notice", false)
	s.play.BargeIn = b.Bool("barge_in", !s.play.Notice)
	if s.play.Notice && s.play.BargeIn {
		b.Report("barge_in", "a notice can't be interrupted", "barge_in: false, or no notice")
	}
	return s, flowexec.Continues()
}

func compileTone(b *flowexec.Body) *flowexec.Tone {
	t := b.Sub("tone")
	t.Required("hz", "the tone's frequency, such as 1400")
	t.Required("length", "how long it lasts, such as 200ms")
	tone := &flowexec.Tone{
		Hz:     t.Int("hz", 1400, 20, 3900),
		Length: t.Duration("length", 200*time.Millisecond, 10*time.Millisecond, time.Minute),
		GainDB: t.Float("gain_db", -18, -90, 0),
	}
	t.End()
	return tone
}

// Run queues the sound.
func (s *playStep) Run(ctx context.Context, r *flowexec.Run) (flowexec.Target, error) {
	p := s.play
	if s.named {
		name, err := r.PromptName(s.prompt)
		if err != nil {
			return flowexec.Target{}, err
		}
		p.Name = name
	}
	if s.spoken {
		text, err := r.Expand(s.text)
		if err != nil {
			return flowexec.Target{}, err
		}
		p.Text = text
	}
	return flowexec.Target{}, r.Play(ctx, p)
}
