package sip

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// TLS names the files of tls:// listeners and of calls that leave by TLS, all PEM. They are read again when they change.
type TLS struct {
	// Certificate is ours, with the certificates of its issuers behind it. Peers see it, whoever connects.
	Certificate string `yaml:"certificate"`
	// Key is the private key of Certificate.
	Key string `yaml:"key"`
	// CA holds the issuers of those whom we call. Empty: those that the system trusts.
	CA string `yaml:"ca"`
	// ClientCA holds the issuers of those who connect to us. Empty: no certificate is asked for.
	ClientCA string `yaml:"client_ca"`
	// RequireClient refuses connections without a certificate by ClientCA.
	RequireClient bool `yaml:"require_client"`
}

// stat is how often, at most, files are looked at for changes.
const stat = time.Second

// credentials are the files of a TLS, as they were read last.
type credentials struct {
	files TLS // set once
	log   *notes

	mu     sync.Mutex
	looked time.Time
	seen   [4]version
	now    *keyring // nil: no certificate is configured
}

// keyring is what was read together, and does not change.
type keyring struct {
	own     tls.Certificate
	roots   *x509.CertPool // of those whom we call; nil: the system's
	clients *x509.CertPool // of those who call; nil: nobody is asked
}

// version tells a file from what stood there before.
type version struct {
	modified time.Time
	size     int64
}

// Load reads the files and returns our own certificate, whose dates the caller may judge. It is nil where none is
// named; tls:// needs one.
func (t TLS) Load() (*x509.Certificate, error) {
	k, err := t.read()
	if err != nil || k == nil {
		return nil, err
	}
	return k.own.Leaf, nil
}

// read returns nil where no certificate is named.
func (t TLS) read() (*keyring, error) {
	switch {
	case t == TLS{}:
		return nil, nil
	case t.Certificate == "" || t.Key == "":
		return nil, errors.New("a certificate and its key are needed; give sip.tls.certificate and sip.tls.key, PEM files")
	case t.RequireClient && t.ClientCA == "":
		return nil, errors.New("nobody can be required to have a certificate whose issuers are not known; give sip.tls.client_ca")
	}
	own, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", t.Certificate, t.Key, err)
	}
	k := &keyring{own: own}
	if k.roots, err = pool(t.CA); err == nil {
		k.clients, err = pool(t.ClientCA)
	}
	return k, err
}

// pool reads the certificates of a file; nil for none.
func pool(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate; want PEM", file)
	}
	return p, nil
}

// reload reads the files, or leaves all as it is.
func (c *credentials) reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen, c.looked = c.versions(), time.Now()
	k, err := c.files.read()
	if err != nil {
		return err
	}
	c.now = k
	return nil
}

// current returns what the files hold now. Files that can't be read, or don't fit together because only one of them is
// written yet, leave what was read before; they are read again once they change.
func (c *credentials) current() *keyring {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < stat {
		return c.now
	}
	c.looked = time.Now()
	if seen := c.versions(); seen != c.seen {
		c.seen = seen
		k, err := c.files.read()
		if err != nil {
			c.log.quiet(noteRead, "sip.tls: the files as they stand can't be used; the ones before stay in use", err)
			return c.now
		}
		c.now = k
	}
	return c.now
}

func (c *credentials) versions() (seen [4]version) {
	for i, file := range []string{c.files.Certificate, c.files.Key, c.files.CA, c.files.ClientCA} {
		if info, err := os.Stat(file); err == nil {
			seen[i] = version{info.ModTime(), info.Size()}
		}
	}
	return seen
}

// server is how a connection to us is secured.
func (c *credentials) server() *tls.Config {
	k := c.current()
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{k.own},
		SessionTicketsDisabled: true} // a client proves who it is each time, by the issuers of that time
	if k.clients != nil {
		cfg.ClientCAs, cfg.ClientAuth = k.clients, tls.VerifyClientCertIfGiven
		if c.files.RequireClient {
			cfg.ClientAuth = tls.RequireAndVerifyClientCert
		}
	}
	return cfg
}

// client is how a connection to host, a name or an address, is secured: the peer proves that it is host (RFC 5922
// section 7).
func (c *credentials) client(host string) *tls.Config {
	k := c.current()
	return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: strings.Trim(host, "[]"), RootCAs: k.roots,
		Certificates: []tls.Certificate{k.own}}
}

// certifiedNames are the names that a verified certificate proves: DNS names, the hosts of SIP URIs (RFC 5922
// section 7.1) and addresses, in lower case; the common name where there is none of the first two.
func certifiedNames(state tls.ConnectionState) []string {
	if len(state.VerifiedChains) == 0 {
		return nil
	}
	leaf := state.VerifiedChains[0][0]
	var names []string
	add := func(name string) {
		if name = strings.ToLower(name); hostName(name) && len(names) < maxNames {
			names = append(names, name)
		}
	}
	for _, name := range leaf.DNSNames {
		add(name)
	}
	for _, uri := range leaf.URIs {
		if strings.EqualFold(uri.Scheme, "sip") && !strings.Contains(uri.Opaque, "@") {
			add(uri.Opaque)
		}
	}
	for _, ip := range leaf.IPAddresses {
		add(ip.String())
	}
	if len(leaf.DNSNames)+len(leaf.URIs) == 0 {
		add(leaf.Subject.CommonName)
	}
	return names
}

var errUnproven = errors.New("neither its address nor its certificate is a trunk's")

// prove does TLS's handshake, if it is due, and takes what the peer proves by it. A peer whose address nobody knows has
// to prove a trunk's name.
func (c *tcpConn) prove(nc net.Conn) error {
	secured, ok := nc.(*tls.Conn)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.ep.ctx, c.ep.tm.message)
	defer cancel()
	if err := secured.HandshakeContext(ctx); err != nil {
		return err
	}
	if c.accepted {
		c.names = certifiedNames(secured.ConnectionState())
	}
	if !c.ep.conns.prove(c, c.ep.certified(c.names)) {
		return errUnproven
	}
	return nil
}

// certified reports whether one of names is a trunk's.
func (e *Endpoint) certified(names []string) bool {
	return len(names) > 0 && e.deps.Certified != nil && e.deps.Certified(names)
}
