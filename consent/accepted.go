package consent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// acceptedName is the file that says which loss was accepted.
const acceptedName = "accepted"

// AcceptedPath returns the file in which whoever runs the service accepts that entries are missing.
func AcceptedPath(dir string) string { return filepath.Join(dir, acceptedName) }

// Accepted returns the time up to which entries may be missing from the ledger in dir, because somebody who knows that
// they are gone, or kept elsewhere, wrote it into the file AcceptedPath. It is the zero time if there is no such file,
// which is the rule. A time that lies after now is an error: it would accept losses that nobody knows of yet.
func Accepted(dir string, now time.Time) (time.Time, error) {
	path := AcceptedPath(dir)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("read accepted loss: %w", err)
	}
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(b)))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: want one time, as %s", path, now.UTC().Format(timeLayout))
	}
	if at.After(now) {
		return time.Time{}, fmt.Errorf("%s: %s has not come yet; only what is known to be lost can be accepted", path, at.Format(time.RFC3339))
	}
	return at, nil
}
