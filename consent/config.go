package consent

import (
	"path/filepath"
	"time"
)

// Config is the `consent` section of the configuration.
type Config struct {
	// Ledger is the ledger's folder.
	Ledger string `yaml:"ledger"`
	// Key is the file of the secret key that signs the ledger's checkpoints; empty is KeyBeside the ledger.
	Key string `yaml:"key"`
	// Origin is the ledger's name in its checkpoints; empty makes one up with the key.
	Origin string `yaml:"origin"`
	// Checkpoint is how often new entries get a signed checkpoint, at the latest.
	Checkpoint time.Duration `yaml:"checkpoint"`
	// Audit is how often what is stored is checked again.
	Audit time.Duration `yaml:"audit"`
	// ValidFor is how long a consent given in one call serves later calls of the same caller.
	ValidFor time.Duration `yaml:"valid_for"`
	// Guard is what is added to the newest audio time where a key's own RTP time is not known.
	Guard time.Duration `yaml:"guard"`
	// NoticeLoss is the percentage of a question's packets from whose loss on it counts as not heard; 0 never.
	NoticeLoss int `yaml:"notice_loss"`
}

// KeyBeside returns the key file of a ledger that has no other: beside its folder, by the folder's name.
func KeyBeside(ledger string) string { return filepath.Clean(ledger) + ".key" }

// Default returns the configuration that holds where nothing is given.
func Default() Config {
	return Config{
		Ledger: "./data/ledger", Checkpoint: 10 * time.Second, Audit: time.Hour,
		ValidFor: 365 * 24 * time.Hour, Guard: 200 * time.Millisecond, NoticeLoss: 20,
	}
}
