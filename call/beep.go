package call

import (
	"assent/consent"
	"assent/media"
	"assent/recorder"
)

// beep lets the parties hear that they are recorded, where their trunk wants that:
// from when the entry that permits the recording is durable, for no earlier is it
// certain that there is one.
func (c *Call) beep(permitted *consent.Pending) {
	b := c.trunk.Recording.Beep
	if !b.Enabled || c.rec.tap == nil || c.rec.evidence != permitted {
		return
	}
	c.rec.tap.Beep(media.Beep{Hz: b.Hz, Length: b.Length, Every: b.Every, GainDB: b.GainDB})
	c.rec.writer.Update(func(s *recorder.Spec) {
		s.Beep = &recorder.Beep{Hz: b.Hz, LengthMS: b.Length.Milliseconds(), EveryMS: b.Every.Milliseconds(), GainDB: b.GainDB}
	})
}

// countBeeps tells the recording how many beeps there were, once its tap is closed.
func (c *Call) countBeeps() {
	if c.rec.tap == nil || !c.trunk.Recording.Beep.Enabled {
		return
	}
	count := c.rec.tap.Beeps()
	c.rec.writer.Update(func(s *recorder.Spec) {
		if s.Beep != nil {
			s.Beep.Count = count
		}
	})
}
