package dtmf

import "time"

// mergeWindow is how far apart two reports of one press by different methods may lie.
const mergeWindow = 500 * time.Millisecond

// Merger drops the second report of a press that comes by two methods, say as a telephone event and as SIP INFO. Two
// quick presses of a key by one method are two presses. Its zero value is ready.
type Merger struct {
	recent [mergeDepth]report // owned by the caller's goroutine
	next   int
}

// mergeDepth is how many accepted presses are compared: more than fit into mergeWindow.
const mergeDepth = 8

type report struct {
	digit  byte
	method string
	at     time.Time
	echoed [2]string // other methods that have reported it too
}

// Accept tells whether a key reported by method at now is a press of its own. Each accepted press takes up one report
// by each other method, so that two quick presses, both reported twice, are two.
func (m *Merger) Accept(digit byte, method string, now time.Time) bool {
	if old := m.echoed(digit, method, now); old != nil {
		old.note(method)
		return false
	}
	m.recent[m.next] = report{digit: digit, method: method, at: now}
	m.next = (m.next + 1) % len(m.recent)
	return true
}

// Echoes tells whether Accept would take a report for that of a press that is known, and changes nothing: what method
// reports at now, whose end is yet to come, has been reported by another.
func (m *Merger) Echoes(digit byte, method string, now time.Time) bool {
	return m.echoed(digit, method, now) != nil
}

// echoed returns the oldest press that another method has reported lately, and this one not; nil if there is none.
func (m *Merger) echoed(digit byte, method string, now time.Time) *report {
	for i := range m.recent {
		old := &m.recent[(m.next+i)%len(m.recent)] // oldest first
		if old.digit == digit && old.method != method && now.Sub(old.at) < mergeWindow && old.open(method) {
			return old
		}
	}
	return nil
}

// open tells whether method has not reported this press yet.
func (r *report) open(method string) bool {
	for _, seen := range r.echoed {
		switch seen {
		case method:
			return false
		case "":
			return true
		}
	}
	return false
}

// note notes that method has reported this press too.
func (r *report) note(method string) {
	for i, seen := range r.echoed {
		if seen == "" {
			r.echoed[i] = method
			return
		}
	}
}
