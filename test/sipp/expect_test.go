package sipp

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assent/demo/phone"
	"assent/event"
)

// want is what a story must leave behind.
type want struct {
	By, Reason    string // how the call ended
	SIP, Q850     int    // 0 is not looked at
	Consent       string // the state
	Method        string // how it was given
	Queue         string
	Station       string
	Result        string // of the recording
	Why           string // the decision's reason
	Ledger        string // the entries' types in order, space between
	From          string // "" is the caller's number
	NeverAnswered bool
}

// The ledgers that calls leave.
const (
	ledgerOfRecording = "consent barrier started sealed"
	ledgerOfAnswer    = "consent"
	ledgerOfNothing   = ""
)

// recorded is a call that said yes, by method, and was recorded.
func recorded(method string) want {
	return want{By: event.ByCaller, Reason: "bye", Consent: "granted", Method: method, Queue: "support", Station: "agent-0",
		Result: event.ResultOK, Why: "allowed", Ledger: ledgerOfRecording}
}

// unrecorded is a call that was connected and not recorded, for the reason why.
func unrecorded(consent, why string) want {
	w := want{By: event.ByCaller, Reason: "bye", Consent: consent, Queue: "support", Station: "agent-0", Result: event.ResultNone, Why: why}
	if consent != "not_asked" {
		w.Ledger = ledgerOfAnswer
	}
	return w
}

// leaves checks that the world's only call left what is wanted, and what holds
// for every call.
func (w *world) leaves(want want) event.CDR {
	w.t.Helper()
	cdr := w.CDR(1)
	w.matches(cdr, want)
	w.always()
	return cdr
}

// matches holds a record, and its ledger, against what is wanted.
func (w *world) matches(cdr event.CDR, want want) {
	w.t.Helper()
	same := func(what string, got, wanted any) {
		w.t.Helper()
		if got != wanted {
			w.t.Errorf("%s of the call: %v, want %v", what, got, wanted)
		}
	}
	same("end", cdr.Ending.By+" "+cdr.Ending.Reason, want.By+" "+want.Reason)
	if want.SIP != 0 {
		same("SIP status", cdr.Ending.SIP, want.SIP)
	}
	if want.Q850 != 0 {
		same("Q.850 cause", cdr.Ending.Q850, want.Q850)
	}
	same("answer", cdr.AnsweredAt.IsZero(), want.NeverAnswered)
	same("consent", cdr.Consent.State, want.Consent)
	if want.Method != "" {
		same("method of consent", cdr.Consent.Method, want.Method)
	}
	same("place", cdr.Queue+"/"+cdr.Station, want.Queue+"/"+want.Station)
	result := cdr.Recording.Result
	if result == event.ResultDegraded && w.onlyLate(cdr) {
		result = event.ResultOK
	}
	if same("recording", result, want.Result); w.t.Failed() && cdr.Recording.File != "" {
		w.t.Logf("sidecar: %s", w.sidecar(cdr))
	}
	same("reason of the recording", cdr.Recording.Reason, want.Why)
	same("file", cdr.Recording.AudioKept(), cdr.Recording.File != "")
	same("caller", strings.TrimPrefix(cdr.From, "+"), cmp.Or(want.From, callerNumber))

	var types []string
	for _, record := range w.Ledger(cdr.ID) {
		types = append(types, record.Type)
	}
	same("ledger", strings.Join(types, " "), want.Ledger)
	same("ledger entry in the CDR", cdr.Consent.Ledger != nil, slices.Contains(types, "consent"))
	if want.By != event.ByCrash {
		w.toldInOrder(cdr, want)
	}
	if code, out := w.Verb("explain", "call", cdr.ID); code != 0 || !strings.Contains(out, want.Why) {
		w.t.Errorf("explain call exits with %d and does not name %s: %s", code, want.Why, out)
	}
}

// toldInOrder checks the call's events in the log: one beginning, one end, and
// for a recording the steps to it in the order that the law asks for.
func (w *world) toldInOrder(cdr event.CDR, want want) {
	w.t.Helper()
	var steps []event.Type
	if want.Ledger == ledgerOfRecording {
		steps = []event.Type{event.ConsentGranted, event.RecordingGateOpened, event.RecordingStarted, event.RecordingFinalized}
	}
	w.logged(`"msg":"call.ended","call":"` + cdr.ID) // the log comes by a pipe
	lines := slices.DeleteFunc(strings.Split(w.Log(), "\n"), func(line string) bool { return !strings.Contains(line, cdr.ID) })
	told := func(step event.Type) (at, times int) {
		for i, line := range lines {
			if strings.Contains(line, `"msg":"`+string(step)+`"`) {
				at, times = i, times+1
			}
		}
		return at, times
	}
	before := -1
	for _, step := range slices.Concat([]event.Type{event.CallStarted}, steps, []event.Type{event.CallEnded}) {
		at, times := told(step)
		if times != 1 || at <= before {
			w.t.Errorf("%s was told %d times, last in line %d of the call's, after line %d", step, times, at, before)
		}
		before = at
	}
}

// onlyLate tells whether all that a recording lacks came too late: SIPp, starved
// on a busy machine, sends its audio in bursts.
func (w *world) onlyLate(cdr event.CDR) bool {
	w.t.Helper()
	var sidecar struct {
		Loss []struct {
			Lost int64 `json:"lost_ms"`
			Late int64 `json:"late_ms"`
		}
	}
	if err := json.Unmarshal([]byte(w.sidecar(cdr)), &sidecar); err != nil {
		w.t.Error(err)
	}
	for _, loss := range sidecar.Loss {
		if loss.Lost > loss.Late {
			return false
		}
	}
	return len(sidecar.Loss) > 0
}

