package policy

import (
	"slices"
	"time"
)

// Values of TrunkRule.Consent. Anything but ConsentNotRequired counts as required.
const (
	ConsentRequired    = "required"
	ConsentNotRequired = "not_required"
)

// Values of TrunkRule.StationConsent. Anything but StationInboundOnly counts as
// everywhere.
const (
	StationInboundOnly = "inbound_only"
	StationEverywhere  = "everywhere"
)

// Values of TrunkRule.OnWithdrawal: what becomes of the audio recorded so far.
const (
	WithdrawalKeep     = "keep"
	WithdrawalTruncate = "truncate"
	WithdrawalErase    = "erase"
)

// TrunkRule is the key `recording` of a trunk.
type TrunkRule struct {
	// Enabled switches recording on for the trunk's calls.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Consent is ConsentRequired or ConsentNotRequired.
	Consent string `yaml:"consent" json:"consent"`
	// Required refuses a call that cannot be recorded.
	Required bool `yaml:"required" json:"required"`
	// Suppress lists the phases that are not recorded. A list that is given
	// replaces DefaultSuppress, an empty one suppresses nothing; nil means not
	// given, so that a rule which nobody filled in suppresses.
	Suppress []Phase `yaml:"suppress" json:"suppress"`
	// OutsideQueues records calls that are in no queue.
	OutsideQueues bool `yaml:"outside_queues" json:"outside_queues"`
	// ExternalOnly goes on recording when only outside parties are left.
	ExternalOnly bool `yaml:"external_only" json:"external_only"`
	// StationConsent is StationInboundOnly or StationEverywhere.
	StationConsent string `yaml:"station_consent" json:"station_consent"`
	// OnWithdrawal is WithdrawalKeep, WithdrawalTruncate or WithdrawalErase.
	OnWithdrawal string `yaml:"on_withdrawal" json:"on_withdrawal"`
	// DualChannel keeps the parties in two channels; false mixes them to one.
	DualChannel bool `yaml:"dual_channel" json:"dual_channel"`
	// Format is the format of the stored file; empty is the one of all recordings.
	Format string `yaml:"format" json:"format"`
	// Beep is the tone that the parties hear while they are recorded.
	Beep Beep `yaml:"beep" json:"beep"`
}

// Beep is a tone that repeats while a recording runs.
type Beep struct {
	Enabled bool          `yaml:"enabled" json:"enabled"`
	Hz      int           `yaml:"hz" json:"hz"`
	Length  time.Duration `yaml:"length" json:"length"`
	Every   time.Duration `yaml:"every" json:"every"`
	GainDB  float64       `yaml:"gain_db" json:"gain_db"` // relative to full scale
}

// QueueRule is the key `recording` of a queue.
type QueueRule struct {
	// Enabled switches recording on for callers of the queue.
	Enabled bool `yaml:"enabled" json:"enabled"`
	// Suppress adds phases to those that the trunk suppresses.
	Suppress []Phase `yaml:"suppress" json:"suppress"`
	// DualChannel and Format stand in place of the trunk's, if given.
	DualChannel *bool  `yaml:"dual_channel" json:"dual_channel,omitempty"`
	Format      string `yaml:"format" json:"format,omitempty"`
}

// StationRule is the key `recording` of a station.
type StationRule struct {
	// Enabled switches recording on for every call of the station.
	Enabled bool `yaml:"enabled" json:"enabled"`
}

// DefaultSuppress returns the phases that a trunk suppresses when it gives no
// list of its own. The caller owns the slice.
func DefaultSuppress() []Phase {
	return []Phase{PhaseIVR, PhaseQueueWait, PhaseHold, PhaseConsult}
}

// DefaultTrunkRule returns what holds for a trunk that says nothing: recording
// off, consent required, every phase but talk suppressed, two channels, no beep.
func DefaultTrunkRule() TrunkRule {
	return TrunkRule{
		Consent:        ConsentRequired,
		Suppress:       DefaultSuppress(),
		StationConsent: StationInboundOnly,
		OnWithdrawal:   WithdrawalKeep,
		DualChannel:    true,
		Beep:           Beep{Hz: 1400, Length: 200 * time.Millisecond, Every: 14 * time.Second, GainDB: -24},
	}
}

// suppresses reports whether the trunk's list, given or default, holds p.
func (r *TrunkRule) suppresses(p Phase) bool {
	if r.Suppress == nil {
		return slices.Contains(DefaultSuppress(), p)
	}
	return slices.Contains(r.Suppress, p)
}
