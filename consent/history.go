package consent

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"assent/consent/merkle"
)

const (
	// historyName is the file of the signed checkpoints, oldest first.
	historyName = "checkpoints"
	// maxHistory bounds it: beyond, every second checkpoint of its older half goes, so that it reaches back to the first
	// and is denser the newer.
	maxHistory = 1024
)

// HistoryPath returns the file of the signed checkpoints of a ledger folder. Each is a signed note; the last is the newest.
func HistoryPath(dir string) string { return filepath.Join(dir, historyName) }

// history is the signed checkpoints of a ledger, as the notary keeps them.
type history struct {
	dir   string
	max   int // notes
	file  *os.File
	notes [][]byte
	bytes int64
}

// Signed is a checkpoint of a ledger with its signed note.
type Signed struct {
	merkle.Seen
	Note []byte
}

// ReadHistory returns the signed checkpoints in a ledger folder, oldest first, and checks each against the keys and the
// ones before. A note that a crash left half written at the end is passed over. No file is an empty history.
func ReadHistory(dir string, keys merkle.Keys) ([]Signed, error) {
	b, err := os.ReadFile(HistoryPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	notes, rest := merkle.SplitNotes(b)
	if !torn(rest) {
		notes = append(notes, rest) // it says itself what is wrong with it
	}
	list := make([]Signed, 0, len(notes))
	var last int64
	for i, n := range notes {
		seen, err := merkle.OpenCheckpoint(n, keys)
		if err == nil && seen.Size < last {
			err = fmt.Errorf("checkpoint of %d entries behind one of %d", seen.Size, last)
		}
		if err != nil {
			return list, fmt.Errorf("%s: checkpoint %d: %w", HistoryPath(dir), i+1, err)
		}
		last = seen.Size
		list = append(list, Signed{seen, n})
	}
	return list, nil
}

// torn reports whether b is the beginning of a note, as a crash leaves it: three lines, an empty one, part of a signature.
func torn(b []byte) bool {
	ends := bytes.Count(b, []byte("\n"))
	return ends < 4 || ends == 4 && (!bytes.HasSuffix(b, []byte("\n")) || bytes.HasSuffix(b, []byte("\n\n")))
}

// openHistory opens the history for appending and cuts off a note that a crash left half written.
func openHistory(dir string) (*history, error) {
	f, err := os.OpenFile(HistoryPath(dir), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	h := &history{dir: dir, file: f, max: maxHistory}
	b, err := os.ReadFile(HistoryPath(dir))
	if err == nil {
		var rest []byte
		h.notes, rest = merkle.SplitNotes(b)
		h.bytes = int64(len(b) - len(rest))
		err = errors.Join(f.Truncate(h.bytes), syncDir(dir))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return h, nil
}

// add makes a signed note durable.
func (h *history) add(signed []byte) error {
	h.notes = append(h.notes, signed)
	if len(h.notes) > h.max {
		return h.thin()
	}
	if _, err := h.file.Write(signed); err != nil {
		// What stands behind the last whole note would hide the next one.
		return errors.Join(fmt.Errorf("write checkpoint: %w", err), h.file.Truncate(h.bytes))
	}
	h.bytes += int64(len(signed))
	return fdatasync(h.file)
}

// thin writes the history again without every second note of its older half. The first one stays.
func (h *history) thin() error {
	kept := h.notes[:0:0]
	for i, n := range h.notes {
		if i >= len(h.notes)/2 || i%2 == 0 {
			kept = append(kept, n)
		}
	}
	fresh := HistoryPath(h.dir) + ".new"
	f, err := os.OpenFile(fresh, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	size := int64(0)
	for _, n := range kept {
		written, failed := f.Write(n)
		size, err = size+int64(written), errors.Join(err, failed)
	}
	if err := errors.Join(err, f.Sync()); err != nil {
		return errors.Join(fmt.Errorf("write checkpoints: %w", err), f.Close())
	}
	if err := errors.Join(os.Rename(fresh, HistoryPath(h.dir)), syncDir(h.dir)); err != nil {
		return errors.Join(err, f.Close())
	}
	err = h.file.Close()
	h.file, h.notes, h.bytes = f, kept, size
	return err
}
