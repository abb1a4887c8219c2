package consent

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"assent/consent/merkle"
)

// PublicPath returns the file of the public key that belongs to a secret key's file.
func PublicPath(key string) string { return key + ".pub" }

// LoadSigner reads the key that signs a ledger's checkpoints, mode 0600, and makes one where there is none: then its public
// half is written beside it. origin is the name that the log has, or is to have; "" takes any, and makes up one that no
// other ledger has.
func LoadSigner(path, origin string) (merkle.Signer, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b, err = makeSigner(path, origin)
	}
	if err != nil {
		return merkle.Signer{}, fmt.Errorf("consent.key: %w", err)
	}
	signer, err := merkle.ParseSigner(strings.TrimSpace(string(b)))
	if err != nil {
		return merkle.Signer{}, fmt.Errorf("consent.key: %s: %w", path, err)
	}
	if origin != "" && origin != signer.Name() {
		return merkle.Signer{}, fmt.Errorf("consent.origin is %s, and %s is the key of %s: name that one, or give another file for a new key",
			origin, path, signer.Name())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		return merkle.Signer{}, fmt.Errorf("consent.key: others can read %s: chmod 600 (%w)", path, errors.Join(err, fs.ErrPermission))
	}
	return signer, writePublic(path, signer)
}

// makeSigner makes a key and its file.
func makeSigner(path, origin string) ([]byte, error) {
	if origin == "" {
		b := make([]byte, 8)
		if _, err := rand.Read(b); err != nil {
			return nil, err
		}
		origin = "assent.internal/ledger/" + hex.EncodeToString(b)
	}
	secret, err := merkle.GenerateSigner(origin)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return []byte(secret), writeNew(path, []byte(secret+"\n"), 0o600)
}

// writePublic writes the public key beside the secret one, unless it is there.
func writePublic(path string, signer merkle.Signer) error {
	public := signer.Verifier().String() + "\n"
	if b, err := os.ReadFile(PublicPath(path)); err == nil && string(b) == public {
		return nil
	}
	if err := writeNew(PublicPath(path), []byte(public), 0o644); err != nil {
		return fmt.Errorf("consent.key: public key: %w", err)
	}
	return nil
}

// writeNew puts a whole file in its place, durably, or leaves what was there.
func writeNew(path string, b []byte, mode fs.FileMode) error {
	fresh := path + ".new"
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	return errors.Join(os.Rename(fresh, path), syncDir(filepath.Dir(path)))
}

// ReadVerifier reads a public key: from a file, or from the text itself.
func ReadVerifier(fileOrKey string) (merkle.VerifierKey, error) {
	if key, err := merkle.ParseVerifierKey(fileOrKey); err == nil {
		return key, nil
	}
	b, err := os.ReadFile(fileOrKey)
	if err != nil {
		return merkle.VerifierKey{}, fmt.Errorf("%q is no verifier key (NAME+HASH+DATA) and no file with one: %w", fileOrKey, err)
	}
	return merkle.ParseVerifierKey(string(b))
}
