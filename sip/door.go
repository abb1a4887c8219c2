package sip

import (
	"bytes"
	"net/netip"
	"sync"
	"time"

	"go.uber.org/zap"

	"assent/auth"
	"assent/registrar"
)

// Account is who a user name of digest stands for: a station that registers, or a trunk.
type Account struct {
	Station, Trunk string // one of them
	Password       string
}

func (a Account) named() bool { return a.Station != "" || a.Trunk != "" }

// Accounts are those who authenticate by digest (RFC 3261 section 22). The methods may be called concurrently and
// don't block.
type Accounts interface {
	// Account returns whom a user name stands for.
	Account(user string) (Account, bool)
	// Any reports whether there is one at all; else strangers are not even read.
	Any() bool
}

// Registrar keeps where stations are.
type Registrar interface {
	Register(registrar.Request) registrar.Answer
	// At returns the station that is registered from an address, "" if there is none.
	At(src netip.AddrPort) string
}

// door lets in who is no source of a trunk, as far as they prove who they are.
type door struct {
	accounts  Accounts  // nil: nobody authenticates
	registrar Registrar // nil: nobody registers
	guard     *auth.Guard

	mu     sync.Mutex
	tokens float64 // messages of strangers that may be read at once
	filled time.Time
}

// strangers bounds how many messages of unknown sources are read in a second: what proves nobody costs little.
const strangers = 1000

// hears reports whether a datagram of an unknown source is worth reading: somebody may prove who they are, the source
// is not locked out, and there are not too many.
func (d *door) hears(src netip.Addr, b []byte) bool {
	if d.accounts == nil || !d.accounts.Any() || b != nil && !greets(b) {
		return false
	}
	now := time.Now()
	if d.guard.Locked(src, now) {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tokens = min(strangers, d.tokens+now.Sub(d.filled).Seconds()*strangers)
	d.filled = now
	if d.tokens < 1 {
		return false
	}
	d.tokens--
	return true
}

// greets reports whether a message begins as those do by which strangers make themselves known, or end that.
func greets(b []byte) bool {
	for _, method := range [...]string{"REGISTER ", "INVITE ", "ACK ", "CANCEL "} {
		if bytes.HasPrefix(b, []byte(method)) {
			return true
		}
	}
	return false
}

// asks reports whether a request is served only to who proves who they are: a REGISTER, and a new call from a source
// that no trunk has, or from which a station is registered.
func (d *door) asks(m *message) bool {
	switch {
	case d.accounts == nil || m.to.tag != "" || !d.accounts.Any():
		return false
	case m.method == "REGISTER":
		return d.registrar != nil
	case m.method == "INVITE":
		return !m.known || d.registrar != nil && d.registrar.At(m.src) != ""
	}
	return false
}

// proofs are the credentials that a request shows.
func (m *message) proofs() []string {
	return append(m.values("authorization"), m.values("proxy-authorization")...)
}

// proven reports whether a request comes from whom it must come from; else it is answered. It runs in the lane, behind
// the detection of retransmissions: a proof is good once.
func (l *lane) proven(m *message) bool {
	e := l.ep
	if !e.door.asks(m) {
		return true
	}
	var who Account
	_, verdict := e.door.guard.Check(auth.Request{Method: m.method, Source: m.src.Addr(), Proofs: m.proofs()},
		func(user string) (string, bool) {
			a, ok := e.door.accounts.Account(user)
			who = a
			return a.Password, ok
		}, time.Now())
	switch verdict {
	case auth.Proven:
		m.account = who
		return true
	case auth.Locked:
		e.stats.locked.Add(1)
		return false
	case auth.Wrong:
		e.stats.wrong.Add(1)
		e.log.quiet(noteAuth, "credentials refused", nil, zap.String("source", m.src.Addr().String()),
			zap.String("station", who.Station), zap.String("trunk", who.Trunk))
	}
	e.challenge(m, verdict == auth.Stale)
	return false
}

// challenge asks for credentials; nothing is kept of it.
func (e *Endpoint) challenge(m *message, stale bool) {
	e.stats.challenged.Add(1)
	r := reply{status: 401}
	for _, v := range e.door.guard.Challenge(m.src.Addr(), stale, time.Now()) {
		r.headers = append(r.headers, header{"WWW-Authenticate", v})
	}
	e.stateless(m, r)
}
