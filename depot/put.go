package depot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"
)

const (
	// putTime and putRate bound how long one file may take on its way: half a minute,
	// and longer for what can't go faster than 64 KiB a second.
	putTime = 30 * time.Second
	putRate = 64 << 10
	// maxSidecar bounds what is read of a sidecar.
	maxSidecar = 16 << 20
)

// put stores a recording: key, facts, audio. It can be repeated: what is there
// already and right is left as it is.
func (d *Depot) put(ctx context.Context, id string) error {
	f, err := d.facts(id)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it was erased, or is stored
	}
	if err != nil {
		return err
	}
	audio := audioOf(d.dir, id)
	if audio == "" {
		return d.finishRemoval(ctx, id)
	}
	name := d.layout.name(f)
	for _, path := range []string{d.path(id, keyEnding), d.path(id, sidecarEnding), audio} {
		want := ""
		if path == audio {
			want = f.SHA256
		}
		err := d.putFile(ctx, path, name+filepath.Ext(path), want)
		if err != nil && !(errors.Is(err, os.ErrNotExist) && filepath.Ext(path) == keyEnding) {
			return err
		}
	}
	stored := Stored{ID: f.ID, Call: f.Call, Trunk: f.Trunk, Queue: f.Queue, Station: f.Station, SHA256: f.SHA256, Location: d.root + name + filepath.Ext(audio)}
	if err := d.deps.Catalogue.Located(ctx, stored); err != nil {
		return fmt.Errorf("catalogue: %w", err)
	}
	if d.deps.Stored != nil {
		d.deps.Stored(stored)
	}
	return d.remove(id, audio)
}

func (d *Depot) path(id, ending string) string { return filepath.Join(d.dir, id+ending) }

// facts reads what a sidecar says of names and hash.
func (d *Depot) facts(id string) (*facts, error) {
	b, err := readSmall(d.path(id, sidecarEnding))
	if err != nil {
		return nil, err
	}
	var f facts
	if err := json.Unmarshal(b, &f); err != nil || f.ID != id {
		return nil, fmt.Errorf("sidecar of recording %s: is not that of it", id)
	}
	return &f, nil
}

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	b, err := io.ReadAll(io.LimitReader(f, maxSidecar+1))
	if err == nil && len(b) > maxSidecar {
		err = fmt.Errorf("%s has more than %d bytes", path, maxSidecar)
	}
	return b, err
}

// putFile stores one file, and sees to it that it is there as it was sent. want is
// its SHA-256 by the sidecar, "" if none is known.
func (d *Depot) putFile(ctx context.Context, path, name, want string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err != nil {
		return err
	}
	sum := [sha256.Size]byte(h.Sum(nil))
	if got := hex.EncodeToString(sum[:]); want != "" && got != want {
		return fmt.Errorf("%s is damaged: its SHA-256 is %s, its sidecar says %s; it is not stored", path, got, want)
	}
	ctx, done := context.WithTimeoutCause(ctx, putTime+time.Duration(size/putRate)*time.Second, errors.New("the store is too slow"))
	defer done()
	err = d.store.Put(ctx, name, f, size, sum, false)
	if err != nil && !errors.Is(err, ErrExists) {
		return err
	}
	if verr := verify(ctx, d.store, name, size, sum); !errors.Is(verr, errCorrupt) {
		return verr
	}
	// An id names one recording only, so what is there is an attempt that went wrong.
	d.deps.Log.Warn("recording was stored wrongly, and is stored again", zap.String("name", name))
	if err := d.store.Put(ctx, name, f, size, sum, true); err != nil {
		return err
	}
	return verify(ctx, d.store, name, size, sum)
}

// remove takes a stored recording out of the folder, the sidecar last: it leads a
// next start to the rest.
func (d *Depot) remove(id, audio string) error {
	for _, path := range []string{audio, d.path(id, keyEnding), d.path(id, sidecarEnding)} {
		if err := removeQuietly(path); err != nil {
			return err
		}
	}
	return nil
}

// finishRemoval takes away what a crash left of a recording that was stored.
func (d *Depot) finishRemoval(ctx context.Context, id string) error {
	location, err := d.deps.Catalogue.Location(ctx, id)
	if err != nil {
		return fmt.Errorf("catalogue: %w", err)
	}
	if !strings.HasPrefix(location, d.root) {
		return fmt.Errorf("recording %s has facts and no audio", id)
	}
	return d.remove(id, d.path(id, audioEndings[0]))
}
