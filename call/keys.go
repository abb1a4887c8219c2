package call

import (
	"strings"
	"time"

	"assent/event"
	"assent/media"
	"assent/policy"
)

// interKey is how long a sequence of keys may take from one key to the next.
const interKey = 3 * time.Second

// sequence is what one party has pressed of a sequence that controls the
// recording. It never holds more than the longest sequence, and no key of a
// party that was given none.
type sequence struct {
	pressed string
	at      time.Time
}

// add takes a key and returns the one of the sequences that it completes, or "".
// Keys that begin none of them are forgotten at once.
func (s *sequence) add(key byte, now time.Time, sequences ...string) string {
	if now.Sub(s.at) > interKey {
		s.pressed = ""
	}
	s.at = now
	for s.pressed += string(key); s.pressed != ""; s.pressed = s.pressed[1:] {
		for _, whole := range sequences {
			if whole != "" && s.pressed == whole {
				s.pressed = ""
				return whole
			}
			if strings.HasPrefix(whole, s.pressed) {
				return ""
			}
		}
	}
	return ""
}

// onKey takes a key of a party. The caller's are the flow's while one asks, and
// are kept for it; a station's only act on the recording. While the recording is
// paused for card data no key of the caller is kept at all.
func (c *Call) onKey(s *media.Stream, d media.Digit) {
	switch {
	case c.placed != nil && s == c.caller.stream, c.agent != nil && s == c.agent.stream && c.agent.station != "":
		c.onStationKey(d.Key)
	case s == c.caller.stream:
		c.onCallerKey(d)
	case c.placed != nil && s == c.far().audio():
		c.onTalkerKey(d.Key)
	}
}

// onCallerKey keeps a key for the flow that asks, or may ask later.
func (c *Call) onCallerKey(d media.Digit) {
	if c.place.phase != policy.PhaseIVR {
		c.onTalkerKey(d.Key)
	}
	if c.agent == nil && len(c.keys) < maxKeys && !c.secure.on {
		c.keys = append(c.keys, d)
	}
}

// onStationKey follows the sequences by which a station pauses and resumes.
func (c *Call) onStationKey(key byte) {
	control := c.rules.Control
	switch done := c.stationKeys.add(key, c.deps.Now(), control.PauseKeys, control.ResumeKeys); {
	case done == "":
	case done == control.PauseKeys && !(c.secure.on && done == control.ResumeKeys): // one sequence for both toggles
		c.pauseSecurely(event.ByAgent)
	default:
		c.resumeSecurely(event.ByAgent)
	}
}

// onTalkerKey follows the sequence by which a caller who talks or waits takes
// the consent back.
func (c *Call) onTalkerKey(key byte) {
	if c.callerKeys.add(key, c.deps.Now(), c.rules.Control.WithdrawKeys) != "" {
		c.withdraw(event.ByCaller)
	}
}
