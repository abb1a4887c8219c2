package stirtest

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
)

// Signer is somebody who vouches for callers.
type Signer struct {
	Key   *ecdsa.PrivateKey
	URL   string // where the certificate is
	Chain []byte // the certificate and those above it, in PEM

	t         testing.TB
	name, dir string
}

// Token is a token's header and claims; a test changes what it wants.
type Token struct{ Header, Claims map[string]any }

// Token returns a good one of full attestation, unlike any other, at a time in seconds since 1970.
// The numbers are written as they are given.
func (s *Signer) Token(from, to string, at int64) Token {
	return Token{
		Header: map[string]any{"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": s.URL},
		Claims: map[string]any{"attest": "A", "dest": map[string]any{"tn": []string{to}}, "iat": at,
			"orig": map[string]any{"tn": from}, "origid": rand.Text()},
	}
}

// Identity signs a token and returns the value of an Identity header.
func (s *Signer) Identity(k Token) string {
	return s.Sign(k) + ";info=<" + s.URL + ">;alg=ES256;ppt=shaken"
}

// Sign returns the token, signed.
func (s *Signer) Sign(k Token) string {
	s.t.Helper()
	signed := encode(s.t, k.Header) + "." + encode(s.t, k.Claims)
	sum := sha256.Sum256([]byte(signed))
	r, v, err := ecdsa.Sign(rand.Reader, s.Key, sum[:])
	if err != nil {
		s.t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...))
}

func encode(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v) // the keys of a map are written in their order
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// KeyFile and ChainFile write the signer's files.
func (s *Signer) KeyFile() string {
	s.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(s.Key)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.file(s.name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// ChainFile writes the certificate and those above it.
func (s *Signer) ChainFile() string { return s.file(s.name+".chain", s.Chain) }

func (s *Signer) file(name string, text []byte) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	write(s.t, path, text)
	return path
}

// Read checks an Identity header by the signer's key alone and returns the token
// and the header's parameters; false where the signature is not the signer's.
func (s *Signer) Read(identity string) (k Token, params string, ok bool) {
	token, params, _ := strings.Cut(identity, ";")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return k, params, false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return k, params, false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, v := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	for i, part := range []*map[string]any{&k.Header, &k.Claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(text, part) != nil {
			return k, params, false
		}
	}
	return k, params, ecdsa.Verify(&s.Key.PublicKey, sum[:], r, v)
}
