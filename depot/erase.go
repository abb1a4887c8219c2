package depot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
)

// ErrBusy says that a recording is on its way to its store at this moment.
var ErrBusy = errors.New("is on its way to its store; try again")

// Erase destroys a recording wherever it is: the wrapped key first, which makes
// every copy of an encrypted one unreadable, then audio and facts. It can be
// repeated until it returns nil. location is what the catalogue said of it, empty if
// it did not say; it is asked again. Whoever calls writes the erasure down.
func (d *Depot) Erase(ctx context.Context, id, location string) error {
	if safe(id) != id || id == "" {
		return fmt.Errorf("recording %q: %w", id, ErrNotFound)
	}
	if !d.spool.forget(id) {
		return fmt.Errorf("recording %s: %w", id, ErrBusy)
	}
	if location == "" {
		var err error
		if location, err = d.deps.Catalogue.Location(ctx, id); err != nil {
			return fmt.Errorf("erase recording %s: catalogue: %w", id, err)
		}
	}
	if err := errors.Join(d.eraseLocal(id), d.eraseStored(ctx, id, location)); err != nil {
		return fmt.Errorf("erase recording %s: %w", id, err)
	}
	return nil
}

// eraseLocal removes what lies in the recordings folder, the key first and durably.
func (d *Depot) eraseLocal(id string) error {
	endings := append(append([]string{keyEnding}, audioEndings...), sidecarEnding)
	for _, ending := range endings {
		if err := removeQuietly(d.path(id, ending)); err != nil {
			return err
		}
		if ending != keyEnding && ending != sidecarEnding {
			continue
		}
		err := folder{d.dir}.sync(d.dir)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// eraseStored removes what lies in the store, every version of it.
func (d *Depot) eraseStored(ctx context.Context, id, location string) error {
	if location == "" {
		return nil
	}
	name, ours := strings.CutPrefix(location, d.root)
	if d.store == nil || !ours {
		return fmt.Errorf("it is at %s, and recordings.store does not lead there", location)
	}
	base := strings.TrimSuffix(name, path.Ext(name))
	for _, object := range []string{base + keyEnding, name, base + sidecarEnding} {
		if err := d.store.Delete(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// forget takes a recording out of the spool, and returns false if it is on its way.
func (s *spool) forget(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[id]
	if j == nil {
		return true
	}
	if j.busy {
		return false
	}
	delete(s.jobs, id)
	s.bytes -= j.bytes
	return true
}
