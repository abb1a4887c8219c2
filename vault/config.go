package vault

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Config is the part `recordings.encryption` of the configuration.
type Config struct {
	// Key says where the key-encryption key is: "file:PATH", "env:NAME", the URL of
	// a key of a key management service, or the key itself in base64. Empty: nothing
	// is encrypted.
	Key string `yaml:"key"`
	// OldKeys are earlier keys, with which older recordings are still wrapped.
	OldKeys []string `yaml:"old_keys"`
	// Token authenticates us to the key management service.
	Token string `yaml:"token"`
}

// Enabled reports whether recordings are encrypted.
func (c Config) Enabled() bool { return c.Key != "" }

// Validate returns what is wrong with the configuration, and what would be right.
// Whether the keys are there is not asked: a key that is missing forbids
// recording, not the start.
func (c Config) Validate() error {
	if !c.Enabled() && len(c.OldKeys) > 0 {
		return errors.New("key: is empty, but there are old_keys; give the key that new recordings are wrapped with")
	}
	all := append([]string{c.Key}, c.OldKeys...)
	for i, ref := range all {
		if err := checkReference(ref, c.Token); ref != "" && err != nil {
			return fmt.Errorf("%s: %w", keyName(i), err)
		}
		if slices.Index(all, ref) < i {
			return fmt.Errorf("%s: is given twice", keyName(i))
		}
	}
	return nil
}

func keyName(i int) string {
	if i == 0 {
		return "key"
	}
	return fmt.Sprintf("old_keys[%d]", i-1)
}

// checkReference tells what is wrong with the form of a reference to a key.
func checkReference(ref, token string) error {
	kind, rest, found := strings.Cut(ref, ":")
	switch {
	case !found:
		_, err := parseKey(ref)
		return err
	case kind == "file" || kind == "env":
		if rest == "" {
			return fmt.Errorf("%s: names nothing; write %s:NAME", kind, kind)
		}
		return nil
	case kind == "http" || kind == "https":
		_, err := newTransit(ref, token)
		return err
	}
	return fmt.Errorf("%q is no place of a key; write file:PATH, env:NAME, https://HOST/v1/transit/keys/NAME, or 32 bytes in base64", shown(kind))
}

// shown cuts what may be a secret that was put in the wrong form.
func shown(s string) string {
	if len(s) > 8 {
		return s[:8] + "…"
	}
	return s
}

// loopback reports whether a URL leads to this machine.
func loopback(u *url.URL) bool {
	return u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
}
