package registrar

import "time"

// Config is the section registrar of the configuration.
type Config struct {
	// MinExpires is the shortest registration that is taken; shorter ones get 423.
	MinExpires time.Duration `yaml:"min_expires"`
	// MaxExpires is the longest; longer ones are shortened to it.
	MaxExpires time.Duration `yaml:"max_expires"`
	// Contacts is how many places a station may be at; a further one gets 403.
	Contacts int `yaml:"contacts"`
}

// Default returns what holds where nothing is given.
func Default() Config {
	return Config{MinExpires: time.Minute, MaxExpires: time.Hour, Contacts: 4}
}

// defaultExpires is granted where a REGISTER asks for no time (RFC 3261 section 10.2).
const defaultExpires = time.Hour

// Rates of one station's REGISTERs: more get 503.
const (
	perSecond = 1
	burst     = 10
)
