package call

import (
	"math"
	"sync"
)

// maxMail bounds what may wait for a call that is busy: signalling and keys of
// one call come a few a second, so a full box means a peer that floods.
const maxMail = 1024

// mailbox carries what happens outside to the call's goroutine, in order. Its
// writers never block.
type mailbox struct {
	wake chan struct{} // set once; capacity 1: one token says "there is mail"

	// shared, guarded by mu
	mu      sync.Mutex
	waiting []func()
	dropped int
	closed  bool
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

// post leaves a message that a peer can cause at will; beyond maxMail it is
// dropped and counted, and post says so. Safe from any goroutine.
func (m *mailbox) post(message func()) bool { return m.put(message, maxMail) }

// postSure leaves a message that comes a fixed number of times, such as the end
// of a dialog; only close drops it. Safe from any goroutine.
func (m *mailbox) postSure(message func()) { m.put(message, math.MaxInt) }

func (m *mailbox) put(message func(), limit int) bool {
	m.mu.Lock()
	if m.closed || len(m.waiting) >= limit {
		m.dropped++
		m.mu.Unlock()
		return false
	}
	m.waiting = append(m.waiting, message)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
	return true
}

// serve runs all that waits. Only the call's goroutine calls it.
func (m *mailbox) serve() {
	for {
		m.mu.Lock()
		batch := m.waiting
		m.waiting = nil
		m.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, message := range batch {
			message()
		}
	}
}

// close drops what waits and refuses what comes; it returns how many messages
// the call lost while it lived.
func (m *mailbox) close() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.waiting = true, nil
	dropped := m.dropped
	m.dropped = 0
	return dropped
}
