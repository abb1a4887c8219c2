package flowexec

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
)

const (
	// maxSteps bounds the actions that one run does: a loop that waits for
	// nobody ends as an error. A caller who listens to hold music of 10 s in a
	// loop reaches it after a day.
	maxSteps = 10_000
	// maxQueued bounds the prompts that wait to be played. The next one waits
	// until they have been, which the caller can't hear.
	maxQueued = 32
	// settleTime bounds what is still done for a caller who has hung up.
	settleTime = 5 * time.Second
	// apologyPrompt is played when a flow without on_error fails, if it exists.
	apologyPrompt = "apology"
)

// ErrFailed is within every error that Run returns.
var ErrFailed = errors.New("flow failed")

// errEndless ends a flow that goes round and round.
var errEndless = fmt.Errorf("%d actions without an end", maxSteps)

// apologyTone says that something is wrong where there is no prompt for it.
var apologyTone = Tone{Hz: 425, Length: time.Second, GainDB: -20}

// Run runs the flow until the call is over, and returns nil then, however it
// came about. When an action fails it tells the Observer, runs the flow's error
// path, which always ends with disconnecting, and returns the error, which is an
// ErrFailed. log is the call's; the failure itself is for the Observer to log.
func (f *Flow) Run(ctx context.Context, c Caller, log *zap.Logger) error {
	r := &Run{
		Caller: c, flow: f, language: f.language,
		log:  log.With(zap.String("flow", f.Name)),
		vars: map[string]string{}, facts: c.Facts(),
	}
	c.Entered(f.Name, f.SHA256)
	err := r.follow(ctx, f.start)
	if over(ctx, err) {
		return nil
	}
	err = fmt.Errorf("%w: %s, action %q: %w", ErrFailed, f.Name, r.action, err)
	c.Failed(f.Name, r.action, err)
	return r.recoverFrom(ctx, err)
}

// Run is one run of a flow for one call: what an action works with.
type Run struct {
	Caller

	flow *Flow
	log  *zap.Logger

	action      string // the name of the one that runs
	steps       int
	queued      int  // prompts since the last drain, or more
	languageSet bool // since the last task began
	unproven    bool // the last answer did not reach the ledger
	language    string
	facts       map[string]string
	vars        map[string]string
}

// follow runs a task and whatever it leads to. It never returns nil: the end of
// a task that leads nowhere disconnects.
func (r *Run) follow(ctx context.Context, t *task) error {
	for t != nil {
		if err := r.enter(ctx); err != nil {
			return err
		}
		next, err := r.task(ctx, t)
		if err != nil {
			return err
		}
		t = next.task
	}
	return r.Disconnect(ctx)
}

// enter begins a task: the first one after a change of language drains.
func (r *Run) enter(ctx context.Context) error {
	if !r.languageSet {
		return nil
	}
	r.languageSet = false
	return r.Drain(ctx)
}

// task runs the actions of a task until one leads to another task.
func (r *Run) task(ctx context.Context, t *task) (Target, error) {
	for i := range t.actions {
		a := &t.actions[i]
		r.action = a.name
		if r.steps++; r.steps > maxSteps {
			return Target{}, errEndless
		}
		if err := ctx.Err(); err != nil {
			return Target{}, err
		}
		r.log.Debug("flow action", zap.String("action", a.name), zap.String("verb", a.verb))
		to, err := a.step.Run(ctx, r)
		if err != nil || to.Given() {
			return to, err
		}
	}
	return Target{}, nil
}

// recoverFrom runs the error path. Its own failure disconnects, and starts no
// error path again.
func (r *Run) recoverFrom(ctx context.Context, cause error) error {
	r.steps = 0
	err := r.apologise(ctx)
	if over(ctx, err) {
		return cause
	}
	r.log.Warn("flow error path failed", zap.String("action", r.action), zap.Error(err))
	if last := r.Caller.Disconnect(ctx); !over(ctx, last) {
		err = errors.Join(err, last)
	}
	return errors.Join(cause, fmt.Errorf("its error path: %w", err))
}

