package event

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
)

// ids makes the ids of this process.
var ids = idSource{now: time.Now, entropy: ulid.Monotonic(rand.Reader, 0)}

// NewID returns a new ULID: 26 characters that sort in the order in which this
// process made them. It is safe for concurrent use.
func NewID() string { return ids.next() }

// IsID reports whether s has the form of an id.
func IsID(s string) bool {
	_, err := ulid.ParseStrict(s)
	return err == nil
}

// idSource makes ULIDs that only grow, also while the clock stands or goes back.
type idSource struct {
	now func() time.Time // set once

	mu      sync.Mutex
	entropy *ulid.MonotonicEntropy // guarded by mu
	last    uint64                 // guarded by mu; milliseconds of the newest id
}

func (s *idSource) next() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last, ulid.Timestamp(s.now()))
	id, err := ulid.New(s.last, s.entropy)
	if err != nil { // the entropy of this millisecond is used up: go on in the next one
		s.last++
		id = ulid.MustNew(s.last, s.entropy)
	}
	return id.String()
}
