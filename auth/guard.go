package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/icholy/digest"
)

// Verdict is what a Guard thinks of a request's proof.
type Verdict uint8

const (
	Unproven Verdict = iota // no proof for our realm: challenge
	Stale                   // a nonce that is too old, or was used: challenge, with stale=true
	Wrong                   // user or password is wrong: challenge, like Unproven
	Locked                  // the source guesses: silence
	Proven                  // it is the user
)

// Request is what a proof is made for.
type Request struct {
	Method string
	Source netip.Addr
	// Proofs are the values of its Authorization headers, as they came.
	Proofs []string
}

// Guard challenges and checks. Its methods are safe for concurrent use.
type Guard struct {
	// set once
	realm   string
	offered []string // algorithms, in the order of the challenges
	mint    *mint
	dummy   string // the password of users that there are not

	mu      sync.Mutex
	used    *used
	lockout *lockout
}

// NewGuard makes a guard for a realm that offers some of Algorithms, in this order, and takes no other; nil is all of
// them. Nonces are good for this guard alone.
func NewGuard(realm string, offered []string) *Guard {
	if len(offered) == 0 {
		offered = algorithms
	}
	return &Guard{realm: realm, offered: offered, mint: newMint(), dummy: rand.Text(), used: newUsed(), lockout: newLockout()}
}

// Challenge returns the values of the WWW-Authenticate headers, in the order of preference (RFC 8760 section 2.4).
func (g *Guard) Challenge(src netip.Addr, stale bool, now time.Time) []string {
	nonce := g.mint.nonce(src, now)
	values := make([]string, 0, len(g.offered))
	for _, a := range g.offered {
		c := digest.Challenge{Realm: g.realm, Nonce: nonce, Stale: stale, Algorithm: a, QOP: []string{"auth"}}
		values = append(values, c.String())
	}
	return values
}

// Locked reports whether a source is locked out.
func (g *Guard) Locked(src netip.Addr, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lockout.locked(src, now)
}

// Check judges a request's proof. password returns a user's password; it is asked for every name that comes, and its
// answer for one that there is not costs what the others cost. user is set with Proven alone.
func (g *Guard) Check(r Request, password func(user string) (string, bool), now time.Time) (user string, v Verdict) {
	c, nonce := g.proof(r)
	if c == nil {
		return "", Unproven
	}
	if g.Locked(r.Source, now) {
		return "", Locked
	}
	if nonce.expires < now.UnixMilli() {
		return "", Stale
	}
	secret, known := password(c.Username)
	if !known {
		secret = g.dummy
	}
	right := g.right(c, r.Method, secret)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !right || !known:
		g.lockout.fail(r.Source, now)
		return "", Wrong
	case !g.used.take(nonce, count(c)):
		return "", Stale
	}
	return c.Username, Proven
}

// proof returns the first proof that is for our realm, with a nonce that we made for this source.
func (g *Guard) proof(r Request) (*digest.Credentials, stamp) {
	for _, text := range r.Proofs {
		c, err := digest.ParseCredentials(text)
		if err != nil || c.Realm != g.realm || c.Nc < 0 || c.Userhash {
			continue
		}
		if s, ok := g.mint.read(c.Nonce, r.Source); ok {
			return c, s
		}
	}
	return nil, stamp{}
}

// right reports whether the response is that of the password. What it takes depends on the algorithm alone.
func (g *Guard) right(c *digest.Credentials, method, password string) bool {
	if !g.offers(c.Algorithm) || c.QOP != "" && c.QOP != "auth" {
		return false
	}
	ch := &digest.Challenge{Realm: g.realm, Nonce: c.Nonce, Algorithm: c.Algorithm}
	if c.QOP != "" {
		ch.QOP = []string{"auth"}
	}
	want, err := digest.Digest(ch, digest.Options{Method: method, URI: c.URI, Username: c.Username, Password: password,
		Count: c.Nc, Cnonce: c.Cnonce})
	if err != nil || c.QOP != "" && (c.Cnonce == "" || c.Nc == 0) {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(want.Response), []byte(strings.ToLower(c.Response))) == 1
}

// offers reports whether an algorithm is one of ours: a weaker one than those is no way in.
func (g *Guard) offers(algorithm string) bool {
	return slices.ContainsFunc(g.offered, func(a string) bool { return strength(a) == strength(algorithm) })
}

// count is a proof's nonce count; a client of RFC 2069, which does not count, may use a nonce once.
func count(c *digest.Credentials) uint32 {
	if c.QOP == "" {
		return 1
	}
	return uint32(c.Nc)
}
