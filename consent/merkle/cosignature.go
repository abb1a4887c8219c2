package merkle

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// stampBytes is the time that stands before the signature of a cosignature.
const stampBytes = 8

// cosigner verifies a witness's lines (C2SP tlog-cosignature, Ed25519): a statement that, at a time, this was the largest
// consistent tree of the log that the witness had seen.
type cosigner struct {
	name   string
	public ed25519.PublicKey
}

// Name returns the witness's name.
func (c cosigner) Name() string { return c.name }

// KeyHash returns the number by which signature lines name the key.
func (c cosigner) KeyHash() uint32 {
	return keyHash(c.name, append([]byte{kindWitness}, c.public...))
}

// Verify holds a timestamped signature against the note's text.
func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != stampBytes+ed25519.SignatureSize {
		return false
	}
	stamp := binary.BigEndian.Uint64(signature)
	return stamp < 1<<63 && ed25519.Verify(c.public, cosigned(stamp, text), signature[stampBytes:])
}

// cosigned is what a witness signs.
func cosigned(stamp uint64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", stamp, text)
}

// Witness cosigns checkpoints of logs.
type Witness struct {
	cosigner
	private ed25519.PrivateKey
	now     func() time.Time
}

// NewWitness makes a witness of that name from its private key.
func NewWitness(name string, private ed25519.PrivateKey, now func() time.Time) Witness {
	return Witness{cosigner{name, private.Public().(ed25519.PublicKey)}, private, now}
}

// Verifier returns the witness's public key.
func (w Witness) Verifier() (VerifierKey, error) {
	return ParseVerifierKey(encodeKey(w.name, kindWitness, w.public))
}

// Sign returns a timestamped signature of the note's text.
func (w Witness) Sign(text []byte) ([]byte, error) {
	stamp := uint64(w.now().Unix())
	signature := binary.BigEndian.AppendUint64(nil, stamp)
	return append(signature, ed25519.Sign(w.private, cosigned(stamp, text))...), nil
}

// Cosign returns the signed checkpoint with the witness's line behind it. A witness first makes sure that the newest
// checkpoint that it has cosigned is the beginning of this one: see CheckConsistency.
func (w Witness) Cosign(signed []byte, keys Keys) ([]byte, error) {
	if _, err := OpenCheckpoint(signed, keys); err != nil {
		return nil, err
	}
	n, err := note.Open(signed, keys.verifiers())
	if err != nil {
		return nil, err
	}
	both, err := note.Sign(n, w)
	if err != nil {
		return nil, fmt.Errorf("cosign checkpoint: %w", err)
	}
	return both, nil
}

// AddCosignatures returns the signed checkpoint with those signature lines behind it that it does not have yet. Lines come
// from a witness, and are not trusted: OpenCheckpoint tells whether they hold.
func AddCosignatures(signed []byte, lines string) []byte {
	for line := range strings.Lines(lines) {
		line = strings.TrimRight(line, "\r\n") + "\n"
		if strings.HasPrefix(line, "— ") && !strings.Contains(string(signed), line) {
			signed = append(signed, line...)
		}
	}
	return signed
}
