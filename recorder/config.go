package recorder

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The formats of a stored recording.
const (
	// FormatWAV is 16-bit PCM in a RIFF/WAVE file.
	FormatWAV = "wav"
	// FormatG711 is a RIFF/WAVE file of the G.711 that the external party sends,
	// byte for byte. Where that is no G.711, or both parties are mixed into one
	// channel, it is FormatWAV.
	FormatG711 = "g711"
)

// Formats lists the formats that Config.Format and Spec.Format may name.
func Formats() []string { return []string{FormatWAV, FormatG711} }

func knownFormat(name string) bool { return slices.Contains(Formats(), name) }
func knownFormats() string         { return strings.Join(Formats(), " or ") }

// Config is the part `recordings` of the configuration.
type Config struct {
	// Dir is the folder of the recordings.
	Dir string `yaml:"dir"`
	// Format is the format of a stored recording, one of Formats.
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
	case !knownFormat(c.Format):
		return fmt.Errorf("format: %q is unknown; use %s", c.Format, knownFormats())
	case c.MinLength < 0:
		return fmt.Errorf("min_length: %s is negative; use 0s or more", c.MinLength)
	}
	return nil
}
