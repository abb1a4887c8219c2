package call

import (
	"context"
	"time"

	"assent/event"
)

// securePause is a pause for what must not be recorded, such as card data: row
// 13 of the decision.
type securePause struct {
	on    bool
	by    string // who paused, or resumed, last: one of event's By constants
	why   string // timeout, where nobody resumed
	timer *time.Timer
}

// Pause pauses the recording of a running call, whatever it would do next, until
// Resume or control.pause_timeout. Pausing again begins that time anew.
func (m *Manager) Pause(ctx context.Context, id string) (View, error) {
	return m.change(ctx, id, func(c *Call) error { c.pauseSecurely(event.ByAPI); return nil })
}

// Resume ends the pause of a running call; without one it does nothing.
func (m *Manager) Resume(ctx context.Context, id string) (View, error) {
	return m.change(ctx, id, func(c *Call) error { c.resumeSecurely(event.ByAPI); return nil })
}

// pauseSecurely keeps everything out of the recording from now on.
func (c *Call) pauseSecurely(by string) {
	c.secure.stop()
	c.secure.timer = time.AfterFunc(c.rules.Control.PauseTimeout, func() {
		c.mail.postSure(func() { c.forgottenPause() })
	})
	if c.secure.on || c.settling {
		return
	}
	c.secure.on, c.secure.by, c.secure.why = true, by, ""
	c.keys = nil
	c.decide("secure_pause")
}

// resumeSecurely ends the pause; what was received until now stays out.
func (c *Call) resumeSecurely(by string) {
	c.secure.stop()
	if !c.secure.on {
		return
	}
	c.secure.on, c.secure.by = false, by
	c.decide("secure_resume")
}

// forgottenPause ends a pause that nobody ended in time.
func (c *Call) forgottenPause() {
	if !c.secure.on || c.settling {
		return
	}
	c.log.Warn("forgotten pause of the recording ends")
	c.secure.why = "timeout"
	c.resumeSecurely(event.BySystem)
}

// stop stops the timer of a pause, if it runs.
func (p *securePause) stop() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}
