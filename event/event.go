package event

import (
	"encoding/json"
	"math"
	"time"
)

// The directions of a call, as seen from us.
const (
	Inbound  = "inbound"
	Outbound = "outbound"
	Internal = "internal" // between stations, or from a station to a queue
)

// Event is one thing that happened. It is flat: what does not belong to its type
// is left zero and is absent from the JSON. Once published an event and what it
// points at are not changed.
type Event struct {
	Time time.Time `json:"time"`
	Type Type      `json:"type"`

	Call          string `json:"call,omitempty"` // the call's id
	Trunk         string `json:"trunk,omitempty"`
	Queue         string `json:"queue,omitempty"`
	Station       string `json:"station,omitempty"`
	Leg           string `json:"leg,omitempty"`
	Direction     string `json:"direction,omitempty"` // Inbound or Outbound
	From          string `json:"from,omitempty"`      // E.164 where it can be; never masked here
	To            string `json:"to,omitempty"`
	Flow          string `json:"flow,omitempty"`
	Action        string `json:"action,omitempty"` // the name of the flow's action
	Reason        string `json:"reason,omitempty"`
	By            string `json:"by,omitempty"` // caller, agent, system, crash, flow, api
	Detail        string `json:"detail,omitempty"`
	ConfigVersion string `json:"config_version,omitempty"`

	SIP  int `json:"sip,omitempty"`  // status code
	Q850 int `json:"q850,omitempty"` // cause

	Consent   *Consent   `json:"consent,omitempty"`
	Recording *Recording `json:"recording,omitempty"`
	Quality   *Quality   `json:"quality,omitempty"`
	Stir      *Stir      `json:"stir,omitempty"`
}

// Stir is what an event says about who vouches for the caller's number: of
// call.verified somebody towards us, of call.signed we towards others.
type Stir struct {
	Verdict     string `json:"verdict,omitempty"`     // passed, failed or none
	Attestation string `json:"attestation,omitempty"` // A, B or C
	Reason      string `json:"reason,omitempty"`      // why it did not pass
	Signer      string `json:"signer,omitempty"`      // service provider code of the certificate
	OrigID      string `json:"origid,omitempty"`      // the signer's name for the call's origin
}

// Consent is what an event says about the caller's consent.
type Consent struct {
	State        string `json:"state,omitempty"`
	Method       string `json:"method,omitempty"` // rfc4733, info, inband, flow, store …
	Key          string `json:"key,omitempty"`
	Prompt       string `json:"prompt,omitempty"`
	PromptSHA256 string `json:"prompt_sha256,omitempty"`
	Language     string `json:"language,omitempty"`
	Ledger       *int64 `json:"ledger,omitempty"` // index of the entry in the ledger
}

// Recording is what an event says about the call's recording.
type Recording struct {
	ID         string `json:"id,omitempty"`
	Decision   string `json:"decision,omitempty"` // stop, no, not_now, pause, record
	Reason     string `json:"reason,omitempty"`   // the code of the row that decided
	Result     string `json:"result,omitempty"`   // none, ok, degraded, failed, blocked, too_short
	File       string `json:"file,omitempty"`
	SHA256     string `json:"sha256,omitempty"` // of the whole stored file, hex
	DurationMS int64  `json:"duration_ms,omitempty"`
}

// Quality is how the audio arrived, for each party that we received from.
type Quality struct {
	Caller *LegQuality `json:"caller,omitempty"`
	Agent  *LegQuality `json:"agent,omitempty"`
}

// LegQuality is how the audio of one leg was: what was received from the party (RFC 3550 section 6.4), and, as Remote…,
// what the party reported of what it was sent. MOS is the E-model's opinion (ITU-T G.107), 1 to 4.5; 0 is none.
type LegQuality struct {
	Packets     uint64  `json:"packets"`
	Lost        uint64  `json:"lost"`
	LossPercent float64 `json:"loss_percent"`
	JitterMS    float64 `json:"jitter_ms"`
	RTTMS       float64 `json:"rtt_ms"`
	Late        uint64  `json:"late"`
	Duplicates  uint64  `json:"duplicates"`
	Codec       string  `json:"codec"`
	MOS         float64 `json:"mos"`
	Rejected    uint64  `json:"rejected"`  // packets that were no RTP of the call's
	Strangers   uint64  `json:"strangers"` // packets from addresses that were not agreed on
	Forged      uint64  `json:"forged"`    // of those rejected, encrypted ones that were changed or repeated
	SilentMS    float64 `json:"silent_ms"` // in all, of times of more than five seconds without RTP that should have come
	OneWay      string  `json:"one_way"`   // in: audio came from the party alone; out: it went there alone; "": neither
	SRTP        string  `json:"srtp"`      // the suite that encrypted the leg at its end; "" if none did

	Sent              uint64  `json:"sent"`
	RemoteLost        uint64  `json:"remote_lost"`
	RemoteLossPercent float64 `json:"remote_loss_percent"`
	RemoteJitterMS    float64 `json:"remote_jitter_ms"`
	RemoteMOS         float64 `json:"remote_mos"`
}

// MarshalJSON writes the figures; one that is not finite, which JSON cannot say and
// which would cost the whole record, is 0.
func (q LegQuality) MarshalJSON() ([]byte, error) {
	type plain LegQuality // without this method
	for _, figure := range []*float64{&q.LossPercent, &q.JitterMS, &q.RTTMS, &q.MOS, &q.SilentMS, &q.RemoteLossPercent, &q.RemoteJitterMS, &q.RemoteMOS} {
		if math.IsNaN(*figure) || math.IsInf(*figure, 0) {
			*figure = 0
		}
	}
	return json.Marshal(plain(q))
}

// MarshalJSON writes the event with its time in UTC to the millisecond.
func (e Event) MarshalJSON() ([]byte, error) {
	type plain Event // without this method
	return json.Marshal(struct {
		Time stamp `json:"time"`
		plain
	}{stamp(e.Time), plain(e)})
}
