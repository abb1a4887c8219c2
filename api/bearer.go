package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// Loopback is who asks from this machine where no tokens are configured.
const Loopback = "loopback"

// bearer is one who may ask: a token, kept as its hash, and its name.
type bearer struct {
	name string
	hash [sha256.Size]byte
}

// bearers reads api.tokens: each is TOKEN or NAME:TOKEN. A token can't hold a
// colon (RFC 6750 section 2.1); one without a name is called by its place.
func bearers(tokens []string) []bearer {
	list := make([]bearer, len(tokens))
	for i, text := range tokens {
		name, token, named := strings.Cut(text, ":")
		if !named {
			name, token = "token-"+strconv.Itoa(i+1), text
		}
		list[i] = bearer{name, sha256.Sum256([]byte(token))}
	}
	return list
}

// Token returns what a client has to send for an entry of api.tokens.
func Token(entry string) string {
	if _, token, named := strings.Cut(entry, ":"); named {
		return token
	}
	return entry
}

type bearerKey struct{}

// who is the name of the one that asks.
func who(ctx context.Context) string {
	name, _ := ctx.Value(bearerKey{}).(string)
	return name
}

// guarded lets a request through that has a token, or comes from this machine
// where no tokens are configured.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := s.identify(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="assent"`)
			problem(w, http.StatusUnauthorized, "a bearer token from api.tokens is needed")
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), bearerKey{}, name)))
	})
}

// identify finds out who asks. Every token is compared, each in constant time.
func (s *Server) identify(r *http.Request) (name string, ok bool) {
	if len(s.bearers) == 0 {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		return Loopback, err == nil && from.Addr().Unmap().IsLoopback() && localName(r.Host)
	}
	scheme, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	hash := sha256.Sum256([]byte(got))
	for _, b := range s.bearers {
		if subtle.ConstantTimeCompare(hash[:], b.hash[:]) == 1 {
			name, ok = b.name, true
		}
	}
	return name, ok && strings.EqualFold(scheme, "Bearer") // the scheme in any case: RFC 9110 section 11.1
}

// localName tells whether a Host header names this machine. Another name on
// loopback is a page of the web that has its name point here (DNS rebinding).
func localName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
