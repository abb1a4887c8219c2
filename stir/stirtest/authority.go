// Package stirtest is a certification authority, the https server of its
// certificates, and a signer of Identity headers, for tests. It shares no code
// with package stir: what the two agree on is in the RFCs.
//
// Each [Authority] lives as long as its test, in a folder of it.
package stirtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Authority certifies signers and serves their certificates by https on loopback.
type Authority struct {
	// Root is the authority's own certificate.
	Root *x509.Certificate

	t      testing.TB
	key    *ecdsa.PrivateKey
	dir    string
	server *httptest.Server

	roots, tlsRoots string

	mu     sync.Mutex
	served map[string]http.HandlerFunc // by path
	asked  map[string]int              // requests by path
}

// New makes an authority; it ends with the test.
func New(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{t: t, key: newKey(t), dir: t.TempDir(), served: map[string]http.HandlerFunc{}, asked: map[string]int{}}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(240 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.Root = a.certify(root, root, &a.key.PublicKey, a.key)
	a.server = httptest.NewUnstartedServer(http.HandlerFunc(a.serve))
	a.server.Config.ErrorLog = log.New(io.Discard, "", 0) // some clients refuse the server
	a.server.StartTLS()
	t.Cleanup(a.server.Close)
	a.roots, a.tlsRoots = a.file("roots.pem", PEM(a.Root)), a.file("tls.pem", PEM(a.server.Certificate()))
	return a
}

func (a *Authority) serve(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.asked[r.URL.Path]++
	handler := a.served[r.URL.Path]
	a.mu.Unlock()
	if handler == nil {
		http.NotFound(w, r)
		return
	}
	handler(w, r)
}

// Asked is how often a name was asked for.
func (a *Authority) Asked(name string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked["/"+name]
}

// Serve answers requests for a name.
func (a *Authority) Serve(name string, handler http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.served["/"+name] = handler
}

// URL is where a name is served.
func (a *Authority) URL(name string) string { return a.server.URL + "/" + name }

// Host is the server's address and port.
func (a *Authority) Host() string { return strings.TrimPrefix(a.server.URL, "https://") }

// Roots is a PEM file of the authority's own certificate.
func (a *Authority) Roots() string { return a.roots }

// TLSRoots is a PEM file of the certificate that the server shows.
func (a *Authority) TLSRoots() string { return a.tlsRoots }

func (a *Authority) file(name string, text []byte) string {
	a.t.Helper()
	path := filepath.Join(a.dir, name)
	write(a.t, path, text)
	return path
}

// write makes a file that nobody else may read, whatever a test did to it before.
func write(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, text, 0o600), os.Chmod(path, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// Issue certifies a new signer and serves its certificate under the name; edit
// may change the certificate before it is signed, and may be nil. It has the
// service provider code 1234.
func (a *Authority) Issue(name string, edit func(*x509.Certificate)) *Signer {
	a.t.Helper()
	key := newKey(a.t)
	s := &Signer{Key: key, URL: a.URL(name), t: a.t, name: name, dir: a.dir}
	s.Certify(a, &key.PublicKey, edit)
	return s
}

// Certify gives the signer another certificate, for a key of any kind.
func (s *Signer) Certify(a *Authority, key any, edit func(*x509.Certificate)) {
	a.t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "SHAKEN 1234"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(120 * time.Hour), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{TNAuthList(Code("1234"))}}
	if edit != nil {
		edit(template)
	}
	s.Chain = PEM(a.certify(template, a.Root, key, a.key), a.Root)
	a.Publish(s.name, s.Chain)
}

// Publish serves a text under a name.
func (a *Authority) Publish(name string, text []byte) {
	a.Serve(name, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_, _ = w.Write(text) // who asked may have left
	})
}

// Key is the authority's secret, for certificates of a test's own.
func (a *Authority) Key() *ecdsa.PrivateKey { return a.key }

func (a *Authority) certify(template, parent *x509.Certificate, key any, by *ecdsa.PrivateKey) *x509.Certificate {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, by)
	if err != nil {
		a.t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// PEM writes certificates one after the other.
func PEM(list ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range list {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // a buffer takes all
	}
	return b.Bytes()
}

// TNAuthList makes the extension of RFC 8226 section 9 out of entries.
func TNAuthList(entries ...[]byte) pkix.Extension {
	all := asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSequence, IsCompound: true, Bytes: bytes.Join(entries, nil)}
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 26}, Value: marshal(all)}
}

// Code is an entry with a service provider code.
func Code(code string) []byte { return tagged(0, ia5(code)) }

// Range is an entry with count numbers from start on.
func Range(start string, count int) []byte {
	inner := append(ia5(start), marshal(count)...)
	return tagged(1, marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: inner}))
}

// One is an entry with one number.
func One(number string) []byte { return tagged(2, ia5(number)) }

func ia5(s string) []byte { return marshal(asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte(s)}) }

func tagged(tag int, der []byte) []byte {
	return marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: der})
}

func marshal(v any) []byte {
	der, err := asn1.Marshal(v)
	if err != nil {
		panic(err) // what this package makes can be written
	}
	return der
}
