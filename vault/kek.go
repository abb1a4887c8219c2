package vault

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const (
	// keyBytes is the length of a key: AES-256.
	keyBytes = 32
	// maxKeyFile bounds what is read of a file that holds a key.
	maxKeyFile = 4096
)

// KEK is a key-encryption key: it wraps data keys, wherever it is.
type KEK interface {
	// ID names the key without giving it away.
	ID() string
	// Wrap encrypts a data key.
	Wrap(ctx context.Context, key []byte) ([]byte, error)
	// Unwrap is the way back. It fails on what this key has not wrapped.
	Unwrap(ctx context.Context, wrapped []byte) ([]byte, error)
}

// wrapping is the associated data of a wrapped data key.
var wrapping = []byte("assent recording key 1")

// localKEK is a key in our own memory.
type localKEK struct {
	id   string
	aead tink.AEAD
}

// newLocalKEK makes the KEK of a key, named by its fingerprint: so an id can't be
// given to a wrong key.
func newLocalKEK(key []byte) (KEK, error) {
	aead, err := subtle.NewAESGCM(key)
	if err != nil {
		return nil, fmt.Errorf("key-encryption key: %w", err)
	}
	print := sha256.Sum256(append([]byte("assent kek\x00"), key...))
	return localKEK{"kek-" + hex.EncodeToString(print[:8]), aead}, nil
}

func (k localKEK) ID() string { return k.id }

func (k localKEK) Wrap(_ context.Context, key []byte) ([]byte, error) {
	return k.aead.Encrypt(key, wrapping)
}

func (k localKEK) Unwrap(_ context.Context, wrapped []byte) ([]byte, error) {
	key, err := k.aead.Decrypt(wrapped, wrapping)
	if err != nil {
		return nil, fmt.Errorf("the wrapped key %w: not authentic", ErrDamaged)
	}
	return key, nil
}

// NewKeyText returns a fresh key-encryption key, as a file or a variable holds it.
func NewKeyText() string {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails: the program ends instead
	return base64.StdEncoding.EncodeToString(key)
}

// parseKey reads a key as NewKeyText writes it. The error does not show it.
func parseKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != keyBytes {
		return nil, errors.New("is no key: want 32 bytes in base64, as `assent key new` prints them")
	}
	if strings.Count(string(key), string(key[:1])) == keyBytes {
		return nil, errors.New("is no key: all its bytes are the same")
	}
	return key, nil
}

// resolve finds the KEK that a reference leads to.
func resolve(ref, token string) (KEK, error) {
	kind, rest, _ := strings.Cut(ref, ":")
	text := ref
	switch kind {
	case "http", "https":
		return newTransit(ref, token)
	case "env":
		if text = os.Getenv(rest); text == "" {
			return nil, fmt.Errorf("the environment variable %s is not set", rest)
		}
	case "file":
		b, err := readKeyFile(rest)
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("the key-encryption key (%s): %w", whence(ref), err)
	}
	return newLocalKEK(key)
}

// whence names a reference without showing a key that stands in it.
func whence(ref string) string {
	if strings.Contains(ref, ":") {
		return ref
	}
	return "in the configuration"
}

func readKeyFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("the key-encryption key: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxKeyFile {
		return nil, fmt.Errorf("the key-encryption key: %s is no file of a key", path)
	}
	return os.ReadFile(path)
}
