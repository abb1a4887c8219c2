package speech

import (
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// languageMark stands in a command's arguments for the call's language.
const languageMark = "{language}"

// maxTimeout bounds Config.Timeout: a caller waits that long in silence.
const maxTimeout = time.Minute

// Config is the section tts of the configuration.
type Config struct {
	// Command is the program and its arguments, in which {language} stands for the call's language.
	Command []string `yaml:"command"`
	// Timeout is how long one text may take.
	Timeout time.Duration `yaml:"timeout"`
}

// Default returns the configuration that holds where nothing is given: espeak-ng.
func Default() Config {
	return Config{Command: []string{"espeak-ng", "--stdin", "--stdout", "-v", languageMark}, Timeout: 5 * time.Second}
}

// Validate returns what is wrong with the configuration, and what would be right. It does not ask whether the command is
// there: only who uses it needs it.
func (c Config) Validate() error {
	switch {
	case len(c.Command) == 0 || c.Command[0] == "":
		return errors.New("command: is empty; give a program and its arguments, such as [espeak-ng, --stdin, --stdout, -v, \"{language}\"]")
	case c.Timeout <= 0 || c.Timeout > maxTimeout:
		return fmt.Errorf("timeout: %s is no time to wait; use more than 0 and at most %s", c.Timeout, maxTimeout)
	}
	return nil
}

// Ready returns why nothing can be spoken, nil if the command is there.
func (c Config) Ready() error {
	if len(c.Command) == 0 {
		return errors.New("tts.command is empty")
	}
	if _, err := exec.LookPath(c.Command[0]); err != nil {
		return fmt.Errorf("tts.command %q can't be run: %w", c.Command[0], errors.Unwrap(err))
	}
	return nil
}
