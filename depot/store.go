package depot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

var (
	// ErrExists says that there is an object of that name already.
	ErrExists = errors.New("is there already")
	// ErrNotFound says that there is no object of that name.
	ErrNotFound = errors.New("is not there")
)

// Store keeps objects by name. Its methods are safe for concurrent use, and end
// with their context.
type Store interface {
	// Put makes an object of what body holds, size bytes whose SHA-256 is sum. One that
	// is there is ErrExists, unless replace says that it may go.
	Put(ctx context.Context, name string, body io.ReaderAt, size int64, sum [sha256.Size]byte, replace bool) error
	// Get reads an object from offset on, at most length bytes.
	Get(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error)
	// Stat returns what is known of an object without reading it.
	Stat(ctx context.Context, name string) (Info, error)
	// Delete removes an object, all its versions. One that is not there is no error.
	Delete(ctx context.Context, name string) error
}

// Info is what a store knows of an object.
type Info struct {
	Size int64
	// SHA256 is what the store itself has computed, in hex; empty if it does not say.
	SHA256 string
}

// verify reports whether an object is what was to be stored: by the store's own
// hash, or else by reading it back.
func verify(ctx context.Context, s Store, name string, size int64, sum [sha256.Size]byte) error {
	info, err := s.Stat(ctx, name)
	if err != nil {
		return fmt.Errorf("look at %s: %w", name, err)
	}
	got := info.SHA256
	if info.Size == size && got == "" {
		if got, err = readBack(ctx, s, name, size); err != nil {
			return fmt.Errorf("read %s back: %w", name, err)
		}
	}
	if want := hex.EncodeToString(sum[:]); info.Size != size || got != want {
		return fmt.Errorf("%s: %w: %d bytes with SHA-256 %s, want %d with %s", name, errCorrupt, info.Size, got, size, want)
	}
	return nil
}

// errCorrupt says that a store has something else than it was given.
var errCorrupt = errors.New("was stored wrongly")

func readBack(ctx context.Context, s Store, name string, size int64) (string, error) {
	body, err := s.Get(ctx, name, 0, size)
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }() // only read
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(body, size)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
