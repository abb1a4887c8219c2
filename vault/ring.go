package vault

import (
	"context"
	"errors"
	"fmt"
)

// ErrUnknownKEK says that a data key is wrapped by a KEK that we do not have.
var ErrUnknownKEK = errors.New("the key-encryption key is not at hand")

// Ring is the KEK that wraps new data keys, and those that older ones need.
type Ring struct {
	current KEK
	byID    map[string]KEK
}

// OpenRing finds the keys of a configuration. It asks no key management service.
func OpenRing(cfg Config) (*Ring, error) {
	r := &Ring{byID: map[string]KEK{}}
	for i, ref := range append([]string{cfg.Key}, cfg.OldKeys...) {
		k, err := resolve(ref, cfg.Token)
		if err != nil {
			return nil, fmt.Errorf("recordings.encryption.%s: %w", keyName(i), err)
		}
		if r.current == nil {
			r.current = k
		}
		r.byID[k.ID()] = k
	}
	return r, nil
}

// Current is the id of the KEK that wraps new data keys.
func (r *Ring) Current() string { return r.current.ID() }

// Has reports whether what the KEK wrapped can be read.
func (r *Ring) Has(id string) bool { return r.byID[id] != nil }

// wrap wraps a data key with the current KEK.
func (r *Ring) wrap(ctx context.Context, key []byte) (Wrapped, error) {
	b, err := r.current.Wrap(ctx, key)
	if err != nil {
		return Wrapped{}, fmt.Errorf("wrap a data key with %s: %w", r.Current(), err)
	}
	return Wrapped{Version: wrappedVersion, KEK: r.Current(), Key: b}, nil
}

// unwrap returns the data key that w holds.
func (r *Ring) unwrap(ctx context.Context, w Wrapped) ([]byte, error) {
	kek := r.byID[w.KEK]
	if kek == nil {
		return nil, fmt.Errorf("data key of recording %s: %w: it is wrapped by %s; give that one in recordings.encryption.old_keys", w.Recording, ErrUnknownKEK, w.KEK)
	}
	key, err := kek.Unwrap(ctx, w.Key)
	if err != nil {
		return nil, fmt.Errorf("data key of recording %s, wrapped by %s: %w", w.Recording, w.KEK, err)
	}
	if len(key) != keyBytes {
		return nil, fmt.Errorf("data key of recording %s: %d bytes, want %d", w.Recording, len(key), keyBytes)
	}
	return key, nil
}

// Open returns the data key that the text of a key file holds.
func (r *Ring) Open(ctx context.Context, text []byte) (*Key, error) {
	w, err := ParseWrapped(text)
	if err != nil {
		return nil, err
	}
	key, err := r.unwrap(ctx, w)
	if err != nil {
		return nil, err
	}
	return newKey(w, key)
}

// Rewrap wraps a data key with the current KEK and returns the new text of its key
// file; changed is false where it is so already.
func (r *Ring) Rewrap(ctx context.Context, text []byte) (fresh []byte, changed bool, err error) {
	w, err := ParseWrapped(text)
	if err != nil || w.KEK == r.Current() {
		return text, false, err
	}
	key, err := r.unwrap(ctx, w)
	if err != nil {
		return nil, false, err
	}
	next, err := r.wrap(ctx, key)
	if err != nil {
		return nil, false, err
	}
	next.Recording = w.Recording
	fresh, err = next.encode()
	return fresh, true, err
}