// sidecar is the text of a recording's sidecar.
func (w *world) sidecar(cdr event.CDR) string {
	w.t.Helper()
	return read(w.t, filepath.Join(w.Dir, "recordings", cdr.Recording.ID+".json"))
}

// always checks what holds whatever the story: one record a call, as many files
// as records say, a valid ledger, no wildcard address in a message, nothing of one side's
// signalling on the other, and a log without numbers and errors.
func (w *world) always() {
	w.t.Helper()
	w.filesMatchRecords()
	ids := map[string]bool{}
	for _, cdr := range w.CDRs() {
		if ids[cdr.ID] {
			w.t.Errorf("call %s has two CDRs", cdr.ID)
		}
		ids[cdr.ID] = true
	}
	if code, out := w.Verb("consent", "verify"); code != 0 {
		w.t.Errorf("consent verify exits with %d: %s", code, out)
	}
	for _, s := range w.callers {
		s.neverGot("0.0.0.0", "overtone", w.station(0).String(), w.station(1).String())
	}
	for _, s := range w.agents {
		if s != nil {
			s.neverGot("0.0.0.0", "telltale", w.caller().String())
		}
	}
	if w.Wait(time.Millisecond) < 0 { // it still runs
		if _, metrics := w.Get("/metrics"); !strings.Contains(metrics, "\nassent_recording_unconsented_samples_total 0\n") {
			w.t.Error("assent_recording_unconsented_samples_total is not 0")
		}
	}
	log := w.Log()
	for _, word := range []string{callerNumber, calledNumber, "panic", `"level":"error"`} {
		if strings.Contains(log, word) {
			w.t.Errorf("the log contains %s", word)
		}
	}
}

// neverGot checks that none of the words stood in a message that came.
func (s *sipp) neverGot(words ...string) {
	s.t.Helper()
	for _, message := range s.received() {
		for _, word := range words {
			if strings.Contains(message, word) {
				s.t.Errorf("%s: got %q in\n%s", s.story, word, message)
			}
		}
	}
}

// filesMatchRecords checks that the recordings' folder holds a file and its
// sidecar for each record that names one, valid by the binary's own verb, and
// nothing else.
func (w *world) filesMatchRecords() {
	w.t.Helper()
	wanted := []string{}
	for _, cdr := range w.CDRs() {
		if cdr.Recording.File == "" {
			continue
		}
		wanted = append(wanted, cdr.Recording.ID+".json", cdr.Recording.ID+".wav")
		if code, out := w.Verb("recording", "verify", cdr.Recording.ID); code != 0 {
			w.t.Errorf("recording verify exits with %d: %s", code, out)
		}
	}
	slices.Sort(wanted)
	if files := w.Recordings(); !slices.Equal(files, wanted) && len(files)+len(wanted) > 0 {
		w.t.Errorf("recordings: %v, want %v", files, wanted)
	}
}

// The level, in dB below full scale, from which a tone counts as heard, and
// below which it does not. The parties speak at -12.
const (
	loud  = -18
	quiet = -45
)

// hears checks the recording: on the left the caller, but nothing from before
// the consent; on the right the station; no prompts anywhere.
func (w *world) hears(cdr event.CDR) {
	w.t.Helper()
	left := w.tones(cdr)
	length := int64(len(left)) / 8
	if math.Abs(float64(length-cdr.Recording.DurationMS)) > 1 {
		w.t.Errorf("the file has %d ms, its record says %d", length, cdr.Recording.DurationMS)
	}
}

// tones checks who is heard on which channel, and returns the left one.
func (w *world) tones(cdr event.CDR) (left []int16) {
	w.t.Helper()
	left, right := w.channels(cdr)
	for _, tone := range []struct {
		channel string
		samples []int16
		hz      float64
		heard   bool
	}{
		{"left", left, afterHz, true}, {"left", left, beforeHz, false}, {"left", left, promptHz, false}, {"left", left, agentHz, false},
		{"right", right, agentHz, true}, {"right", right, beforeHz, false}, {"right", right, promptHz, false}, {"right", right, afterHz, false},
	} {
		level := phone.Level(tone.samples, tone.hz)
		if tone.heard && level < loud || !tone.heard && level > quiet {
			w.t.Errorf("%s channel has %.0f Hz at %.1f dB; heard: %v", tone.channel, tone.hz, level, tone.heard)
		}
	}
	return left
}

// channels reads a two-channel recording of 16-bit PCM.
func (w *world) channels(cdr event.CDR) (left, right []int16) {
	w.t.Helper()
	_, data, found := strings.Cut(read(w.t, filepath.Join(w.Dir, "recordings", cdr.Recording.ID+".wav")), "data")
	if !found || len(data) < 4 {
		w.t.Fatal("the recording has no audio")
	}
	data = data[4:]
	for ; len(data) >= 4; data = data[4:] {
		left = append(left, int16(binary.LittleEndian.Uint16([]byte(data[:2]))))
		right = append(right, int16(binary.LittleEndian.Uint16([]byte(data[2:4]))))
	}
	return left, right
}
