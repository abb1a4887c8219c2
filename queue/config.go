package queue

import (
	"time"

	"assent/auth"
	"assent/media/sdp"
	"assent/numbering"
	"assent/policy"
	"assent/terms"
	"assent/toll"
)

// Values of Config.Strategy.
const (
	LongestIdle = "longest_idle" // whose last call ended longest ago; a station without calls before one with
	RoundRobin  = "round_robin"  // the next after the one that was offered last
	RingAll     = "ring_all"     // all that are free, at once; the first to answer gets the call
	InOrder     = "in_order"     // the first of the list that is free
)

// Config is one entry of `queues`.
type Config struct {
	// Stations are names of entries of `stations`; their order counts for InOrder
	// and RoundRobin, and elsewhere where stations are equal.
	Stations []string `yaml:"stations"`
	// Strategy is LongestIdle, RoundRobin, RingAll or InOrder.
	Strategy string `yaml:"strategy"`
	// Recording is the queue's recording rule.
	Recording policy.QueueRule `yaml:"recording"`
	// MaxWait is how long a caller may wait for an answer; 0 is without limit.
	MaxWait time.Duration `yaml:"max_wait"`
	// MaxWaiting is how many callers may wait for an answer; 0 is without limit.
	MaxWaiting int `yaml:"max_waiting"`
	// Music is the prompt that callers hear while they wait.
	Music string `yaml:"music"`
	// Whisper is the prompt that an agent who answered hears before the caller: which queue it is, say.
	Whisper string `yaml:"whisper"`
}

// StationConfig is one entry of `stations`.
type StationConfig struct {
	// Address is where the station is dialled: "sip:agent-1@198.51.100.7:5060"; empty
	// for one that registers.
	Address string `yaml:"address"`
	// Register is what the station shows when it registers.
	Register auth.Login `yaml:"register"`
	// Calls is how many calls it takes at once, ringing ones included; less than 1
	// counts as 1.
	Calls int `yaml:"calls"`
	// Ring is how long it rings before it counts as failed.
	Ring time.Duration `yaml:"ring"`
	// SRTP says whether media is encrypted: sdp.WordOff, WordOptional or WordRequired.
	SRTP string `yaml:"srtp"`
	// SessionTimer bounds how long a dialog lives on without a sign of life (RFC 4028).
	SessionTimer terms.SessionTimer `yaml:"session_timer"`
	// PRACK says whether provisional answers are acknowledged (RFC 3262): terms.Off,
	// terms.Supported or terms.Required.
	PRACK string `yaml:"prack"`
	// Redirect and Refer say whom we call where a far party sends us elsewhere, by a 3xx
	// or by REFER: terms.Off, terms.Known or terms.Any.
	Redirect string `yaml:"redirect"`
	Refer    string `yaml:"refer"`
	// Number is the station's own, which the called party sees.
	Number string `yaml:"number"`
	// Outbound says whether and whom it may call.
	Outbound Outbound `yaml:"outbound"`
	// Recording is the station's own recording rule.
	Recording policy.StationRule `yaml:"recording"`
}

// Outbound is the key `outbound` of a station.
type Outbound struct {
	// Enabled lets the station place calls.
	Enabled bool `yaml:"enabled"`
	// Numbering is done to the numbers that it dials.
	Numbering numbering.Rules `yaml:"numbering"`
	// Limits hold its calls to what the operator is ready to pay for.
	toll.Limits `yaml:",inline"`
}

// Rules are the queues and stations of one configuration, by name. A call hands in
// those that it began with; nobody changes them any more.
type Rules struct {
	Queues   map[string]Config
	Stations map[string]StationConfig
}

// DefaultConfig returns what holds for a queue that says nothing.
func DefaultConfig() Config {
	return Config{Strategy: LongestIdle, MaxWait: 5 * time.Minute, MaxWaiting: 100}
}

// DefaultStationConfig returns what holds for a station that says nothing.
func DefaultStationConfig() StationConfig {
	return StationConfig{Calls: 1, Ring: 20 * time.Second, SRTP: sdp.WordOff,
		SessionTimer: terms.DefaultSessionTimer(), PRACK: terms.Supported, Redirect: terms.Known, Refer: terms.Known}
}
