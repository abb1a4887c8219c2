package recorder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"assent/depot"
	"assent/vault"
)

// keyTimeout bounds the wait for a key management service while a recording of an
// earlier run is taken up.
const keyTimeout = 10 * time.Second

// Keys makes and opens the data keys of recordings; *vault.Vault is one.
type Keys interface {
	depot.Opener
	// Ready returns nil if a recording that begins now gets a key.
	Ready() error
	// NewKey returns a fresh data key. It never waits.
	NewKey(recording string) (*vault.Key, error)
}

// sealedDisk seals what one recording writes: its audio, and its facts while it
// grows. The sidecar is not sealed: a recording is found and checked by it.
type sealedDisk struct {
	disk
	key *vault.Key
}

// roleOf tells which file of a recording is sealed, and as what.
func roleOf(path string) (role vault.Role, sealed bool) {
	switch {
	case strings.HasSuffix(path, ".json.part"):
		return vault.Facts, true
	case strings.HasSuffix(path, ".part"), strings.HasSuffix(path, ".wav.new"), strings.HasSuffix(path, ".opus.new"):
		return vault.Audio, true
	}
	return 0, false
}

func (d sealedDisk) Create(path string) (file, error) {
	f, err := d.disk.Create(path)
	role, sealed := roleOf(path)
	if err != nil || !sealed {
		return f, err
	}
	s, err := vault.Create(f, d.key, role)
	if err != nil {
		return nil, errors.Join(err, f.Close(), d.Remove(path))
	}
	return s, nil
}

// Open returns the plain file and its size; with vault.ErrDamaged what there is of
// it before the damage.
func (d sealedDisk) Open(path string) (file, int64, error) {
	f, size, err := d.disk.Open(path)
	role, sealed := roleOf(path)
	if err != nil || !sealed {
		return f, size, err
	}
	s, err := vault.Reopen(f, size, d.key, role)
	if errors.Is(err, vault.ErrForeign) && size <= vault.HeadBytes(d.key) { // it died as it began
		if s, err = vault.Create(f, d.key, role); err == nil {
			err = s.Truncate(0)
		}
	}
	if errors.Is(err, vault.ErrForeign) {
		err = fmt.Errorf("%w: %w", errGarbage, err)
	}
	if s == nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return s, s.Size(), err
}

// newDisk returns the disk that a new recording writes to.
func (r *Recorder) newDisk(id string) (disk, error) {
	if r.keys == nil {
		return r.disk, nil
	}
	key, err := r.keys.NewKey(id)
	if err != nil {
		return nil, err
	}
	return sealedDisk{r.disk, key}, nil
}

// diskOf returns the disk of a recording that an earlier run left: sealed if there
// is a key file. Without the key-encryption key it is left alone.
func (r *Recorder) diskOf(n names) (disk, error) {
	text, err := os.ReadFile(n.key)
	if errors.Is(err, os.ErrNotExist) {
		return r.disk, nil
	}
	if err != nil {
		return nil, err
	}
	if r.keys == nil {
		return nil, depot.ErrSealed
	}
	ctx, done := context.WithTimeout(context.Background(), keyTimeout)
	defer done()
	key, err := r.keys.Open(ctx, text)
	if err != nil {
		return nil, err
	}
	return sealedDisk{r.disk, key}, nil
}

// keepKey writes the key file of a sealed recording, the first of its files; the
// syncer makes it durable together with them. It returns nil for a plain one.
func keepKey(d disk, n names) (file, error) {
	sealed, ok := d.(sealedDisk)
	if !ok {
		return nil, nil
	}
	text, err := sealed.key.Text()
	if err != nil {
		return nil, err
	}
	f, err := d.Create(n.key)
	if err != nil {
		return nil, err
	}
	if _, err := f.WriteAt(text, 0); err != nil {
		return nil, errors.Join(err, f.Close(), d.Remove(n.key))
	}
	return f, nil
}

// openKey opens the key file again, so that it is made durable once more.
func openKey(d disk, n names) (file, error) {
	if _, ok := d.(sealedDisk); !ok {
		return nil, nil
	}
	f, _, err := d.Open(n.key)
	return f, err
}

// hashes returns the SHA-256 of the file as it is stored, and of what it holds in
// clear where that is another; both are read again from the start. It ends a
// sealed file.
func (m product) hashes() (stored, plain string, err error) {
	stored, err = m.hash()
	sealed, ok := m.file.(*vault.File)
	if err != nil || !ok {
		return stored, "", err
	}
	plain = stored
	if err := errors.Join(sealed.Finish(), sealed.Sync()); err != nil {
		return "", "", err
	}
	stored, err = hashHex(sealed.Stored())
	return stored, plain, err
}
