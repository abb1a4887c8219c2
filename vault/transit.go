package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// kmsTimeout is how long a key management service may take for one answer.
	kmsTimeout = 5 * time.Second
	// maxKMSAnswer bounds what is read of it.
	maxKMSAnswer = 64 << 10
)

// transit is a key of a key management service that speaks the Transit API of
// HashiCorp Vault and OpenBao. The key never leaves the service.
type transit struct {
	// set once
	url    *url.URL // of the key: /v1/MOUNT/keys/NAME
	token  string
	client *http.Client
}

// newTransit returns the key at a URL. It asks nothing yet.
func newTransit(ref, token string) (KEK, error) {
	u, err := url.Parse(ref)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("is no URL of a key; write https://HOST/v1/transit/keys/NAME")
	case u.Scheme == "http" && !loopback(u):
		return nil, errors.New("http would send keys in clear; use https")
	case !strings.HasPrefix(u.Path, "/v1/") || strings.Count(u.Path, "/keys/") != 1 || strings.HasSuffix(u.Path, "/"):
		return nil, fmt.Errorf("%s is no path of a key; write /v1/transit/keys/NAME", u.Path)
	case token == "":
		return nil, errors.New("the key management service wants a token; give recordings.encryption.token")
	}
	return &transit{url: u, token: token, client: &http.Client{
		Timeout:       kmsTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the token is for this host
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true},
	}}, nil
}

// ID is the key's URL.
func (t *transit) ID() string { return t.url.String() }

func (t *transit) Wrap(ctx context.Context, key []byte) ([]byte, error) {
	var out struct {
		Data struct {
			Ciphertext string `json:"ciphertext"`
		} `json:"data"`
	}
	if err := t.ask(ctx, "encrypt", map[string]any{"plaintext": key}, &out); err != nil {
		return nil, err
	}
	if out.Data.Ciphertext == "" {
		return nil, fmt.Errorf("key management service %s: its answer has no ciphertext", t.url.Host)
	}
	return []byte(out.Data.Ciphertext), nil
}

func (t *transit) Unwrap(ctx context.Context, wrapped []byte) ([]byte, error) {
	var out struct {
		Data struct {
			Plaintext []byte `json:"plaintext"`
		} `json:"data"`
	}
	if err := t.ask(ctx, "decrypt", map[string]any{"ciphertext": string(wrapped)}, &out); err != nil {
		return nil, err
	}
	return out.Data.Plaintext, nil
}

// ask posts a question to one verb of the key. A []byte is base64 in JSON, as the
// API wants it.
func (t *transit) ask(ctx context.Context, verb string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	u := *t.url
	u.Path = strings.Replace(u.Path, "/keys/", "/"+verb+"/", 1)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Vault-Token", t.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := t.client.Do(req)
	if err != nil {
		return fmt.Errorf("key management service: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // what it said is read or refused
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("key management service %s: %s to %s", t.url.Host, resp.Status, verb)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxKMSAnswer)).Decode(answer); err != nil {
		return fmt.Errorf("key management service %s: its answer to %s: %w", t.url.Host, verb, err)
	}
	return nil
}
