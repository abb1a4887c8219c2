package depot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"assent/vault"
)

// Sealed returns the ids of the recordings in the recordings folder that have a key.
func (d *Depot) Sealed() ([]string, error) {
	list, err := os.ReadDir(d.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var ids []string
	for _, e := range list {
		if id, found := strings.CutSuffix(e.Name(), keyEnding); found && safe(id) == id {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// Rewrap wraps the data key of a recording by the ring's current KEK, wherever it
// lies; no other byte changes. It returns false where nothing was to do. It can be
// repeated, and be done while the recording is heard or grows.
func (d *Depot) Rewrap(ctx context.Context, id string, ring *vault.Ring) (bool, error) {
	local := d.path(id, keyEnding)
	text, err := readSmall(local)
	if err == nil {
		fresh, changed, err := ring.Rewrap(ctx, text)
		if err != nil || !changed {
			return false, err
		}
		return true, vault.WriteFile(local, fresh)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	location, err := d.deps.Catalogue.Location(ctx, id)
	name, ours := strings.CutPrefix(location, d.root)
	if err != nil || location == "" {
		return false, err
	}
	if d.store == nil || !ours {
		return false, fmt.Errorf("recording %s is at %s, and recordings.store does not lead there", id, location)
	}
	return d.rewrapStored(ctx, strings.TrimSuffix(name, path.Ext(name))+keyEnding, ring)
}

// rewrapStored replaces a key file in the store.
func (d *Depot) rewrapStored(ctx context.Context, name string, ring *vault.Ring) (bool, error) {
	text, err := d.small(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return false, nil // it is in clear
	}
	if err != nil {
		return false, err
	}
	fresh, changed, err := ring.Rewrap(ctx, text)
	if err != nil || !changed {
		return false, err
	}
	sum := sha256.Sum256(fresh)
	if err := d.store.Put(ctx, name, bytes.NewReader(fresh), int64(len(fresh)), sum, true); err != nil {
		return false, err
	}
	return true, verify(ctx, d.store, name, int64(len(fresh)), sum)
}