// apologise does what the flow says, or else plays the prompt for it where the
// caller's language has one, or else a tone.
func (r *Run) apologise(ctx context.Context) error {
	if r.flow.onError != nil {
		return r.follow(ctx, r.flow.onError)
	}
	if r.flow.apology && r.Play(ctx, Prompt{Name: apologyPrompt, BargeIn: true}) == nil {
		return r.Disconnect(ctx)
	}
	if err := r.Play(ctx, Prompt{Tone: &apologyTone, BargeIn: true}); err != nil {
		return err
	}
	return r.Disconnect(ctx)
}

// over says whether the call is over: then nothing has failed.
func over(ctx context.Context, err error) bool {
	return err == nil || errors.Is(err, ErrOver) || ctx.Err() != nil
}

// Play queues a prompt. It waits only when very many are queued already.
func (r *Run) Play(ctx context.Context, p Prompt) error {
	if r.queued >= maxQueued {
		if err := r.Drain(ctx); err != nil {
			return err
		}
	}
	r.queued++
	return r.Caller.Play(ctx, p)
}

// Drain returns when every queued prompt has been played.
func (r *Run) Drain(ctx context.Context) error {
	r.queued = 0
	return r.Caller.Drain(ctx)
}

// SetLanguage chooses the language of the prompts from now on. The next task
// begins with a drain.
func (r *Run) SetLanguage(language string) {
	r.language, r.languageSet = language, true
	r.Caller.SetLanguage(language)
}

// Asked says that the running action's consent question begins.
func (r *Run) Asked() { r.Caller.Asked(r.action) }

// NoticeHeard tells whether nothing speaks against the question having been heard.
func (r *Run) NoticeHeard(ctx context.Context) bool { return r.Caller.NoticeHeard(ctx) }

// Warn logs that something is not as it should be in the running action. The
// fields hold no digit and no variable.
func (r *Run) Warn(msg string, fields ...zap.Field) {
	r.log.Warn(msg, append(fields, zap.String("action", r.action))...)
}

// Answer enters the answer to a consent question, also for a caller who has
// hung up meanwhile. A ledger that fails does not end the call: the gate stays
// closed then, whatever the caller said, for nothing could prove it.
func (r *Run) Answer(ctx context.Context, c Consent) error {
	c.Language, c.Action = r.language, r.action
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	err := r.Caller.Answer(settle, c)
	if errors.Is(err, ErrOver) {
		return err
	}
	if r.unproven = err != nil; r.unproven {
		r.log.Warn("consent answer not entered", zap.String("action", r.action), zap.Error(err))
	}
	return nil
}

// OnFile looks the caller up among the stored consents.
func (r *Run) OnFile(ctx context.Context) (bool, error) {
	found, err := r.Caller.OnFile(ctx, r.action)
	if found && err == nil {
		r.unproven = false
	}
	return found, err
}

// EnableRecording drains, and asks that the gate be opened. It fails only with
// the call: what keeps the gate closed is logged, and the flow goes on.
func (r *Run) EnableRecording(ctx context.Context) error {
	if err := r.Drain(ctx); err != nil {
		return err
	}
	if r.unproven {
		r.log.Warn("gate stays closed", zap.String("action", r.action),
			zap.String("because", "the answer is not in the ledger"))
		return nil
	}
	err := r.Caller.EnableRecording(ctx, r.action)
	if over(ctx, err) {
		return err
	}
	r.log.Warn("gate stays closed", zap.String("action", r.action), zap.Error(err))
	return nil
}

// Disconnect drains and ends the call. It never returns nil.
func (r *Run) Disconnect(ctx context.Context) error {
	if err := r.Drain(ctx); err != nil {
		return err
	}
	if err := r.Caller.Disconnect(ctx); err != nil {
		return err
	}
	return ErrOver
}
