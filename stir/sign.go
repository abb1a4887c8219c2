package stir

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"
)

// The reasons why a call is not signed.
var (
	ErrNoKey     = errors.New("no key is configured")
	ErrNotSigned = errors.New("only calls between telephone numbers can be signed")
	ErrExpired   = errors.New("the certificate is not valid now")
)

// signer is the key that calls are signed with, and where its certificate is.
type signer struct {
	key  *ecdsa.PrivateKey
	leaf *x509.Certificate
	url  string
}

// newSigner reads key and certificate; nil where no key is configured.
func newSigner(cfg Config) (*signer, error) {
	if cfg.Key == "" {
		return nil, nil
	}
	key, err := readKey(cfg.Key)
	if err != nil {
		return nil, fmt.Errorf("stir.key: %w", err)
	}
	text, err := readFile(cfg.Certificate)
	if err != nil {
		return nil, fmt.Errorf("stir.certificate: %w", err)
	}
	chain, err := parseChain(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("stir.certificate: %s: %w", cfg.Certificate, err)
	case !chain.key.Equal(&key.PublicKey):
		return nil, fmt.Errorf("stir.certificate: %s: the first certificate is not that of stir.key", cfg.Certificate)
	}
	if _, err := ParsePlace(cfg.URL); err != nil {
		return nil, fmt.Errorf("stir.url: %w", err)
	}
	return &signer{key, chain.leaf, cfg.URL}, nil
}

// readKey reads a P-256 key in PEM, SEC 1 or PKCS #8, that others can't read.
func readKey(path string) (*ecdsa.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("%s can be read or changed by everybody: chmod 600 it", path)
	}
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(text)
	for block != nil && block.Type == "EC PARAMETERS" { // openssl writes them in front
		block, rest = pem.Decode(rest)
	}
	if block == nil {
		return nil, fmt.Errorf("%s holds no key in PEM", path)
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		general, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s holds no key in PEM", path)
		}
		key, _ = general.(*ecdsa.PrivateKey)
	}
	if key == nil || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%s: ES256 wants a key of P-256", path)
	}
	return key, nil
}

// Expiry returns when the certificate that calls are signed with ends; the zero
// time where no key is configured.
func (s *Service) Expiry() time.Time {
	if s.signer == nil {
		return time.Time{}
	}
	return s.signer.leaf.NotAfter
}

// Claim is what a signature says.
type Claim struct {
	From, To    string // the caller's and the called number, E.164
	Attestation Attestation
	OrigID      string // names the call's origin; see NewOrigID
}

// NewOrigID returns a random UUID (RFC 9562 section 5.4).
func NewOrigID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Sign returns the value of an Identity header in the full form. The error is
// ErrNoKey, ErrNotSigned or ErrExpired, or the key's own.
func (s *Service) Sign(c Claim, now time.Time) (string, error) {
	from, fromOK := TN(c.From)
	to, toOK := TN(c.To)
	switch {
	case s.signer == nil:
		return "", ErrNoKey
	case !fromOK || !toOK:
		return "", ErrNotSigned
	case now.Before(s.signer.leaf.NotBefore) || now.After(s.signer.leaf.NotAfter):
		return "", ErrExpired
	}
	at := now.Unix()
	signed, err := serialise(
		protected{Alg: algorithm, PPT: shaken, Typ: tokenType, X5U: s.signer.url},
		claims{Attest: c.Attestation, Dest: numbers{TN: []string{to}}, IAT: &at, Orig: number{TN: from}, OrigID: c.OrigID})
	if err != nil {
		return "", err
	}
	signature, err := signES256(s.signer.key, signed)
	if err != nil {
		return "", err
	}
	return signed + "." + encoding.EncodeToString(signature) + ";info=<" + s.signer.url + ">;alg=" + algorithm + ";ppt=" + shaken, nil
}

// serialise writes header and payload as they are signed (RFC 8225 section 9):
// keys in their order, no white space. The values hold nothing that JSON escapes.
func serialise(h protected, c claims) (string, error) {
	header, err := json.Marshal(h)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return encoding.EncodeToString(header) + "." + encoding.EncodeToString(payload), nil
}
