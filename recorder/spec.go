package recorder

import (
	"slices"
	"time"
)

// DefaultRateHz is the rate of a recording that asks for none: that of G.711.
const DefaultRateHz = 8000

// Spec is what is known of a recording when it opens. The recorder keeps a copy.
type Spec struct {
	// ID names the recording and its files: a ULID.
	ID string `json:"id"`
	// Call, Trunk, Queue and Station say where it belongs; Queue and Station may be empty.
	Call    string `json:"call"`
	Trunk   string `json:"trunk"`
	Queue   string `json:"queue"`
	Station string `json:"station"`
	// Direction is "inbound" or "outbound".
	Direction string `json:"direction"`
	// From and To are the call's numbers.
	From string `json:"from"`
	To   string `json:"to"`
	// Reason is the code of the decision that opened the recording.
	Reason string `json:"reason"`
	// ConfigVersion is the version of the configuration that the call started with.
	ConfigVersion string `json:"config_version"`
	// StartedAt is the wall-clock time of position 0.
	StartedAt time.Time `json:"started_at"`
	// Format is the format of the stored recording, Config.Format if empty.
	Format string `json:"format"`
	// RateHz is the rate of the samples that are placed and stored: 8000, 16000,
	// 24000 or 48000; DefaultRateHz if 0.
	RateHz int `json:"rate_hz"`
	// Codec is how the samples are written; Open sets it.
	Codec string `json:"codec"`
	// DualChannel keeps the parties on channels of their own; false mixes them into one.
	DualChannel bool `json:"dual_channel"`
	// Channels describes channel 0 (external) and 1 (internal); missing ones are filled in.
	Channels []Channel `json:"channels"`
	// FirstSample names the first recorded sample of each stream.
	FirstSample []FirstSample `json:"first_sample"`
	// Consent is the consent that the recording stands on.
	Consent Consent `json:"consent"`
	// Barrier lists the floors of the cut.
	Barrier []Floor `json:"barrier"`
	// Beep is the tone that told the parties of the recording, nil for none.
	Beep *Beep `json:"beep,omitempty"`
}

// Beep is a tone that the parties heard while they were recorded.
type Beep struct {
	Hz       int     `json:"hz"`
	LengthMS int64   `json:"length_ms"`
	EveryMS  int64   `json:"every_ms"`
	GainDB   float64 `json:"gain_db"`
	// Count is how many have begun, 0 where a crash ended the counting.
	Count int `json:"count,omitempty"`
}

// Channel describes the party on one channel.
type Channel struct {
	// Party is "external" or "internal".
	Party string `json:"party"`
	// Leg is the id of the party's leg, if known.
	Leg string `json:"leg,omitempty"`
	// SSRC is the RTP source that was placed first, 0 if unknown.
	SSRC uint32 `json:"ssrc"`
	// Codec is the codec that the party sent, if known.
	Codec string `json:"codec,omitempty"`
	// MOS is the opinion that listeners would have of what came on the leg, 1 to 4.5
	// by the E-model (ITU-T G.107), 0 if unknown.
	MOS float64 `json:"mos,omitempty"`
}

// FirstSample names the first recorded sample of a stream in its own RTP time.
type FirstSample struct {
	Channel int    `json:"channel"`
	SSRC    uint32 `json:"ssrc"`
	RTPTime uint64 `json:"rtp_time"`
}

// Consent is the consent as the sidecar tells it.
type Consent struct {
	State        string `json:"state"`
	Method       string `json:"method"`
	Key          string `json:"key"`
	Prompt       string `json:"prompt"`
	PromptSHA256 string `json:"prompt_sha256"`
	Language     string `json:"language"`
	// Ledger is the index of the consent's ledger entry, nil if unknown.
	Ledger *int64 `json:"ledger"`
}

// Floor is the barrier in one stream.
type Floor struct {
	Leg     string `json:"leg"`
	SSRC    uint32 `json:"ssrc"`
	RTPTime uint64 `json:"rtp_time"`
	// Source is "key", "audio" or "guard".
	Source string `json:"source"`
	// Discarded counts the samples that were dropped at the cut.
	Discarded int `json:"discarded"`
}

// result is the beginning of what becomes of the recording.
func (s Spec) result() Result {
	return Result{ID: s.ID, Call: s.Call, Trunk: s.Trunk, Queue: s.Queue, Station: s.Station}
}

// clone returns a copy that shares nothing with s.
func (s Spec) clone() Spec {
	s.Channels = slices.Clone(s.Channels)
	s.FirstSample = slices.Clone(s.FirstSample)
	s.Barrier = slices.Clone(s.Barrier)
	if s.Beep != nil {
		beep := *s.Beep
		s.Beep = &beep
	}
	if s.Consent.Ledger != nil {
		index := *s.Consent.Ledger
		s.Consent.Ledger = &index
	}
	return s
}

// complete fills in the channels that the caller left out.
func (s *Spec) complete() {
	parties := [channels]string{"external", "internal"}
	for len(s.Channels) < channels {
		s.Channels = append(s.Channels, Channel{})
	}
	s.Channels = s.Channels[:channels]
	for i := range s.Channels {
		if s.Channels[i].Party == "" {
			s.Channels[i].Party = parties[i]
		}
	}
	if s.Format == "" {
		s.Format = FormatWAV
	}
	if s.RateHz == 0 {
		s.RateHz = DefaultRateHz
	}
	if s.Codec == "" {
		s.Codec = codecOf(*s)
	}
}

// fix takes over the fields that hold from the beginning to the end of a recording.
func (s *Spec) fix(from Spec) {
	s.ID, s.Call, s.StartedAt = from.ID, from.Call, from.StartedAt
	s.DualChannel, s.Format, s.RateHz, s.Codec = from.DualChannel, from.Format, from.RateHz, from.Codec
}

// validRate reports whether audio of that rate can be recorded.
func validRate(rateHz int) bool { return slices.Contains([]int{8000, 16000, 24000, 48000}, rateHz) }

// validID reports whether id can be a file's name in every folder.
func validID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
