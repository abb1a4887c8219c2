package event

import "strings"

// Fold returns the record of the call whose events are given, in their order. It
// is what a Folder returns that was given them one by one.
func Fold(events []Event) CDR {
	f := NewFolder()
	for _, e := range events {
		f.Add(e)
	}
	return f.CDR()
}

// Folder makes the record of one call while its events happen. It is not safe for
// concurrent use.
type Folder struct {
	cdr   CDR
	began bool // an event came
	ended bool // call.ended came

	decision  string // of the last decision
	reason    string // of the last decision
	blocked   bool   // a decision was "recorder_unavailable"
	recording bool   // a recording began
}

// NewFolder returns a folder for a call of which nothing happened yet.
func NewFolder() *Folder {
	return &Folder{cdr: CDR{Consent: CDRConsent{State: "not_asked"}}, decision: "no"}
}

// Ended reports whether the call's end has come. From then on only what its
// recording still does changes the record.
func (f *Folder) Ended() bool { return f.ended }

// Add takes the next event of the call. It keeps nothing that e points at.
func (f *Folder) Add(e Event) {
	if f.ended {
		if strings.HasPrefix(string(e.Type), "recording.") {
			f.addRecording(e)
		}
		return
	}
	f.identify(e)
	f.addConsent(e)
	f.addRecording(e)
	f.addCall(e)
}

// CDR returns the record as far as the call has come.
func (f *Folder) CDR() CDR {
	c := f.cdr
	if c.Recording.Result == "" {
		c.Recording.Result = f.resultUnsaid()
	}
	c.Recording.Decision, c.Recording.Reason = f.decision, f.reason
	if c.Recording.AudioKept() {
		c.Recording.Decision, c.Recording.Reason = "record", "allowed"
	}
	return c
}

// resultUnsaid is the result of a call whose recorder said nothing about it: one
// that began and never reported has no usable file.
func (f *Folder) resultUnsaid() string {
	switch {
	case f.recording:
		return ResultFailed
	case f.blocked:
		return ResultBlocked
	}
	return ResultNone
}

// identify takes from any event what says which call it is; the first to say wins.
func (f *Folder) identify(e Event) {
	if !f.began {
		f.began = true
		f.cdr.StartedAt = e.Time
	}
	for _, field := range []struct{ have, said *string }{
		{&f.cdr.ID, &e.Call},
		{&f.cdr.Trunk, &e.Trunk},
		{&f.cdr.Direction, &e.Direction},
		{&f.cdr.From, &e.From},
		{&f.cdr.To, &e.To},
		{&f.cdr.ConfigVersion, &e.ConfigVersion},
	} {
		if *field.have == "" {
			*field.have = *field.said
		}
	}
}

// addCall takes the steps of the call itself.
func (f *Folder) addCall(e Event) {
	switch e.Type {
	case CallStarted:
		f.cdr.StartedAt = e.Time
	case CallAnswered:
		if f.cdr.AnsweredAt.IsZero() {
			f.cdr.AnsweredAt = e.Time
		}
	case CallBridged, CallTransferred, QueueEntered:
		replace(&f.cdr.Queue, e.Queue)
		replace(&f.cdr.Station, e.Station)
	case CallVerified, CallSigned:
		f.addStir(e)
	case CallRefused:
		f.cdr.EndedAt = e.Time
		f.addEnding(e)
	case CallEnded:
		f.ended = true
		f.cdr.EndedAt = e.Time
		f.addEnding(e)
	}
	if e.Quality != nil {
		f.addQuality(*e.Quality)
	}
}

// addStir takes who vouches for the caller's number; the latest word holds.
func (f *Folder) addStir(e Event) {
	if e.Stir == nil {
		return
	}
	s, have := e.Stir, &f.cdr.Stir
	if e.Type == CallSigned {
		have.Signed, have.SignedOrigID = s.Attestation, s.OrigID
		return
	}
	have.Verdict, have.Attestation, have.Reason, have.Signer, have.OrigID = s.Verdict, s.Attestation, s.Reason, s.Signer, s.OrigID
}

// addEnding takes how the call ended; a refusal's cause stands where the end that
// follows it says nothing.
func (f *Folder) addEnding(e Event) {
	end := &f.cdr.Ending
	replace(&end.By, e.By)
	if end.By == "" {
		end.By = BySystem
	}
	replace(&end.Reason, e.Reason)
	if e.SIP != 0 {
		end.SIP = e.SIP
	}
	if e.Q850 != 0 {
		end.Q850 = e.Q850
	}
}

// addQuality takes the figures of those parties that have some.
func (f *Folder) addQuality(q Quality) {
	if q.Caller != nil {
		caller := *q.Caller
		f.cdr.Quality.Caller = &caller
	}
	if q.Agent != nil {
		agent := *q.Agent
		f.cdr.Quality.Agent = &agent
	}
}

// addConsent takes the consent's state from the events that are about it, and its
// method and ledger entry from any event that says them. The latest answer holds.
func (f *Folder) addConsent(e Event) {
	c := &f.cdr.Consent
	if state, ok := strings.CutPrefix(string(e.Type), "consent."); ok && e.Type != ConsentAsked {
		*c = CDRConsent{State: state}
	}
	if e.Consent == nil {
		return
	}
	if e.Type == RecordingGateOpened || c.Method == "" {
		replace(&c.Method, e.Consent.Method)
	}
	if e.Consent.Ledger != nil && (c.Ledger == nil || strings.HasPrefix(string(e.Type), "consent.")) {
		entry := *e.Consent.Ledger
		c.Ledger = &entry
	}
}

// replace sets *have to said, unless nothing was said.
func replace(have *string, said string) {
	if said != "" {
		*have = said
	}
}
