package vault

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Pin is a file that remembers by which KEK the recordings of a folder are
// wrapped. Without it a wrong key would be noticed only by who wants to listen.
type Pin struct{ Path string }

// pinned is its content.
type pinned struct {
	Version int    `json:"v"`
	KEK     string `json:"kek"`
}

// Check returns nil if the ring opens what is wrapped here, and pins its current
// KEK. The first ring that comes is believed.
func (p Pin) Check(r *Ring) error {
	b, err := os.ReadFile(p.Path)
	if errors.Is(err, os.ErrNotExist) {
		return p.set(r)
	}
	if err != nil {
		return err
	}
	var was pinned
	if err := json.Unmarshal(b, &was); err != nil || was.Version != 1 {
		return fmt.Errorf("%s is damaged; it says by which key-encryption key the recordings are wrapped: put it back, or remove it if the configured key is the right one", p.Path)
	}
	switch {
	case was.KEK == r.Current():
		return nil
	case r.Has(was.KEK):
		return p.set(r)
	}
	return fmt.Errorf("recordings here are wrapped by %s, and the configuration has %s: put the old key back, or give it in recordings.encryption.old_keys to go over to the new one (%s remembers it)",
		was.KEK, r.Current(), p.Path)
}

// set pins the current KEK, durably.
func (p Pin) set(r *Ring) error {
	b, err := json.Marshal(pinned{1, r.Current()})
	if err != nil {
		return err
	}
	return WriteFile(p.Path, append(b, '\n'))
}

// WriteFile puts a small file in place of another at once, and makes it durable:
// a crash leaves the old one or the new one.
func WriteFile(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
