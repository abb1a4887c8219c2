package actions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"assent/flowexec"
)

const (
	// maxAnswer bounds the body of a service's answer.
	maxAnswer = 64 << 10
	// maxRedirects bounds how often a service may send us elsewhere on its host.
	maxRedirects = 3
)

var lookupMethods = []string{http.MethodGet, http.MethodPost, http.MethodHead}

// newLookupClient returns a client that asks no proxy, keeps few connections and
// stays on the host that it was sent to. The time is bounded by each request's
// context.
func newLookupClient() *http.Client {
	dialer := net.Dialer{Timeout: lookupTimeout}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    lookupTimeout,
			MaxConnsPerHost:        64,
			MaxIdleConnsPerHost:    8,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: 32 << 10,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: sameHost,
	}
}

func sameHost(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	case req.URL.Scheme != via[0].URL.Scheme || req.URL.Host != via[0].URL.Host:
		return errors.New("a redirect to another host is not followed")
	}
	return nil
}

// service is an HTTP service that knows something about a call.
type service struct {
	client  *http.Client
	url     flowexec.Template
	method  string
	timeout time.Duration
	save    string // a variable, may be ""
}

func compileHTTP(b *flowexec.Body, client *http.Client) func(context.Context, *flowexec.Run) error {
	s := &service{
		client:  client,
		url:     b.RequiredTemplate("url", "where to ask, such as https://crm.example/callers/${call.from}"),
		method:  http.MethodGet,
		timeout: b.Duration("timeout", lookupTimeout, 100*time.Millisecond, maxLookupTimeout),
		save:    b.Variable("save", true),
	}
	if b.Has("method") {
		s.method = b.Text("method")
	}
	if !slices.Contains(lookupMethods, s.method) {
		b.Report("method", "there is no such method here", strings.Join(lookupMethods, ", "))
	}
	if s.method == http.MethodHead && s.save != "" {
		b.Report("save", "HEAD brings nothing to save", "method: GET")
	}
	b.Exposes("url", s.url, "a URL")
	if b.Has("url") {
		if err := checkURL(s.url); err != nil {
			b.Report("url", err.Error(), "http or https, a host, then what variables may change")
		}
	}
	return s.find
}

// checkURL makes sure that variables can change neither scheme nor host.
func checkURL(t flowexec.Template) error {
	fixed := t.Prefix()
	_, rest, _ := strings.Cut(fixed, "://")
	if _, constant := t.Constant(); !constant && !strings.ContainsAny(rest, "/?") {
		return errors.New("a variable stands in the URL's host")
	}
	u, err := url.Parse(fixed)
	switch {
	case err != nil:
		return errors.New("that is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("the URL is neither http nor https")
	case u.Hostname() == "":
		return errors.New("the URL has no host")
	case u.Fragment != "":
		return errors.New("the URL has a fragment, which no service sees")
	}
	return nil
}

// find asks the service: 2xx is found, 404, 410 and an answer without content
// are not found, all else is an error.
func (s *service) find(ctx context.Context, r *flowexec.Run) error {
	if s.save != "" {
		r.Forget(s.save)
	}
	target, err := s.target(r)
	if err != nil {
		return err
	}
	return r.Await(ctx, func(ctx context.Context) error { return s.ask(ctx, r, target) })
}

// ask sends the request and reads the answer.
func (s *service) ask(ctx context.Context, r *flowexec.Run, target string) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, s.method, target, http.NoBody)
	if err != nil {
		return errors.New("the variables give no URL")
	}
	req.Header.Set("Accept", "application/json, text/plain;q=0.9")
	req.Header.Set("User-Agent", "assent")
	resp, err := s.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	return s.read(r, resp)
}

// errPath says that what the variables hold would ask for something else.
var errPath = errors.New("the variables lead to another path of the service")

// target builds the URL; every variable is escaped for the place where it
// stands. One that is empty, or dots, would ask for another path.
func (s *service) target(r *flowexec.Run) (string, error) {
	empty := false
	target, err := r.ExpandWith(s.url, func(before, value string) string {
		if strings.Contains(before, "?") {
			return url.QueryEscape(value)
		}
		empty = empty || value == ""
		return url.PathEscape(value)
	})
	if err != nil {
		return "", err
	}
	if empty {
		return "", errPath
	}
	path, _, _ := strings.Cut(target, "?")
	_, path, _ = strings.Cut(path, "://")
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return "", errPath
		}
	}
	return target, nil
}

// withoutURL removes the URL from an error: it may hold a caller's number.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func (s *service) read(r *flowexec.Run, resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	code := resp.StatusCode
	switch {
	case code == http.StatusNotFound || code == http.StatusGone || code == http.StatusNoContent:
		return errNotFound
	case code/100 != 2:
		return fmt.Errorf("the service answered %d", code)
	case err != nil:
		return fmt.Errorf("read the answer: %w", err)
	case len(body) > maxAnswer:
		return fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	case s.save == "":
		return nil
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return saveAnswer(r, s.save, body, kind == "application/json" || strings.HasSuffix(kind, "+json"))
}
