package vault

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const (
	// wrappedVersion is the version of a key file.
	wrappedVersion = 1
	// maxWrapped bounds a key file.
	maxWrapped = 16 << 10
)

// Wrapped is the content of a key file, `<id>.key`: a data key that only the KEK opens.
type Wrapped struct {
	Version   int    `json:"v"`
	Recording string `json:"recording"`
	KEK       string `json:"kek"`
	Key       []byte `json:"key"`
}

// encode returns the text of the key file.
func (w Wrapped) encode() ([]byte, error) {
	b, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("encode data key of recording %s: %w", w.Recording, err)
	}
	return append(b, '\n'), nil
}

// ParseWrapped reads a key file: known keys only, written as we write it.
func ParseWrapped(text []byte) (Wrapped, error) {
	var w Wrapped
	if len(text) > maxWrapped {
		return w, fmt.Errorf("a key file has %d bytes, at most %d are right", len(text), maxWrapped)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return w, fmt.Errorf("key file %w: %w", ErrDamaged, err)
	}
	if w.Version != wrappedVersion {
		return w, fmt.Errorf("key file: version %d, this program knows %d", w.Version, wrappedVersion)
	}
	if again, err := w.encode(); err != nil || !bytes.Equal(again, text) {
		return w, fmt.Errorf("key file %w: it is not written as a vault writes it", ErrDamaged)
	}
	return w, nil
}

// Key is the data key of one recording. It is safe for concurrent use.
type Key struct {
	wrapped Wrapped
	aead    tink.AEAD
}

func newKey(w Wrapped, key []byte) (*Key, error) {
	aead, err := subtle.NewAESGCM(key)
	if err != nil {
		return nil, fmt.Errorf("data key of recording %s: %w", w.Recording, err)
	}
	return &Key{w, aead}, nil
}

// Recording is the id of the recording that the key belongs to.
func (k *Key) Recording() string { return k.wrapped.Recording }

// KEK is the id of the key-encryption key that it is wrapped by.
func (k *Key) KEK() string { return k.wrapped.KEK }

// Text is the content of the key file.
func (k *Key) Text() ([]byte, error) { return k.wrapped.encode() }
