package call

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"assent/event"
	"assent/flowexec"
	"assent/media"
	"assent/media/dtmf"
	"assent/sip"
)

// ivr is the call as a flow sees it. It is all that a flow can do with a call;
// recorder and policy are out of its reach.
type ivr struct{ *Call }

var _ flowexec.Caller = ivr{}

// Facts are the values that a flow's ${call.…} may use.
func (v ivr) Facts() map[string]string {
	return map[string]string{"call.id": v.id, "call.from": v.from(), "call.to": v.to(), "call.trunk": v.trunkName, "call.direction": v.direction(),
		"call.verdict": string(v.vouched.Verdict), "call.attestation": string(v.vouched.Attestation)}
}

// Play queues a prompt towards the caller and returns at once, or once a text is spoken for the first time.
func (v ivr) Play(ctx context.Context, p flowexec.Prompt) error {
	clip, err := v.clip(ctx, p)
	if err != nil {
		return err
	}
	v.questionBegan()
	v.caller.stream.Play(clip, media.PlayOptions{BargeIn: p.BargeIn && !p.Notice, Notice: p.Notice})
	return nil
}

func (v ivr) clip(ctx context.Context, p flowexec.Prompt) (*media.Clip, error) {
	switch {
	case p.Tone != nil:
		return v.rules.Prompts.Tone(p.Tone.Hz, p.Tone.Length, p.Tone.GainDB), nil
	case p.File != "":
		return v.rules.Prompts.File(p.File)
	case p.Name == "":
		return v.speech(ctx, p.Text)
	}
	clip, ok := v.rules.Prompts.Clip(p.Name, v.place.language)
	if !ok {
		return nil, fmt.Errorf("prompt %q is missing in language %q", p.Name, v.place.language)
	}
	return clip, nil
}

// speech returns a text as speech in the call's language. The call lives on while it is made.
func (v ivr) speech(ctx context.Context, text string) (clip *media.Clip, err error) {
	language := v.place.language
	err = v.Await(ctx, func(ctx context.Context) (err error) {
		clip, err = v.rules.Speech.Clip(ctx, language, text)
		return err
	})
	return clip, err
}

// Drain waits until all that is queued has been played to its last sample.
func (v ivr) Drain(ctx context.Context) error {
	if err := v.drain(ctx); err != nil {
		return err
	}
	v.questionOver()
	return nil
}

func (c *Call) drain(ctx context.Context) error {
	_, _, err := await(ctx, c, c.caller.stream.Drained(), never)
	return err
}

// never is for waits that only a channel or the call's end ends.
func never() bool { return false }

// SetLanguage changes the folder that later prompts come from.
func (v ivr) SetLanguage(language string) { v.place.language = language }

// HoldMusic plays music for length, then goes on.
func (v ivr) HoldMusic(ctx context.Context, prompt string, length time.Duration) error {
	v.playMusic(prompt)
	_, err := v.wait(ctx, length, never)
	v.caller.stream.Stop()
	return err
}

// Digit returns the oldest key that waits, or the next one within timeout;
// flowexec.ErrTimeout after it. A timeout of 0 only looks.
func (v ivr) Digit(ctx context.Context, timeout time.Duration) (flowexec.Key, error) {
	v.mail.serve()
	if timeout > 0 {
		if _, err := v.wait(ctx, timeout, func() bool { return len(v.keys) > 0 }); err != nil {
			return flowexec.Key{}, err
		}
	}
	if len(v.keys) == 0 {
		return flowexec.Key{}, flowexec.ErrTimeout
	}
	key := v.keys[0]
	v.keys = v.keys[1:]
	return flowexec.Key{Digit: key.Key, Method: key.Method, Ref: key}, nil
}

// ClearDigits forgets every key typed so far.
func (v ivr) ClearDigits() {
	v.caller.stream.ForgetKeys() // also the one that is down now
	v.mail.serve()               // those on their way were typed before
	v.keys = nil
}

// Silence tells whether the caller was silent for silence within timeout.
func (v ivr) Silence(ctx context.Context, silence, timeout time.Duration) (bool, error) {
	v.quiet = false
	v.caller.stream.Listen(silence)
	defer v.caller.stream.Listen(0)
	return v.wait(ctx, timeout, func() bool { return v.quiet })
}

// Await runs f, which may take its time, and serves the call meanwhile; a hangup
// cancels f's context. It returns when f has.
func (v ivr) Await(ctx context.Context, f func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- f(ctx) }() // waited for below
	err, finished, gone := await(ctx, v.Call, done, func() bool { return false })
	if finished {
		return err
	}
	stop()
	<-done
	return gone
}

// Disconnect ends the call from our side.
func (v ivr) Disconnect(context.Context) error { return flowexec.ErrOver }

// onInfo takes a key from SIP INFO of a party; its stream takes it where its
// dtmf setting allows that.
func (c *Call) onInfo(p *party, e sip.Info) {
	key, _, err := dtmf.ParseInfo(e.ContentType, e.Body)
	if err != nil {
		c.log.Info("INFO without a key", zap.String("leg", p.name), zap.String("content_type", e.ContentType)) // the error quotes the body
		return
	}
	if p.stream != nil {
		p.stream.Inject(key, media.MethodInfo)
	}
}

// tellKey sends a key that the other party pressed as SIP INFO.
func (c *Call) tellKey(n media.KeyNotice) {
	leg := c.caller.leg
	if a := c.agent; a != nil && n.Stream == a.stream {
		leg = a.leg
	} else if n.Stream != c.caller.stream {
		return // its party has left
	}
	if err := leg.Info(dtmf.InfoType, dtmf.FormatInfo(n.Key, n.Length)); err != nil {
		c.log.Info("key not passed on", zap.Error(err))
	}
}

// Entered tells that the flow starts.
func (v ivr) Entered(flow, sha256 string) {
	v.publish(event.Event{Type: event.FlowEntered, Flow: flow, Detail: "sha256:" + sha256})
}

// Failed tells that an action failed and the flow's error path takes over.
func (v ivr) Failed(flow, action string, err error) {
	v.log.Warn("flow failed", zap.String("flow", flow), zap.String("action", action), zap.Error(err))
	v.publish(event.Event{Type: event.FlowFailed, Flow: flow, Action: action, Detail: err.Error()})
}
