package actions

import (
	"context"
	"time"

	"assent/flowexec"
)

// holdMusic plays a prompt over and over for a time, and drains before and
// after. No key interrupts it.
var holdMusic = flowexec.Action{Verb: "hold_music", Compile: compileHoldMusic}

type holdMusicStep struct {
	prompt flowexec.Template
	length time.Duration
}

func compileHoldMusic(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	b.Required("prompt", "what to play, the name of a prompt")
	b.Required("length", "how long to play it, such as 30s")
	return holdMusicStep{
		prompt: b.Prompt("prompt"),
		length: b.Duration("length", 30*time.Second, time.Second, 24*time.Hour),
	}, flowexec.Continues()
}

// Run plays the music.
func (s holdMusicStep) Run(ctx context.Context, r *flowexec.Run) (flowexec.Target, error) {
	name, err := r.PromptName(s.prompt)
	if err != nil {
		return flowexec.Target{}, err
	}
	if err := r.Drain(ctx); err != nil {
		return flowexec.Target{}, err
	}
	if err := r.HoldMusic(ctx, name, s.length); err != nil {
		return flowexec.Target{}, err
	}
	return flowexec.Target{}, r.Drain(ctx)
}
