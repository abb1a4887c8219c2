package stir

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
)

// digest is what ES256 signs.
func digest(signed string) []byte {
	sum := sha256.Sum256([]byte(signed))
	return sum[:]
}

// verifyES256 checks a signature of 64 octets, r and s (RFC 7518 section 3.4).
func verifyES256(key *ecdsa.PublicKey, signed string, signature []byte) bool {
	if len(signature) != signatureIs {
		return false
	}
	r := new(big.Int).SetBytes(signature[:signatureIs/2])
	s := new(big.Int).SetBytes(signature[signatureIs/2:])
	return ecdsa.Verify(key, digest(signed), r, s)
}

// signES256 makes such a signature.
func signES256(key *ecdsa.PrivateKey, signed string) ([]byte, error) {
	r, s, err := ecdsa.Sign(rand.Reader, key, digest(signed))
	if err != nil {
		return nil, err
	}
	signature := make([]byte, signatureIs)
	r.FillBytes(signature[:signatureIs/2])
	s.FillBytes(signature[signatureIs/2:])
	return signature, nil
}
