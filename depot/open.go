package depot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"assent/vault"
)

// Recording is a stored recording that is open for reading: its bytes as they are
// stored, sealed where Key is not nil.
type Recording struct {
	io.ReaderAt
	io.Closer
	ID       string
	Name     string // of the audio's file, without folder
	Location string // path or URL of the audio
	Size     int64
	Modified time.Time // zero where it is not known
	Sidecar  []byte
	Key      []byte // the key file; nil if the audio is in clear
}

// readTime bounds each question to a store while a recording is read.
const readTime = 30 * time.Second

// Open opens a recording wherever it is: in the recordings folder, or else where
// the catalogue says. The caller closes it.
func (d *Depot) Open(ctx context.Context, id string) (*Recording, error) {
	if safe(id) != id || id == "" {
		return nil, fmt.Errorf("recording %q: %w", id, ErrNotFound)
	}
	for range 2 { // it may be on its way while we look
		if audio := audioOf(d.dir, id); audio != "" {
			r, err := openLocal(audio)
			if !errors.Is(err, os.ErrNotExist) {
				return r, err
			}
		}
		location, err := d.deps.Catalogue.Location(ctx, id)
		if err != nil {
			return nil, err
		}
		if location != "" {
			return d.openStored(ctx, id, location)
		}
	}
	return nil, fmt.Errorf("recording %s: %w", id, ErrNotFound)
}

// OpenFile opens a recording by the path of its audio, facts and key beside it.
func OpenFile(path string) (*Recording, error) { return openLocal(path) }

func openLocal(audio string) (*Recording, error) {
	base := strings.TrimSuffix(audio, filepath.Ext(audio))
	f, err := os.Open(filepath.Clean(audio))
	if err != nil {
		return nil, err
	}
	r := &Recording{ReaderAt: f, Closer: f, ID: filepath.Base(base), Name: filepath.Base(audio), Location: audio}
	info, err := f.Stat()
	if err == nil {
		r.Size, r.Modified = info.Size(), info.ModTime()
		r.Sidecar, err = readSmall(base + sidecarEnding)
	}
	if err == nil {
		if r.Key, err = readSmall(base + keyEnding); errors.Is(err, os.ErrNotExist) {
			r.Key, err = nil, nil
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

// openStored opens a recording in the store.
func (d *Depot) openStored(ctx context.Context, id, location string) (*Recording, error) {
	name, ours := strings.CutPrefix(location, d.root)
	if d.store == nil || !ours {
		return nil, fmt.Errorf("recording %s is at %s, and recordings.store does not lead there", id, location)
	}
	base := strings.TrimSuffix(name, path.Ext(name))
	info, err := d.store.Stat(ctx, name)
	if err != nil {
		return nil, err
	}
	r := &Recording{ID: id, Name: path.Base(name), Location: location, Size: info.Size}
	if r.Sidecar, err = d.small(ctx, base+sidecarEnding); err != nil {
		return nil, err
	}
	if r.Key, err = d.small(ctx, base+keyEnding); errors.Is(err, ErrNotFound) {
		r.Key, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	ahead := &ahead{ctx: ctx, store: d.store, name: name, size: info.Size}
	r.ReaderAt, r.Closer = ahead, ahead
	return r, nil
}

// small reads a whole small object.
func (d *Depot) small(ctx context.Context, name string) ([]byte, error) {
	info, err := d.store.Stat(ctx, name)
	if err != nil {
		return nil, err
	}
	if info.Size > maxSidecar {
		return nil, fmt.Errorf("%s has %d bytes, at most %d are right", name, info.Size, maxSidecar)
	}
	body, err := d.store.Get(ctx, name, 0, info.Size)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }() // only read
	return io.ReadAll(io.LimitReader(body, info.Size))
}

const (
	// piece is what is read of an object at a time: half a minute of audio.
	piece = 1 << 20
	// pieces that are kept: the end of a file, where its index is, and where one reads.
	pieces = 2
)

// ahead reads an object in pieces, so that a listener costs a request a piece and
// not one a record. It is not safe for concurrent use.
type ahead struct {
	ctx   context.Context // of the listening
	store Store
	name  string
	size  int64
	kept  [pieces]struct {
		from int64
		b    []byte
	}
	next int
}

// Close lets go of what was read.
func (a *ahead) Close() error {
	*a = ahead{ctx: a.ctx, store: a.store, name: a.name}
	return nil
}

// ReadAt reads from what is kept, or asks for a piece.
func (a *ahead) ReadAt(b []byte, at int64) (int, error) {
	n := 0
	for n < len(b) {
		if at >= a.size {
			return n, io.EOF
		}
		p, err := a.pieceAt(at / piece * piece)
		if err != nil {
			return n, err
		}
		got := copy(b[n:], p[at%piece:])
		n, at = n+got, at+int64(got)
	}
	return n, nil
}

// pieceAt returns the piece that begins at from.
func (a *ahead) pieceAt(from int64) ([]byte, error) {
	for _, k := range a.kept {
		if k.b != nil && k.from == from {
			return k.b, nil
		}
	}
	ctx, done := context.WithTimeoutCause(a.ctx, readTime, errors.New("the store is too slow"))
	defer done()
	b := make([]byte, min(piece, a.size-from))
	body, err := a.store.Get(ctx, a.name, from, int64(len(b)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }() // only read
	if _, err := io.ReadFull(body, b); err != nil {
		return nil, fmt.Errorf("%s: %w", a.name, err)
	}
	k := &a.kept[a.next]
	a.next = (a.next + 1) % pieces
	k.from, k.b = from, b
	return b, nil
}

// Opener unwraps data keys; *vault.Vault and *vault.Ring are ones.
type Opener interface {
	Open(ctx context.Context, text []byte) (*vault.Key, error)
}

// Check opens every record of an encrypted recording; the error names the first that
// is not what was written.
func (r *Recording) Check(ctx context.Context, keys Opener) error {
	if r.Key == nil || keys == nil {
		return nil
	}
	key, err := keys.Open(ctx, r.Key)
	if err != nil {
		return err
	}
	return vault.Check(r, r.Size, key, vault.Audio)
}

// ErrSealed says that a recording is encrypted, and there is no key to open it with.
var ErrSealed = errors.New("is encrypted, and recordings.encryption.key is not configured")

// Plain returns the audio in clear, to be read by ranges while r is open, and its size.
// keys may be nil where nothing is encrypted.
func (r *Recording) Plain(ctx context.Context, keys Opener) (io.ReaderAt, int64, error) {
	if r.Key == nil {
		return r, r.Size, nil
	}
	if keys == nil {
		return nil, 0, fmt.Errorf("recording %s: %w", r.ID, ErrSealed)
	}
	key, err := keys.Open(ctx, r.Key)
	if err != nil {
		return nil, 0, err
	}
	plain, err := vault.NewReader(r, r.Size, key, vault.Audio)
	if err != nil {
		return nil, 0, fmt.Errorf("recording %s: %w", r.ID, err)
	}
	return plain, plain.Size(), nil
}
