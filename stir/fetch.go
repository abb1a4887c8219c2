package stir

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// How long an answer is kept. A certificate is kept as long as its server says,
// within these bounds; what failed is not asked for again at once.
const (
	keepLeast  = time.Minute
	keepMost   = 24 * time.Hour
	keepFailed = 30 * time.Second
)

// fetcher asks for certificates over https.
type fetcher struct {
	client  http.Client
	timeout time.Duration
}

// newFetcher makes one that connects to public addresses and to those in networks.
func newFetcher(timeout time.Duration, roots *x509.CertPool, networks []netip.Prefix) *fetcher {
	dialer := net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !reachable(at.Addr(), networks) {
			return errors.New("the host has an address in a private network")
		}
		return nil
	}}
	return &fetcher{timeout: timeout, client: http.Client{
		Transport: &http.Transport{ // no proxy: it would connect where Control does not look
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: maxAnswerHeader,
			DisableKeepAlives: true, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// fetch asks for a chain. It returns for how long the answer may be kept.
func (f *fetcher) fetch(ctx context.Context, place string) (c *chain, keep time.Duration, err error) {
	ctx, done := context.WithTimeout(ctx, f.timeout)
	defer done()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, place, http.NoBody)
	if err != nil {
		return nil, keepFailed, errors.New("it is no URL")
	}
	request.Header.Set("Accept", "application/pem-certificate-chain")
	response, err := f.client.Do(request)
	if err != nil {
		return nil, keepFailed, err
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	if response.StatusCode != http.StatusOK {
		return nil, keepFailed, fmt.Errorf("the host answers %d", response.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, keepFailed, err
	case len(text) > maxAnswer:
		return nil, keepFailed, fmt.Errorf("the answer has more than %d bytes", maxAnswer)
	}
	if c, err = parseChain(text); err != nil {
		return nil, keepFailed, err
	}
	return c, maxAge(response.Header.Get("Cache-Control")), nil
}

// maxAge reads how long an answer may be kept (RFC 9111 section 5.2.2).
func maxAge(control string) time.Duration {
	for directive := range strings.SplitSeq(strings.ToLower(control), ",") {
		directive = strings.TrimSpace(directive)
		if directive == "no-store" || directive == "no-cache" {
			return keepLeast
		}
		if text, ok := strings.CutPrefix(directive, "max-age="); ok {
			if seconds, err := strconv.ParseUint(strings.Trim(text, `"`), 10, 31); err == nil {
				return min(max(time.Duration(seconds)*time.Second, keepLeast), keepMost)
			}
		}
	}
	return keepMost
}
