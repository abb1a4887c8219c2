package recorder

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// errBusy says that another process writes the file.
var errBusy = errors.New("another process writes it")

// file is an open file, as a recording needs it.
type file interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	// Sync makes data and size durable.
	Sync() error
	Close() error
}

// disk is where recordings live; tests put faults between.
type disk interface {
	// Create makes a file that must not exist, mode 0600, locked against other processes.
	Create(path string) (file, error)
	// Open opens a file that an earlier run left, locked likewise, and tells its size.
	Open(path string) (file, int64, error)
	Rename(from, to string) error
	Remove(path string) error
	// SyncDir makes names in a folder durable.
	SyncDir(path string) error
	// Free returns the bytes that are left, and those of the whole volume.
	Free(path string) (free, total uint64, err error)
}

// osDisk is the file system.
type osDisk struct{}

// osFile is a file whose Sync leaves out what only changes its times.
type osFile struct{ *os.File }

func (f osFile) Sync() error { return unix.Fdatasync(int(f.Fd())) }

func (osDisk) Create(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return lock(f)
}

func (osDisk) Open(path string) (file, int64, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, 0, err
	}
	locked, err := lock(f)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return locked, info.Size(), nil
}

// lock takes the file for this process; the kernel lets go when it dies.
func lock(f *os.File) (file, error) {
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		name := f.Name()
		_ = f.Close() // nothing was written
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errBusy
		}
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return osFile{f}, nil
}

func (osDisk) Rename(from, to string) error { return os.Rename(from, to) }
func (osDisk) Remove(path string) error     { return os.Remove(path) }

func (osDisk) SyncDir(path string) error {
	d, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (osDisk) Free(path string) (free, total uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, 0, fmt.Errorf("space in %s: %w", path, err)
	}
	return s.Bavail * uint64(s.Bsize), s.Blocks * uint64(s.Bsize), nil
}

// removeAll removes files, not minding those that are not there.
func removeAll(d disk, paths ...string) error {
	var all error
	for _, p := range paths {
		if err := d.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}
