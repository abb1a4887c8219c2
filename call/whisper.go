package call

import (
	"context"

	"assent/media"
)

// whisper lets the agent hear the queue's announcement, to its end, while the caller waits on and hears nothing of it.
// No recording has the agent yet.
func (c *Call) whisper(ctx context.Context, a *attempt) error {
	clip, ok := c.rules.Prompts.Clip(c.rules.Queues[c.place.queue].Whisper, c.place.language)
	if !ok {
		return nil
	}
	a.stream.Play(clip, media.PlayOptions{Notice: true})
	_, _, err := await(ctx, c, a.stream.Drained(), func() bool { return a.ended })
	return err
}
