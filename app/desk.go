package app

import (
	"context"

	"go.uber.org/zap"

	"assent/audit"
	"assent/call"
	"assent/ladder"
)

// desk is where running calls are worked on from outside: each use of one is in
// the audit log.
type desk struct{ app *App }

// Views are the running calls, oldest first.
func (d desk) Views() []call.View { return d.app.calls.Views() }

// View is the running call of that id, or the one whose recording has it.
func (d desk) View(id string) (call.View, bool) { return d.app.calls.View(id) }

// Change does what action says. What protects a caller is done first, and done
// though the audit log can't be written; what lets more be recorded is written
// down first, or does not happen.
func (d desk) Change(ctx context.Context, by, action, id string) (call.View, error) {
	v, ok := d.app.calls.View(id)
	if !ok {
		return v, call.ErrNoCall
	}
	use := audit.Use{By: by, Action: action, Call: v.ID, Recording: v.Recording.ID, Result: audit.OK}
	m := d.app.calls
	switch action {
	case audit.Hangup:
		return d.first(ctx, m.Hangup, use)
	case audit.Pause:
		return d.first(ctx, m.Pause, use)
	case audit.Withdraw:
		return d.first(ctx, m.Withdraw, use)
	case audit.Resume:
		return d.after(ctx, m.Resume, use)
	}
	return d.after(ctx, m.Grant, use)
}

// Trace is what was said in SIP in a call, which is written down first.
func (d desk) Trace(ctx context.Context, by, id string, numbers bool) (ladder.Trace, error) {
	t, ok := d.app.ladder.Find(id)
	if !ok {
		return t, call.ErrNoCall
	}
	use := audit.Use{By: by, Action: audit.Trace, Call: t.Call, Result: audit.OK}
	if numbers {
		use.Detail = "with phone numbers"
	} else {
		t = t.WithoutNumbers()
	}
	if err := d.app.uses.Write(ctx, use); err != nil {
		return ladder.Trace{}, err
	}
	return t, nil
}

// change is what the manager does to a call.
type change func(ctx context.Context, id string) (call.View, error)

// first does it, then writes down how it ended.
func (d desk) first(ctx context.Context, do change, use audit.Use) (call.View, error) {
	v, err := do(ctx, use.Call)
	if err != nil {
		use.Result = err.Error()
	}
	if failed := d.app.uses.Write(context.WithoutCancel(ctx), use); failed != nil {
		d.app.log.Error("use of a call not written down", zap.String("call", use.Call), zap.String("action", use.Action), zap.Error(failed))
	}
	return v, err
}

// after writes it down, then does it.
func (d desk) after(ctx context.Context, do change, use audit.Use) (call.View, error) {
	if err := d.app.uses.Write(ctx, use); err != nil {
		return call.View{}, err
	}
	return do(ctx, use.Call)
}
