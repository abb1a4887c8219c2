package stir

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"
)

// Service judges and signs calls by one configuration. It does not change; a
// reload makes a new one. All methods are safe for concurrent use.
type Service struct {
	cfg    Config
	roots  *x509.CertPool // nil: none are configured, and nothing passes
	fetch  *fetcher
	signer *signer // nil: no key is configured

	// shared by the services of all configurations
	certificates *certificates
	seen         *seen
}

// New reads the files that cfg names. prev is the service that it replaces, or
// nil: what was fetched and seen is kept. It starts nothing.
func New(cfg Config, prev *Service) (*Service, error) {
	s := &Service{cfg: cfg}
	var err error
	if s.roots, err = pool(cfg.Roots); err != nil {
		return nil, fmt.Errorf("stir.roots: %w", err)
	}
	tlsRoots, err := pool(cfg.TLSRoots)
	if err != nil {
		return nil, fmt.Errorf("stir.tls_roots: %w", err)
	}
	var networks []netip.Prefix
	for _, text := range cfg.Networks {
		n, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("stir.networks: %w", err)
		}
		networks = append(networks, n.Masked())
	}
	s.fetch = newFetcher(cfg.Timeout, tlsRoots, networks)
	if s.signer, err = newSigner(cfg); err != nil {
		return nil, err
	}
	if prev != nil {
		s.certificates, s.seen = prev.certificates, prev.seen
	} else {
		s.certificates, s.seen = newCertificates(), newSeen()
	}
	return s, nil
}

// Close ends the fetches that run, for all configurations, and waits for them.
func (s *Service) Close() { s.certificates.close() }

// pool reads a PEM file of authorities; nil for no file.
func pool(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	certificates, err := parseCertificates(text, maxFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	p := x509.NewCertPool()
	for _, c := range certificates {
		p.AddCert(c)
	}
	return p, nil
}

// readFile reads a file of at most maxFile bytes.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s has more than %d bytes", path, maxFile)
	}
	return text, err
}

// Call is a call as its signalling tells of it.
type Call struct {
	Identities []string // the Identity headers, as written
	From, To   string   // the caller's number, asserted where it is, and the called one, both E.164
	ID         string   // Call-ID
}

// Known judges a call if that takes no fetch; else it is false.
func (s *Service) Known(c Call, now time.Time) (Result, bool) {
	missing := false
	r := s.judge(c, now, func(place string) (*chain, error) {
		chain, err, known := s.certificates.known(place, now)
		if !known {
			missing, err = true, errMissing
		}
		return chain, err
	})
	return r, r.Verdict == Passed || !missing
}

// Verify judges a call. It fetches the certificates that are not held; for all
// of a call's together it waits the configuration's timeout, and no longer than ctx.
func (s *Service) Verify(ctx context.Context, c Call, now time.Time) Result {
	ctx, done := context.WithTimeout(ctx, s.cfg.Timeout)
	defer done()
	return s.judge(c, now, func(place string) (*chain, error) {
		return s.certificates.get(ctx, s.fetch, place, now)
	})
}
