package auth

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/icholy/digest"
)

// Credentials are what we show to a peer that asks who we are.
type Credentials struct {
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// Realm is the only one that they are shown to; empty is any of the peer's.
	Realm string `yaml:"realm"`
}

// Given reports whether there are any.
func (c Credentials) Given() bool { return c.User != "" }

// Errors of Answer.
var (
	// ErrRefused says that the credentials were shown, and are not taken.
	ErrRefused = errors.New("the credentials are refused")
	// ErrRealm says that a realm asks which they are not for.
	ErrRealm = errors.New("the credentials are not for the realm that asks")
	// ErrChallenge says that no challenge is one that we can answer.
	ErrChallenge = errors.New("no challenge of MD5, SHA-256 or SHA-512-256 that can be read")
)

// Asked is a request of ours that was challenged.
type Asked struct {
	Method, URI string
	Body        []byte // borrowed
	Challenges  []string
}

// Memory is what answers to one peer remember: the nonces that were used, for their counts. The zero value is ready;
// it is not safe for concurrent use.
type Memory struct{ last map[string]answered }

// answered is the newest nonce of a realm, and how often it was used.
type answered struct {
	nonce string
	count int
}

// maxRealms bounds what a peer can make a Memory keep.
const maxRealms = 4

// Answer returns the value for Authorization, for the best algorithm among the challenges (RFC 8760 section 2.4), and
// the realm that it is for. tried are the realms that have had the credentials with this request already: one of them
// gets them again only where it calls the nonce stale.
func (m *Memory) Answer(c Credentials, a Asked, tried []string) (value, realm string, err error) {
	ch, err := best(a.Challenges, c.Realm)
	if err != nil {
		return "", "", err
	}
	if slices.Contains(tried, ch.Realm) && !ch.Stale {
		return "", "", ErrRefused
	}
	last, known := m.last[ch.Realm]
	if last.nonce != ch.Nonce {
		last = answered{nonce: ch.Nonce}
	}
	last.count++
	if m.last == nil || !known && len(m.last) >= maxRealms {
		m.last = make(map[string]answered)
	}
	m.last[ch.Realm] = last
	shown, err := digest.Digest(ch, digest.Options{Method: a.Method, URI: a.URI, Username: c.User, Password: c.Password, Count: last.count,
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(a.Body)), nil }})
	if err != nil {
		return "", "", ErrChallenge
	}
	return shown.String(), ch.Realm, nil
}

// best picks the challenge of our realm with the best algorithm; the first of equals.
func best(challenges []string, realm string) (*digest.Challenge, error) {
	var found *digest.Challenge
	err := ErrChallenge
	for _, text := range challenges {
		ch, parseErr := digest.ParseChallenge(text)
		if parseErr != nil || ch.Nonce == "" {
			continue
		}
		for i, q := range ch.QOP {
			ch.QOP[i] = strings.ToLower(strings.TrimSpace(q))
		}
		if strength(ch.Algorithm) == len(algorithms) || !digest.CanDigest(ch) {
			continue
		}
		if realm != "" && ch.Realm != realm {
			err = ErrRealm
			continue
		}
		if found == nil || strength(ch.Algorithm) < strength(found.Algorithm) {
			found = ch
		}
	}
	if found == nil {
		return nil, err
	}
	return found, nil
}
