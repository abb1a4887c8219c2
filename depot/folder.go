package depot

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// folder is a store in a file system: another disk, or one of the network.
type folder struct{ dir string }

func (f folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// Put writes beside the name, makes the bytes durable, and then gives the name.
func (f folder) Put(ctx context.Context, name string, body io.ReaderAt, size int64, _ [sha256.Size]byte, replace bool) (err error) {
	path := f.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	out, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, removeQuietly(out.Name())) }()
	_, err = io.Copy(out, alive{ctx, io.NewSectionReader(body, 0, size)})
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return err
	}
	if replace {
		err = os.Rename(out.Name(), path)
	} else if err = os.Link(out.Name(), path); errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s: %w", path, ErrExists)
	}
	if err != nil {
		return err
	}
	return f.sync(filepath.Dir(path))
}

// sync makes names durable, up to the store's own folder.
func (f folder) sync(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil || dir == f.dir {
		return err
	}
	return f.sync(filepath.Dir(dir))
}

func (f folder) Get(_ context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	file, err := os.Open(f.path(name))
	if err != nil {
		return nil, missing(name, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(file, offset, length), file}, nil
}

func (f folder) Stat(_ context.Context, name string) (Info, error) {
	info, err := os.Stat(f.path(name))
	if err != nil {
		return Info{}, missing(name, err)
	}
	return Info{Size: info.Size()}, nil
}

func (f folder) Delete(_ context.Context, name string) error {
	if err := removeQuietly(f.path(name)); err != nil {
		return err
	}
	err := f.sync(filepath.Dir(f.path(name)))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func missing(name string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	return err
}

// removeQuietly removes a file, not minding one that is not there.
func removeQuietly(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// alive ends a copy with its context.
type alive struct {
	ctx context.Context
	r   io.Reader
}

func (a alive) Read(b []byte) (int, error) {
	if a.ctx.Err() != nil {
		return 0, context.Cause(a.ctx)
	}
	return a.r.Read(b)
}
