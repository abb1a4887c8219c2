package consent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// The entry types. What is known later in a call comes as a later entry of the same call.
const (
	TypeConsent   = "consent"   // a consent question was answered, or needed no answer (ConsentData)
	TypeBarrier   = "barrier"   // the gate opened; the floors of all streams (BarrierData)
	TypeStarted   = "started"   // the first sample of a recording was placed (StartedData)
	TypeSealed    = "sealed"    // a recording got its final hash (SealedData)
	TypeWithdrawn = "withdrawn" // the caller took the consent back (WithdrawnData)
	TypeErased    = "erased"    // a recording, or a caller's number and salt, was erased (ErasedData)
	TypeUsed      = "used"      // somebody used a recording (UsedData); only in the audit log, which is a ledger of its own
)

// Entry is what a caller of Append knows; the ledger adds version, index and chain.
type Entry struct {
	Type string    // one of the Type constants
	Call string    // the call's id; never empty
	Time time.Time // when it happened; zero takes the time of the append
	Data any       // the data struct of the type, by value
}

// What a consent entry stands on where nobody was asked.
const (
	BasisNotRequired = "not_required" // the trunk asks for none
	BasisAsserted    = "asserted"     // the flow vouches for a consent got elsewhere
)

// What a withdrawal does to the audio that is there.
const (
	EffectKeep     = "keep"
	EffectTruncate = "truncate"
	EffectErase    = "erase"
)

// ConsentData says how one consent question of a call ended.
type ConsentData struct {
	State         string `json:"state"`            // granted, declined, no_input, invalid, on_file, not_asked
	Method        string `json:"method,omitempty"` // how it was given: rfc4733, info, inband, store, api, flow
	Key           string `json:"key,omitempty"`    // the key that was accepted
	Basis         string `json:"basis,omitempty"`  // one of the Basis constants, where nobody was asked
	Prompt        string `json:"prompt,omitempty"`
	PromptSHA256  string `json:"prompt_sha256,omitempty"`
	Language      string `json:"language,omitempty"`
	Caller        string `json:"caller,omitempty"` // a Commitment, never a number
	Direction     string `json:"direction,omitempty"`
	Trunk         string `json:"trunk,omitempty"`
	Flow          string `json:"flow,omitempty"`
	Action        string `json:"action,omitempty"`
	Leg           string `json:"leg,omitempty"`
	SSRC          uint32 `json:"ssrc,omitempty"`
	RTPTime       uint64 `json:"rtp_time,omitempty"` // the accepted key's end, extended to 64 bits
	ConfigVersion string `json:"config_version,omitempty"`
	// Notice says what became of the question on its way to the caller; nil where none was played, and in entries of
	// before it was known.
	Notice *Notice `json:"notice,omitempty"`
}

// Notice says what is known of whether the caller could hear the question.
type Notice struct {
	Heard       bool    `json:"heard"`                  // nothing speaks against it
	Why         string  `json:"why,omitempty"`          // what speaks against it: interrupted, not_sent, loss, one_way, hold
	Plays       int     `json:"plays"`                  // how often it was played, repeats because of Why included
	Packets     uint64  `json:"packets"`                // RTP packets sent in the last play
	Interrupted bool    `json:"interrupted,omitempty"`  // it ended before its last sample
	Reported    uint64  `json:"reported,omitempty"`     // packets that the caller's side gave an account of by RTCP
	Lost        uint64  `json:"lost,omitempty"`         // of Reported
	LossPercent float64 `json:"loss_percent,omitempty"` // Lost of Reported
}

// BarrierData fixes the moment that the gate opened, in the RTP time of each stream.
type BarrierData struct {
	Floors        []Floor `json:"floors"`
	Action        string  `json:"action,omitempty"`
	ConfigVersion string  `json:"config_version,omitempty"`
}

// Floor is the RTP time below which nothing of a stream reaches a recorder.
type Floor struct {
	Leg       string `json:"leg"`
	SSRC      uint32 `json:"ssrc"`
	RTPTime   uint64 `json:"rtp_time"`  // extended to 64 bits
	Source    string `json:"source"`    // key, audio, guard
	Discarded int    `json:"discarded"` // packets dropped from the jitter buffer at the cut
}

