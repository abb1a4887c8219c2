package call

import "time"

// Control is the section control of the configuration: how the parties of a
// call act on its recording by keys. An empty sequence is none.
type Control struct {
	// PauseKeys pause the recording when a station presses them, as before card data is told.
	PauseKeys string `yaml:"pause_keys"`
	// ResumeKeys end that pause when a station presses them.
	ResumeKeys string `yaml:"resume_keys"`
	// WithdrawKeys take the caller's consent back when the caller presses them while talking.
	WithdrawKeys string `yaml:"withdraw_keys"`
	// PauseTimeout ends a pause that nobody ended.
	PauseTimeout time.Duration `yaml:"pause_timeout"`
}

// DefaultControl returns the configuration that holds where nothing is given: no
// keys, and a pause that is forgotten ends after ten minutes.
func DefaultControl() Control { return Control{PauseTimeout: 10 * time.Minute} }
