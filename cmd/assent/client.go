package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"assent/api"
)

const (
	// askTimeout bounds what a verb waits for the running service.
	askTimeout = 30 * time.Second
	// maxAnswer bounds what a verb reads of an answer.
	maxAnswer = 64 << 20
)

// apiFlag is how a verb finds the running service: by the configuration, unless
// told otherwise.
type apiFlag struct {
	configFlag
	API   string `name:"api" help:"The running service, http://HOST:PORT; by default api.listen of the configuration." env:"ASSENT_API_URL" placeholder:"URL"`
	Token string `help:"The token to ask with; by default the first of api.tokens." env:"ASSENT_API_TOKEN" placeholder:"TOKEN"`
}

// client asks one running service.
type client struct {
	base, token string
}

// client finds the service.
func (f apiFlag) client() (client, error) {
	c := client{base: strings.TrimSuffix(f.API, "/"), token: f.Token}
	if c.base != "" && c.token != "" {
		return c, nil
	}
	if _, err := os.Stat(f.Config); c.base != "" && err != nil {
		return c, nil // a service elsewhere that wants no token, or will say so
	}
	snapshot, err := f.load()
	if err != nil {
		return c, err
	}
	if c.base == "" {
		c.base = "http://" + snapshot.Config.API.Listen
	}
	if tokens := snapshot.Config.API.Tokens; c.token == "" && len(tokens) > 0 {
		c.token = api.Token(tokens[0])
	}
	return c, nil
}

// refusal is what the service answered in place of what was asked for.
type refusal struct {
	status int
	detail string
	errors []string
}

func (r *refusal) Error() string {
	return strings.Join(append([]string{r.detail}, r.errors...), "; ")
}

// Is chooses the exit code.
func (r *refusal) Is(target error) bool {
	switch r.status {
	case http.StatusNotFound, http.StatusGone:
		return target == errNotFound
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict:
		return target == os.ErrPermission
	case http.StatusGatewayTimeout:
		return target == os.ErrDeadlineExceeded
	}
	return false
}

// ask sends a request with a body, where it is not nil, and reads the answer
// into v, where it is not nil: as it came, if v is a *[]byte.
func (c client) ask(method, path string, query url.Values, body, v any) error {
	ctx, done := context.WithTimeout(context.Background(), askTimeout)
	defer done()
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(b)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return fmt.Errorf("--api %s: %w", c.base, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("the service at %s did not answer in %s: %w", c.base, askTimeout, context.DeadlineExceeded)
		}
		return fmt.Errorf("the service at %s can't be asked: %w; start it with assent run, or name another one with --api", c.base, err)
	}
	defer answer.Body.Close()
	return read(answer, v)
}

// read reads an answer into v, or makes an error of what stands in its place.
func read(answer *http.Response, v any) error {
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer.StatusCode < 300 {
		if v == nil || len(b) == 0 {
			return nil
		}
		if raw, ok := v.(*[]byte); ok {
			*raw = b
			return nil
		}
		if err := json.Unmarshal(b, v); err != nil {
			return fmt.Errorf("the answer can't be read: %w", err)
		}
		return nil
	}
	var problem struct {
		Detail string `json:"detail"`
		Errors []struct {
			Message  string `json:"message"`
			Location string `json:"location"`
		} `json:"errors"`
	}
	r := &refusal{status: answer.StatusCode, detail: answer.Status}
	if json.Unmarshal(b, &problem) == nil && problem.Detail != "" {
		r.detail = problem.Detail
		for _, e := range problem.Errors {
			r.errors = append(r.errors, e.Location+": "+e.Message)
		}
	}
	return r
}

// all asks for every page of a list, up to limit items.
func all[T any](c client, path string, query url.Values, limit int) ([]T, error) {
	items := []T{}
	for {
		var page struct {
			Items      []T    `json:"items"`
			NextCursor string `json:"next_cursor"`
		}
		if err := c.ask(http.MethodGet, path, query, nil, &page); err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if page.NextCursor == "" || len(items) >= limit {
			return items[:min(limit, len(items))], nil
		}
		query.Set("cursor", page.NextCursor)
	}
}

// chosen makes a query of what was given.
func chosen(pairs ...string) url.Values {
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	return query
}
