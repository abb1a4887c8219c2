package recorder

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"assent/depot"
	"assent/vault"
)

// The formats of a stored recording.
const (
	// FormatWAV is 16-bit PCM in a RIFF/WAVE file.
	FormatWAV = "wav"
	// FormatG711 is a RIFF/WAVE file of the G.711 that the external party sends,
	// byte for byte. Where that is no G.711, or both parties are mixed into one
	// channel, it is FormatWAV.
	FormatG711 = "g711"
	// FormatOpus is Ogg Opus (RFC 7845), made after the call.
	FormatOpus = "opus"
)

// Formats lists the formats that Config.Format and Spec.Format may name.
func Formats() []string { return []string{FormatWAV, FormatG711, FormatOpus} }

func knownFormat(name string) bool { return slices.Contains(Formats(), name) }
func knownFormats() string         { return strings.Join(Formats(), " or ") }

// Config is the part `recordings` of the configuration.
type Config struct {
	// Dir is the folder of the recordings.
	Dir string `yaml:"dir"`
	// Format is the format of a stored recording, one of Formats.
	Format string `yaml:"format"`
	// Gaps is how the stored file holds its pauses, one of Gaps.
	Gaps string `yaml:"gaps"`
	// MinFreeMiB is the room in MiB below which no recording begins, or a twentieth
	// of the volume if that is less. The alarm comes at twice that.
	MinFreeMiB int `yaml:"min_free_mib"`
	// MaxLossPercent is the share of a channel that may be lost in a recording whose
	// result is ok; the map of what is lost stands in the sidecar in any case.
	MaxLossPercent float64 `yaml:"max_loss_percent"`
	// MinLength is the length below which a recording is thrown away (`too_short`).
	MinLength time.Duration `yaml:"min_length"`
	// Depot says where finished recordings go.
	Depot depot.Config `yaml:",inline"`
	// Encryption says by which keys recordings are sealed.
	Encryption vault.Config `yaml:"encryption"`
}

// Default returns the configuration that holds where none is given.
func Default() Config {
	return Config{Dir: "./data/recordings", Format: FormatWAV, Gaps: GapsSilence, MinFreeMiB: 1024, Depot: depot.Default()}
}

// Validate returns what is wrong with the configuration, and what would be right.
func (c Config) Validate() error {
	switch {
	case c.Dir == "":
		return fmt.Errorf("dir: is empty; give the folder of the recordings, such as %s", Default().Dir)
	case !knownFormat(c.Format):
		return fmt.Errorf("format: %q is unknown; use %s", c.Format, knownFormats())
	case CanEncode(c.Format) != nil:
		return fmt.Errorf("format: %w, or use %s", CanEncode(c.Format), FormatWAV)
	case c.Gaps != "" && !slices.Contains(Gaps(), c.Gaps):
		return fmt.Errorf("gaps: %q is unknown; use %s", c.Gaps, strings.Join(Gaps(), " or "))
	case c.MinFreeMiB < 0:
		return fmt.Errorf("min_free_mib: %d is negative; use 0 or more", c.MinFreeMiB)
	case c.MaxLossPercent < 0 || c.MaxLossPercent > 100 || math.IsNaN(c.MaxLossPercent):
		return fmt.Errorf("max_loss_percent: %v is no share; use 0 to 100", c.MaxLossPercent)
	case c.MinLength < 0:
		return fmt.Errorf("min_length: %s is negative; use 0s or more", c.MinLength)
	}
	return nil
}
