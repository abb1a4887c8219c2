package event

// addRecording takes the decisions about the call's recording, and what became of it.
func (f *Folder) addRecording(e Event) {
	var said Recording
	if e.Recording != nil {
		said = *e.Recording
	}
	switch e.Type {
	case RecordingDecided:
		f.addDecision(said, e.Reason)
	case RecordingStarted:
		f.recording = true
		if !f.cdr.Recording.AudioKept() {
			replace(&f.cdr.Recording.ID, said.ID)
		}
	case RecordingFinalized:
		f.addResult(said, ResultOK)
	case RecordingFailed:
		f.addResult(said, ResultFailed)
	case RecordingDeleted:
		f.remove(said)
	case RecordingStored, CallEnded:
		// "none" adds nothing: it is what holds until something else is said.
		if said.Result != "" && said.Result != ResultNone {
			f.addResult(said, said.Result)
		}
	}
}

// addDecision takes the latest decision. Its reason may stand in the event itself.
func (f *Folder) addDecision(said Recording, reason string) {
	if said.Reason != "" {
		reason = said.Reason
	}
	if said.Decision != "" {
		f.decision = said.Decision
	}
	f.reason = reason
	f.blocked = f.blocked || reason == "recorder_unavailable"
}

// addResult takes what became of a recording; usual is the result if it is not
// said. Where a call had several, one whose audio was kept is not displaced by one
// whose was not.
func (f *Folder) addResult(said Recording, usual string) {
	have := &f.cdr.Recording
	if said.Result == "" {
		said.Result = usual
	}
	next := CDRRecording(said)
	if next.ID == "" || next.ID == have.ID {
		next.ID = have.ID
		replaceUnsaid(&next, *have)
	} else if have.AudioKept() && !next.AudioKept() {
		return
	}
	if !next.AudioKept() {
		next.File, next.SHA256 = "", ""
	}
	*have = next
}

// replaceUnsaid fills what next leaves open from what is known of the same recording.
func replaceUnsaid(next *CDRRecording, known CDRRecording) {
	if next.File == "" {
		next.File = known.File
	}
	if next.SHA256 == "" {
		next.SHA256 = known.SHA256
	}
	if next.DurationMS == 0 {
		next.DurationMS = known.DurationMS
	}
}

// remove takes that the recording's file is gone, as after a withdrawal: audio that
// was begun and is not there.
func (f *Folder) remove(said Recording) {
	if said.ID != "" && said.ID != f.cdr.Recording.ID {
		return
	}
	said.ID = f.cdr.Recording.ID
	if said.Result == "" {
		said.Result = ResultFailed
	}
	f.cdr.Recording = CDRRecording(said)
	f.cdr.Recording.File, f.cdr.Recording.SHA256 = "", ""
}
