package call

import (
	"context"
	"errors"
)

// What may stand in the way of working on a call from outside.
var (
	// ErrNoCall says that no running call has that id, nor a recording of that id.
	ErrNoCall = errors.New("no such call is running")
	// ErrBusyCall says that too much waits for the call already.
	ErrBusyCall = errors.New("the call has too much to do")
)

// Hangup ends a running call on behalf of who runs the service. It returns once
// the call knows, not once it has ended.
func (m *Manager) Hangup(_ context.Context, id string) (View, error) {
	c := m.find(id)
	if c == nil {
		return View{}, ErrNoCall
	}
	c.cancel(ErrHungUp)
	return *c.view.Load(), nil
}

// change has a running call do something on its own goroutine, and returns how
// the call is then.
func (m *Manager) change(ctx context.Context, id string, do func(*Call) error) (View, error) {
	c := m.find(id)
	if c == nil {
		return View{}, ErrNoCall
	}
	type answer struct {
		view View
		err  error
	}
	answers := make(chan answer, 1) // one answer, whether or not somebody still waits
	if !c.mail.post(func() {
		err := do(c)
		c.look()
		answers <- answer{*c.view.Load(), err}
	}) {
		return View{}, ErrBusyCall
	}
	select {
	case a := <-answers:
		return a.view, a.err
	case <-c.over:
		return View{}, ErrNoCall
	case <-ctx.Done():
		return View{}, context.Cause(ctx)
	}
}
