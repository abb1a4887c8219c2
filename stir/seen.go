package stir

import (
	"crypto/sha256"
	"sync"
	"time"
)

// seen remembers the tokens that passed, so that none serves a second call (RFC
// 8224 section 12.1). A token may come again with the same Call-ID: a carrier
// tries another way, or answers a challenge.
type seen struct {
	mu    sync.Mutex
	calls map[[sha256.Size]byte][sha256.Size]byte // of tokens: the Call-ID that each came with
	order []entry                                 // the oldest first; the first gone are cut off now and then
	gone  int
}

type entry struct {
	token [sha256.Size]byte
	until time.Time
}

func newSeen() *seen { return &seen{calls: map[[sha256.Size]byte][sha256.Size]byte{}} }

// first reports whether no other call had the token, whose signed part is given,
// and remembers it for keep. Beyond maxSeen the oldest are forgotten.
//
// The signature is left out: of each there is a second one that holds as well.
func (s *seen) first(signed, callID string, keep time.Duration, now time.Time) bool {
	token, call := sha256.Sum256([]byte(signed)), sha256.Sum256([]byte(callID))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	if before, ok := s.calls[token]; ok {
		return before == call
	}
	s.calls[token] = call
	s.order = append(s.order, entry{token, now.Add(keep)})
	return true
}

// forget drops what is over, and makes room for one; mu is held.
func (s *seen) forget(now time.Time) {
	for s.gone < len(s.order) && (now.After(s.order[s.gone].until) || len(s.order)-s.gone >= maxSeen) {
		delete(s.calls, s.order[s.gone].token)
		s.gone++
	}
	if s.gone > len(s.order)/2 {
		s.order = append([]entry(nil), s.order[s.gone:]...)
		s.gone = 0
	}
}