// StartedData says that a recording began, and with which samples.
type StartedData struct {
	Recording     string        `json:"recording"`
	FirstSamples  []FirstSample `json:"first_samples"`
	Decision      string        `json:"decision,omitempty"` // the reason code of the decision
	ConfigVersion string        `json:"config_version,omitempty"`
}

// FirstSample is the first sample of one channel that reached a recorder.
type FirstSample struct {
	Channel int    `json:"channel"`
	SSRC    uint32 `json:"ssrc"`
	RTPTime uint64 `json:"rtp_time"` // extended to 64 bits
}

// SealedData fixes the hashes of a finished recording.
type SealedData struct {
	Recording     string `json:"recording"`
	File          string `json:"file,omitempty"`
	SHA256        string `json:"sha256,omitempty"`
	SidecarSHA256 string `json:"sidecar_sha256,omitempty"`
	DurationMS    int64  `json:"duration_ms"`
	Result        string `json:"result"`
}

// WithdrawnData says that the caller took the consent back, and what happens to the audio.
type WithdrawnData struct {
	By            string  `json:"by"` // caller, agent, api
	Recording     string  `json:"recording,omitempty"`
	Effect        string  `json:"effect,omitempty"`      // one of the Effect constants
	PositionMS    int64   `json:"position_ms,omitempty"` // where in the recording it took effect
	Method        string  `json:"method,omitempty"`      // how it was said: rfc4733, info, inband, api
	Key           string  `json:"key,omitempty"`         // the key that was pressed
	Floors        []Floor `json:"floors,omitempty"`      // its own barrier: nothing from above it is kept
	ConfigVersion string  `json:"config_version,omitempty"`
}

// ErasedData says what was erased, by whom and why.
type ErasedData struct {
	What      string `json:"what"` // recording, caller
	Recording string `json:"recording,omitempty"`
	Caller    string `json:"caller,omitempty"` // the commitment that can no longer be opened
	By        string `json:"by,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// UsedData says who did, or tried to do, what with a recording. It names no number and no key.
type UsedData struct {
	By        string `json:"by"`     // a token's name, loopback, station NAME, or system
	Action    string `json:"action"` // listen, show, pause, resume, hold, release, delete, withdraw, grant, erase …
	Recording string `json:"recording,omitempty"`
	Result    string `json:"result"`           // ok, or why not
	Detail    string `json:"detail,omitempty"` // the reason that was given, the range that was read
}

// encode checks e and returns its data as compact JSON.
func (e Entry) encode() ([]byte, error) {
	if e.Call == "" || !utf8.ValidString(e.Call) {
		return nil, fmt.Errorf("ledger entry %q: its call id %q is not a text", e.Type, e.Call)
	}
	if y := e.Time.UTC().Year(); y < 0 || y > 9999 { // RFC 3339 has no others
		return nil, fmt.Errorf("ledger entry %q of call %s: it is of the year %d", e.Type, e.Call, y)
	}
	want, caller, ok := describe(e.Data)
	if !ok {
		return nil, fmt.Errorf("ledger entry %q of call %s: data of type %T; use the data struct of the type, by value", e.Type, e.Call, e.Data)
	}
	if e.Type != want {
		return nil, fmt.Errorf("ledger entry %q of call %s: %T belongs to type %q", e.Type, e.Call, e.Data, want)
	}
	if caller != "" && !isCommitment(caller) {
		return nil, fmt.Errorf("ledger entry %q of call %s: the caller is not a commitment; use Commitment", e.Type, e.Call)
	}
	return marshal(e.Data)
}

// describe returns the entry type that data belongs to and the caller that it names.
func describe(data any) (typ, caller string, ok bool) {
	switch d := data.(type) {
	case ConsentData:
		return TypeConsent, d.Caller, true
	case BarrierData:
		return TypeBarrier, "", true
	case StartedData:
		return TypeStarted, "", true
	case SealedData:
		return TypeSealed, "", true
	case WithdrawnData:
		return TypeWithdrawn, "", true
	case ErasedData:
		return TypeErased, d.Caller, true
	case UsedData:
		return TypeUsed, "", true
	}
	return "", "", false
}

func knownType(t string) bool {
	switch t {
	case TypeConsent, TypeBarrier, TypeStarted, TypeSealed, TypeWithdrawn, TypeErased, TypeUsed:
		return true
	}
	return false
}

// marshal is json.Marshal without the escaping of <, > and &, so that names stay readable in the file.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode ledger data: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}
