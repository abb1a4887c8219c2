package event

import (
	"encoding/json"
	"time"
)

// CDR is the call detail record: one a call, whichever way it ended. Every key is
// always present in its JSON; a time that never came and a ledger entry that does
// not exist are null.
type CDR struct {
	ID            string       `json:"id"`
	Trunk         string       `json:"trunk"`
	Queue         string       `json:"queue"`     // the last queue it was in
	Station       string       `json:"station"`   // the last station it was connected with
	Direction     string       `json:"direction"` // Inbound or Outbound
	From          string       `json:"from"`
	To            string       `json:"to"`
	StartedAt     time.Time    `json:"started_at"`
	AnsweredAt    time.Time    `json:"answered_at"` // zero: never answered
	EndedAt       time.Time    `json:"ended_at"`    // zero: still running
	Ending        Ending       `json:"ending"`
	Consent       CDRConsent   `json:"consent"`
	Recording     CDRRecording `json:"recording"`
	Quality       Quality      `json:"quality"`
	Stir          CDRStir      `json:"stir"`
	ConfigVersion string       `json:"config_version"`
}

// Ending is how a call ended.
type Ending struct {
	By     string `json:"by"`     // one of the By constants
	SIP    int    `json:"sip"`    // status code, 0 if none was involved
	Q850   int    `json:"q850"`   // cause, 0 if none was involved
	Reason string `json:"reason"` // code
}

// Who ended a call.
const (
	ByCaller = "caller"
	ByAgent  = "agent"
	ByCallee = "callee" // the outside party that a station called
	BySystem = "system"
	ByCrash  = "crash" // the process died with the call
	ByFlow   = "flow"
	ByAPI    = "api" // who runs the service, by the HTTP interface or a verb
)

// CDRStir is who vouched for the caller's number, and how far we did where the
// call left again.
type CDRStir struct {
	Verdict      string `json:"verdict"`       // passed, failed or none; "" where nobody verified
	Attestation  string `json:"attestation"`   // A, B or C, of a call that passed
	Reason       string `json:"reason"`        // why it did not pass
	Signer       string `json:"signer"`        // service provider code of the certificate
	OrigID       string `json:"origid"`        // the signer's name for the call's origin
	Signed       string `json:"signed"`        // A, B or C, where we signed the call that left
	SignedOrigID string `json:"signed_origid"` // our name for its origin
}

// CDRConsent is the consent's final state.
type CDRConsent struct {
	State  string `json:"state"`
	Method string `json:"method"`
	Ledger *int64 `json:"ledger"` // index of the entry in the ledger
}

// CDRRecording is what became of the recording.
type CDRRecording struct {
	ID         string `json:"id"`
	Decision   string `json:"decision"`    // record if audio was kept, else the last decision
	Reason     string `json:"reason"`      // allowed if audio was kept, else the last decision's
	Result     string `json:"result"`      // one of the Result constants
	File       string `json:"file"`        // in recordings.dir
	SHA256     string `json:"sha256"`      // of the whole stored file, hex
	DurationMS int64  `json:"duration_ms"` // of the recording's timeline
}

// The results of a recording. Every call has exactly one.
const (
	ResultNone     = "none"      // never decided to record
	ResultOK       = "ok"        // a complete file
	ResultDegraded = "degraded"  // a file with a map of what was lost
	ResultFailed   = "failed"    // begun, no usable file
	ResultBlocked  = "blocked"   // storage, key or ledger not ready, no audio
	ResultTooShort = "too_short" // shorter than recordings.min_length, not kept
)

// AudioKept reports whether there is a file with the call's audio.
func (r CDRRecording) AudioKept() bool {
	return r.Result == ResultOK || r.Result == ResultDegraded
}

// MarshalJSON writes the record with its times in UTC to the millisecond.
func (c CDR) MarshalJSON() ([]byte, error) {
	type plain CDR // without this method
	return json.Marshal(struct {
		ID        string `json:"id"`
		Trunk     string `json:"trunk"`
		Queue     string `json:"queue"`
		Station   string `json:"station"`
		Direction string `json:"direction"`
		From      string `json:"from"`
		To        string `json:"to"`
		Started   stamp  `json:"started_at"`
		Answered  stamp  `json:"answered_at"`
		Ended     stamp  `json:"ended_at"`
		plain
	}{
		c.ID, c.Trunk, c.Queue, c.Station, c.Direction, c.From, c.To,
		stamp(c.StartedAt), stamp(c.AnsweredAt), stamp(c.EndedAt), plain(c),
	})
}
