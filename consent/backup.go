package consent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"assent/consent/merkle"
)

// Copy copies a ledger folder to another place, which must hold no ledger yet, and verifies the copy. It may run beside the
// writer: the copy then ends with the newest whole line, and has every entry that its checkpoints cover. The same call
// makes a backup and restores it. The key is not in the folder, and is kept apart.
func Copy(from, to string, keys merkle.Keys) (Report, error) {
	if _, err := os.Lstat(Path(to)); !errors.Is(err, fs.ErrNotExist) {
		return Report{}, fmt.Errorf("copy ledger: %s is there already: move the folder %s aside first", Path(to), to)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return Report{}, fmt.Errorf("copy ledger: %w", err)
	}
	// Checkpoints first: the lines that they cover are there by then. The ledger last: it makes the folder one.
	for _, name := range []string{acceptedName, historyName, nodesName, fileName} {
		err := copyFile(filepath.Join(from, name), filepath.Join(to, name), name == fileName)
		if errors.Is(err, fs.ErrNotExist) && name != fileName {
			continue
		}
		if err != nil {
			return Report{}, fmt.Errorf("copy ledger: %w", err)
		}
	}
	if err := syncDir(to); err != nil {
		return Report{}, fmt.Errorf("copy ledger: %w", err)
	}
	return VerifyFolder(to, keys)
}

// VerifyFolder verifies a ledger folder against its own signed checkpoints.
func VerifyFolder(dir string, keys merkle.Keys) (Report, error) {
	history, err := ReadHistory(dir, keys)
	if err != nil {
		return Report{}, err
	}
	var against Against
	for _, s := range history {
		against.Heads = append(against.Heads, s.Checkpoint)
	}
	return VerifyAgainst(dir, against)
}

// copyFile copies a file as it is now; lines leaves out what stands behind the last line end.
func copyFile(from, to string, lines bool) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	size, err := src.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if lines {
		if size, err = wholeLines(src, size); err != nil {
			return err
		}
	}
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, io.NewSectionReader(src, 0, size))
	return errors.Join(err, dst.Sync(), dst.Close())
}

// wholeLines returns where the last line of the first size bytes ends.
func wholeLines(f io.ReaderAt, size int64) (int64, error) {
	b := make([]byte, min(size, 2*maxLine))
	if _, err := f.ReadAt(b, size-int64(len(b))); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	return size - int64(len(b)) + int64(bytes.LastIndexByte(b, '\n')+1), nil
}
