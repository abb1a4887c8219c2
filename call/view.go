package call

import (
	"time"

	"assent/policy"
)

// View is a running call as others may see it: a copy, made at its last event.
type View struct {
	ID         string        `json:"id"`
	Trunk      string        `json:"trunk"`
	Queue      string        `json:"queue"`
	Station    string        `json:"station"`
	Direction  string        `json:"direction"`
	From       string        `json:"from"`
	To         string        `json:"to"`
	StartedAt  time.Time     `json:"started_at"`
	AnsweredAt time.Time     `json:"answered_at,omitzero"`
	Phase      policy.Phase  `json:"phase"`
	Consent    string        `json:"consent" doc:"State of the caller's consent"`
	GateOpen   bool          `json:"gate_open"`
	Recording  RecordingView `json:"recording"`
}

// RecordingView is a running call's recording.
type RecordingView struct {
	ID     string `json:"id" doc:"Empty where no recording was opened"`
	State  string `json:"state" enum:"none,recording,paused" doc:"What happens to audio now"`
	Reason string `json:"reason" doc:"Reason code of the last decision"`
}

// What a running call's recorder does.
const (
	recordingNone   = "none"
	recordingRuns   = "recording"
	recordingPaused = "paused"
)

// look renews the view that others have of the call.
func (c *Call) look() {
	v := View{
		ID: c.id, Trunk: c.trunkName, Queue: c.place.queue, Station: c.place.station, Direction: c.direction(),
		From: c.from(), To: c.to(), StartedAt: c.started.UTC(), AnsweredAt: c.folder.CDR().AnsweredAt.UTC(), Phase: c.place.phase,
		Consent: string(c.consent.state), GateOpen: c.gate.open,
		Recording: RecordingView{State: recordingNone, Reason: string(c.rec.last.Reason)},
	}
	if c.rec.writer != nil {
		v.Recording.ID, v.Recording.State = c.rec.writer.ID(), recordingRuns
		if c.rec.paused != "" {
			v.Recording.State = recordingPaused
		}
	}
	c.view.Store(&v)
}

// Views are the running calls, oldest first. Those that were just taken in and
// have not been looked up in the trunks yet are left out.
func (m *Manager) Views() []View {
	views := []View{}
	for _, c := range m.running() {
		if v := c.view.Load(); v != nil {
			views = append(views, *v)
		}
	}
	return views
}

// View returns the running call of that id, or the one whose recording has it.
func (m *Manager) View(id string) (View, bool) {
	if c := m.find(id); c != nil {
		return *c.view.Load(), true
	}
	return View{}, false
}

// find returns the running call of that id, or the one whose recording has it.
func (m *Manager) find(id string) *Call {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.calls[id]; c != nil && c.view.Load() != nil {
		return c
	}
	for _, c := range m.calls {
		if v := c.view.Load(); v != nil && id != "" && v.Recording.ID == id {
			return c
		}
	}
	return nil
}
