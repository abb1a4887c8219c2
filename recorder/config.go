package recorder

import (
	"fmt"
	"time"
)

// FormatWAV is the format of two-channel 16-bit PCM in a RIFF/WAVE file.
const FormatWAV = "wav"

// Config is the part `recordings` of the configuration.
type Config struct {
	// Dir is the folder of the recordings.
	Dir string `yaml:"dir"`
	// Format is the format of a stored recording: "wav".
	Format string `yaml:"format"`
	// MinLength is the length below which a recording is thrown away (`too_short`).
	MinLength time.Duration `yaml:"min_length"`
}

// Default returns the configuration that holds where none is given.
func Default() Config {
	return Config{Dir: "./data/recordings", Format: FormatWAV}
}

// Validate returns what is wrong with the configuration, and what would be right.
func (c Config) Validate() error {
	switch {
	case c.Dir == "":
		return fmt.Errorf("dir: is empty; give the folder of the recordings, such as %s", Default().Dir)
	case c.Format == "opus":
		return fmt.Errorf("format: opus needs an Opus encoder, which this version does not have; use %s", FormatWAV)
	case c.Format != FormatWAV:
		return fmt.Errorf("format: %q is unknown; use %s", c.Format, FormatWAV)
	case c.MinLength < 0:
		return fmt.Errorf("min_length: %s is negative; use 0s or more", c.MinLength)
	}
	return nil
}
