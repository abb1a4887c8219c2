package merkle

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// The kinds of key, as signed-note numbers them.
const (
	kindLog     = 0x01 // Ed25519
	kindWitness = 0x04 // Ed25519 over a cosignature/v1
)

// Signer signs the checkpoints of one log.
type Signer struct {
	signer note.Signer
	key    VerifierKey
}

// Name returns the log's name, which is the origin of its checkpoints.
func (s Signer) Name() string { return s.signer.Name() }

// Verifier returns the public half, for whoever verifies.
func (s Signer) Verifier() VerifierKey { return s.key }

// SignText signs a text that ends with a line end and is no checkpoint, as a signed note.
func (s Signer) SignText(text string) (string, error) {
	signed, err := note.Sign(&note.Note{Text: text}, s.signer)
	if err != nil {
		return "", fmt.Errorf("sign as %s: %w", s.Name(), err)
	}
	return string(signed), nil
}

// GenerateSigner makes a log's key for that name and returns it in its secret text form, PRIVATE+KEY+NAME+HASH+DATA.
func GenerateSigner(name string) (string, error) {
	secret, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return "", fmt.Errorf("make key of %s: %w", name, err)
	}
	_, err = ParseSigner(secret) // a name that no key can have
	return secret, err
}

// ParseSigner reads a log's secret key.
func ParseSigner(secret string) (Signer, error) {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return Signer{}, fmt.Errorf("not the secret key of a log (PRIVATE+KEY+NAME+HASH+DATA): %w", err)
	}
	seed, err := strict.DecodeString(keyData(secret, 5))
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return Signer{}, fmt.Errorf("secret key of %s: not written as it was made", signer.Name())
	}
	public := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	key, err := ParseVerifierKey(encodeKey(signer.Name(), kindLog, public))
	return Signer{signer, key}, err
}

// VerifierKey is the public key of a log or of a witness, as text NAME+HASH+DATA.
type VerifierKey struct {
	text     string
	verifier note.Verifier
	witness  bool
}

// String returns the key as ParseVerifierKey reads it.
func (k VerifierKey) String() string { return k.text }

// Name returns whose key it is.
func (k VerifierKey) Name() string {
	if k.verifier == nil {
		return ""
	}
	return k.verifier.Name()
}

// ID returns name and hash, by which signature lines name the key.
func (k VerifierKey) ID() string {
	if k.verifier == nil {
		return ""
	}
	return id(k.Name(), k.verifier.KeyHash())
}

// Witness reports whether it is a witness's key.
func (k VerifierKey) Witness() bool { return k.witness }

func id(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

// ParseVerifierKey reads the public key of a log (kind 1) or of a witness (kind 4).
func ParseVerifierKey(text string) (VerifierKey, error) {
	text = strings.TrimSpace(text)
	data, err := strict.DecodeString(keyData(text, 3))
	if err == nil && len(data) == 1+ed25519.PublicKeySize && data[0] == kindWitness {
		name, _, _ := strings.Cut(text, "+")
		if encodeKey(name, kindWitness, data[1:]) != text || strings.ContainsAny(name, " \t\r\n") || name == "" {
			return VerifierKey{}, fmt.Errorf("verifier key %q: its hash is not that of name and key", text)
		}
		return VerifierKey{text, cosigner{name, data[1:]}, true}, nil
	}
	verifier, failed := note.NewVerifier(text)
	if failed != nil || err != nil {
		return VerifierKey{}, fmt.Errorf("%q is no verifier key (NAME+HASH+DATA) of a log or a witness", text)
	}
	return VerifierKey{text, verifier, false}, nil
}

// keyData returns the last of a key's parts, which a plus separates; base64 has that sign too.
func keyData(text string, parts int) string {
	all := strings.SplitN(text, "+", parts)
	return all[len(all)-1]
}

// encodeKey returns a public key in its text form.
func encodeKey(name string, kind byte, public []byte) string {
	data := append([]byte{kind}, public...)
	return id(name, keyHash(name, data)) + "+" + base64.StdEncoding.EncodeToString(data)
}

// keyHash is the number by which signature lines name a key (signed-note).
func keyHash(name string, data []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), data...))
	return binary.BigEndian.Uint32(sum[:4])
}

// Keys are what somebody who verifies trusts: the log's key, and those of witnesses who must all have cosigned.
type Keys struct {
	Log       VerifierKey
	Witnesses []VerifierKey
}

func (k Keys) verifiers() note.Verifiers {
	var list []note.Verifier
	if k.Log.verifier != nil {
		list = append(list, k.Log.verifier)
	}
	for _, w := range k.Witnesses {
		list = append(list, w.verifier)
	}
	return note.VerifierList(list...)
}
