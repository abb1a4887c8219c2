// Package pki makes the certificates of tests: an authority of a test's own, and what it signs, as PEM files in the
// test's folder. They are valid for an hour and prove nothing to anybody else.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority signs certificates.
type Authority struct {
	t    testing.TB
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	// File holds its own certificate.
	File string
}

// Signed is a certificate with its key: as files, and as crypto/tls has them.
type Signed struct {
	Certificate, Key string
	Pair             tls.Certificate
}

// New makes an authority whose files stand in dir.
func New(t testing.TB, dir, name string) *Authority {
	t.Helper()
	a := &Authority{t: t, dir: dir}
	template := a.template(name)
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, key := a.sign(template, template, nil)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, a.key, a.File = cert, key, filepath.Join(dir, name+".pem")
	a.write(a.File, "CERTIFICATE", der)
	return a
}

// Pool holds the authority alone.
func (a *Authority) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// Sign makes a certificate for hosts, names or IP addresses, in files that begin with name. It replaces those of an
// earlier call.
func (a *Authority) Sign(name string, hosts ...string) Signed {
	a.t.Helper()
	return a.sealed(name, time.Hour, hosts...)
}

// SignExpired makes one whose time is over.
func (a *Authority) SignExpired(name string, hosts ...string) Signed {
	a.t.Helper()
	return a.sealed(name, -time.Minute, hosts...)
}

func (a *Authority) sealed(name string, valid time.Duration, hosts ...string) Signed {
	a.t.Helper()
	template := a.template(name)
	template.NotAfter = time.Now().Add(valid)
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, key := a.sign(template, a.cert, a.key)
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	s := Signed{Certificate: filepath.Join(a.dir, name+".pem"), Key: filepath.Join(a.dir, name+".key")}
	a.write(s.Certificate, "CERTIFICATE", der)
	a.write(s.Key, "EC PRIVATE KEY", private)
	if s.Pair, err = tls.LoadX509KeyPair(s.Certificate, s.Key); err != nil {
		a.t.Fatal(err)
	}
	return s
}

func (a *Authority) template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		a.t.Fatal(err)
	}
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
}

// sign makes a key and its certificate; without a parent's key it signs itself.
func (a *Authority) sign(template, parent *x509.Certificate, by *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	if by == nil {
		by = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	return der, key
}

func (a *Authority) write(path, kind string, der []byte) {
	a.t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
}
