package stir

import "time"

// Config is the section stir of the configuration.
type Config struct {
	// Roots is a PEM file of the certification authorities that are trusted to
	// certify who may sign.
	Roots string `yaml:"roots"`
	// Hosts may serve certificates: "certs.example.com", "*.example.com",
	// "certs.example.com:8443", or "*" for any. Without a port it is 443 or 8443.
	Hosts []string `yaml:"hosts"`
	// Networks are private networks that certificates may be fetched from all the same.
	Networks []string `yaml:"networks"`
	// TLSRoots is a PEM file of the authorities that the hosts' own TLS
	// certificates come from; empty: those of the system.
	TLSRoots string `yaml:"tls_roots"`
	// Timeout bounds one fetch of a certificate.
	Timeout time.Duration `yaml:"timeout"`
	// Freshness is how far a token's time may be from ours, either way.
	Freshness time.Duration `yaml:"freshness"`
	// Key is a PEM file of the P-256 key that calls are signed with.
	Key string `yaml:"key"`
	// Certificate is a PEM file of that key's certificate and those above it.
	Certificate string `yaml:"certificate"`
	// URL is where others fetch Certificate.
	URL string `yaml:"url"`
}

// Default returns what holds where nothing is given: no roots and no key, 2 s
// for a fetch, and a minute of freshness (ATIS-1000074 section 5.3.1).
func Default() Config {
	return Config{Timeout: 2 * time.Second, Freshness: time.Minute}
}

// Values of Rule.Verify.
const (
	VerifyOff     = "off"     // nobody looks at Identity headers
	VerifyReport  = "report"  // the verdict is told and changes nothing
	VerifyRequire = "require" // a call that does not pass is refused
)

// Rule is the key stir of a trunk.
type Rule struct {
	// Verify is VerifyOff, VerifyReport or VerifyRequire.
	Verify string `yaml:"verify"`
	// Wait is how long a call may wait for a certificate that must be fetched
	// before its flow begins, under VerifyReport; 0: the flow begins at once.
	Wait time.Duration `yaml:"wait"`
	// Sign signs the calls that leave by the trunk.
	Sign bool `yaml:"sign"`
	// Numbers are the trunk's own: a call from one of them can be fully attested.
	Numbers []string `yaml:"numbers"`
}

// DefaultRule returns the rule of a trunk that says nothing: off.
func DefaultRule() Rule { return Rule{Verify: VerifyOff} }

// Bounds of what peers can make us do and keep.
const (
	MaxIdentities   = 4        // Identity headers of one call that are looked at
	maxIdentity     = 8 << 10  // bytes of one
	maxParams       = 16       // parameters of one
	maxDestinations = 16       // numbers in a token's dest
	maxURL          = 1024     // bytes of a certificate's URL
	maxAnswer       = 64 << 10 // bytes of a fetched chain
	maxAnswerHeader = 16 << 10 // bytes of the answer's headers
	maxChain        = 8        // certificates of a chain
	maxHeld         = 1000     // chains, and failures to fetch one, that are kept
	maxFetches      = 16       // fetches at once
	maxSeen         = 64 << 10 // tokens that are remembered
	maxFile         = 1 << 20  // bytes of a file that the configuration names
	maxNumber       = 20       // characters of a telephone number
	maxNumberRanges = 10_000   // entries of one TNAuthList
)
