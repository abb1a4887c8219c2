package actions

import (
	"context"
	"time"

	"assent/flowexec"
)

// detectSilence waits, after a drain, until the caller has been silent for a
// time: outcome silence, or timeout.
var detectSilence = flowexec.Action{Verb: "detect_silence", Compile: compileDetectSilence}

type silenceStep struct {
	silence, timeout time.Duration
	outcomes         map[string]flowexec.Target
}

func compileDetectSilence(b *flowexec.Body) (flowexec.Step, flowexec.Traits) {
	outcomes, traits := b.Outcomes("silence", "timeout")
	s := silenceStep{
		silence:  b.Duration("silence", 2*time.Second, 100*time.Millisecond, time.Minute),
		timeout:  b.Duration("timeout", 40*time.Second, time.Second, 10*time.Minute),
		outcomes: outcomes,
	}
	if s.timeout < s.silence {
		b.Report("timeout", "the timeout is shorter than the silence", "a longer timeout")
	}
	return s, traits
}

// Run listens.
func (s silenceStep) Run(ctx context.Context, r *flowexec.Run) (flowexec.Target, error) {
	if err := r.Drain(ctx); err != nil {
		return flowexec.Target{}, err
	}
	silent, err := r.Silence(ctx, s.silence, s.timeout)
	if err != nil {
		return flowexec.Target{}, err
	}
	if silent {
		return s.outcomes["silence"], nil
	}
	return s.outcomes["timeout"], nil
}
