package stir

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// chain is a signer's certificate with those that lead from it to a root.
type chain struct {
	leaf   *x509.Certificate
	key    *ecdsa.PublicKey // of leaf
	above  *x509.CertPool
	signer authority // of leaf
}

// parseChain reads a PEM chain, the signer's certificate first (ATIS-1000080
// section 6.3). It is not trusted yet.
func parseChain(text []byte) (*chain, error) {
	certificates, err := parseCertificates(text, maxChain)
	if err != nil {
		return nil, err
	}
	c := &chain{leaf: certificates[0], above: x509.NewCertPool()}
	key, ok := c.leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("the certificate's key is not of P-256, which ES256 wants")
	}
	c.key = key
	value, ok := extension(c.leaf)
	if !ok {
		return nil, errors.New("the certificate has no TNAuthList (RFC 8226)")
	}
	if c.signer, err = parseAuthority(value); err != nil {
		return nil, err
	}
	c.leaf.UnhandledCriticalExtensions = slices.DeleteFunc(c.leaf.UnhandledCriticalExtensions, tnAuthList.Equal)
	for _, parent := range certificates[1:] {
		if _, ok := parent.PublicKey.(*ecdsa.PublicKey); !ok {
			return nil, errors.New("a certificate of the chain is not ECDSA (ATIS-1000080)")
		}
		if _, limited := extension(parent); limited {
			return nil, errors.New("the chain delegates numbers (RFC 9060), which is not supported")
		}
		c.above.AddCert(parent)
	}
	return c, nil
}

// parseCertificates reads a PEM file of certificates and nothing else, at least one.
func parseCertificates(text []byte, most int) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for text = bytes.TrimSpace(text); len(text) > 0; text = bytes.TrimSpace(text) {
		block, rest := pem.Decode(text)
		switch {
		case block == nil:
			return nil, errors.New("it is not PEM throughout")
		case block.Type != "CERTIFICATE":
			return nil, errors.New("it holds something else than certificates")
		case len(list) == most:
			return nil, fmt.Errorf("it holds more than %d certificates", most)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d can't be read: %w", len(list)+1, err)
		}
		list, text = append(list, certificate), rest
	}
	if len(list) == 0 {
		return nil, errors.New("it holds no certificate")
	}
	return list, nil
}

// extension returns the certificate's TNAuthList.
func extension(c *x509.Certificate) ([]byte, bool) {
	for _, e := range c.Extensions {
		if e.Id.Equal(tnAuthList) {
			return e.Value, true
		}
	}
	return nil, false
}

// verify says whether the chain leads to one of the roots, all of it valid now,
// and its holder may sign for the number.
func (c *chain) verify(roots *x509.CertPool, orig string, now time.Time) *failure {
	if roots == nil {
		return fail(CertificateRefused, "no roots are configured")
	}
	_, err := c.leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: c.above, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	switch {
	case err != nil:
		return fail(CertificateRefused, "%v", err)
	case c.leaf.IsCA:
		return fail(CertificateRefused, "the certificate is an authority's")
	case c.leaf.KeyUsage != 0 && c.leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return fail(CertificateRefused, "the certificate is not for signatures")
	case !c.signer.covers(orig):
		return fail(NumberNotCovered, "the certificate's TNAuthList does not have the caller's number")
	}
	return nil
}

// code is the signer's first service provider code, "" if it has none.
func (c *chain) code() string {
	if len(c.signer.codes) == 0 {
		return ""
	}
	return c.signer.codes[0]
}
