package trunk

import (
	"time"

	"assent/auth"
	"assent/gateway"
	"assent/media/sdp"
	"assent/numbering"
	"assent/policy"
	"assent/stir"
	"assent/terms"
	"assent/toll"
)

// Values of Config.Answer.
const (
	AnswerImmediate = "immediate" // answer, then run the flow
	AnswerOnAgent   = "on_agent"  // answer when an agent does
)

// Values of Config.DTMF.
const (
	DTMFAuto    = "auto"
	DTMFRFC4733 = "rfc4733"
	DTMFInfo    = "info"
	DTMFInband  = "inband"
)

// Values of Config.RTPSource.
const (
	RTPSourceSDP   = "sdp"   // media only from the address and port in SDP
	RTPSourceLearn = "learn" // from the first valid source, then locked
)

// SourceDigest among Config.Sources lets a peer call from anywhere that proves by
// digest who it is.
const SourceDigest = "digest"

// Config is one entry of `trunks`.
type Config struct {
	// Sources are the addresses that may call on this trunk: IP or CIDR, optionally
	// with a port, "192.0.2.0/24:5060" or "[2001:db8::/32]:5060"; or SourceDigest; or
	// who shows a certificate over TLS, "certificate:sbc.carrier.example". A trunk
	// without sources only takes calls out.
	Sources []string `yaml:"sources"`
	// Digest is what a peer shows that calls by SourceDigest.
	Digest auth.Login `yaml:"digest"`
	// Numbers are the called numbers that it serves: exact, a prefix with "*" at its
	// end, or "*" for all.
	Numbers []string `yaml:"numbers"`
	// Flow is the name of the flow that its calls run.
	Flow string `yaml:"flow"`
	// Answer is AnswerImmediate or AnswerOnAgent.
	Answer string `yaml:"answer"`
	// Limits bound the trunk's calls.
	Limits Limits `yaml:"limits"`
	// DTMF is how digits come: DTMFAuto, DTMFRFC4733, DTMFInfo or DTMFInband.
	DTMF string `yaml:"dtmf"`
	// RTPSource is RTPSourceSDP or RTPSourceLearn.
	RTPSource string `yaml:"rtp_source"`
	// SRTP says whether media is encrypted: sdp.WordOff, WordOptional (where the peer
	// does it too) or WordRequired (plain RTP is refused).
	SRTP string `yaml:"srtp"`
	// RTPTimeout ends a call from which no RTP comes; 0 is never.
	RTPTimeout time.Duration `yaml:"rtp_timeout"`
	// MaxDuration ends a call that lasts longer; 0 is never.
	MaxDuration time.Duration `yaml:"max_duration"`
	// TrustCaller believes the caller's number, so that stored consent may be used.
	TrustCaller bool `yaml:"trust_caller"`
	// Gateways are where calls that leave by this trunk go.
	Gateways []gateway.Config `yaml:"gateways"`
	// Probe says how the gateways are watched.
	Probe gateway.Probe `yaml:"probe"`
	// FailoverOn says which refusals send a call to the next gateway.
	FailoverOn gateway.Failover `yaml:"failover_on"`
	// Credentials answer the challenges of the gateways.
	Credentials auth.Credentials `yaml:"credentials"`
	// STIR says whether callers' numbers are verified, and calls that leave signed.
	STIR stir.Rule `yaml:"stir"`
	// Register is where and as whom we register, so that the carrier's calls find us.
	Register Register `yaml:"register"`
	// SessionTimer bounds how long a dialog lives on without a sign of life (RFC 4028).
	SessionTimer terms.SessionTimer `yaml:"session_timer"`
	// PRACK says whether provisional answers are acknowledged (RFC 3262): terms.Off,
	// terms.Supported or terms.Required.
	PRACK string `yaml:"prack"`
	// Redirect and Refer say whom we call where a far party sends us elsewhere, by a 3xx
	// or by REFER: terms.Off, terms.Known or terms.Any.
	Redirect string `yaml:"redirect"`
	Refer    string `yaml:"refer"`
	// Numbering is how numbers are written on the trunk.
	Numbering numbering.Config `yaml:"numbering"`
	// Outbound holds the calls that leave by it to what the operator is ready to pay for.
	Outbound toll.Limits `yaml:"outbound"`
	// Recording is the trunk's recording rule.
	Recording policy.TrunkRule `yaml:"recording"`
}

// Register says how we register with a carrier.
type Register struct {
	// Server is the registrar, "sip:HOST:PORT;transport=udp"; empty is the first gateway.
	Server string `yaml:"server"`
	// User, Password and Realm are ours there, and answer the gateways' challenges too.
	auth.Credentials `yaml:",inline"`
	// Expires is the life that we ask for.
	Expires time.Duration `yaml:"expires"`
}

// Shown returns what we show this trunk's gateways when they ask who we are.
func (c Config) Shown() auth.Credentials {
	if c.Credentials.Given() {
		return c.Credentials
	}
	return c.Register.Credentials
}

// Registrar returns where we register for this trunk, "" if we don't.
func (c Config) Registrar() string {
	switch {
	case !c.Register.Given():
		return ""
	case c.Register.Server == "" && len(c.Gateways) > 0:
		return c.Gateways[0].Address
	}
	return c.Register.Server
}

// Limits bound the calls of a trunk, in both directions together. Zero is no limit.
type Limits struct {
	// Calls is how many may be up at once.
	Calls int `yaml:"calls"`
	// PerSecond is how many may begin in a second, on average; as many may begin at
	// once, but never fewer than one.
	PerSecond float64 `yaml:"per_second"`
}

// DefaultConfig returns what holds for a trunk that says nothing.
func DefaultConfig() Config {
	return Config{
		Answer:       AnswerImmediate,
		DTMF:         DTMFAuto,
		RTPSource:    RTPSourceSDP,
		SRTP:         sdp.WordOff,
		RTPTimeout:   30 * time.Second,
		MaxDuration:  4 * time.Hour,
		Probe:        gateway.DefaultProbe(),
		FailoverOn:   gateway.DefaultFailover(),
		STIR:         stir.DefaultRule(),
		Register:     Register{Expires: time.Hour},
		Recording:    policy.DefaultTrunkRule(),
		SessionTimer: terms.DefaultSessionTimer(),
		PRACK:        terms.Supported, Redirect: terms.Known, Refer: terms.Off,
	}
}
