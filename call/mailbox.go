package call

import "sync"

// maxMail bounds what may wait for a call that is busy: signalling and keys of
// one call come a few a second, so a full box means a peer that floods.
const maxMail = 1024

// mailbox carries what happens outside to the call's goroutine, in order.
// post never blocks; beyond maxMail, or after close, a message is dropped.
type mailbox struct {
	wake chan struct{} // set once; capacity 1: one token says "there is mail"

	// shared, guarded by mu
	mu      sync.Mutex
	waiting []func()
	dropped int
	closed  bool
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

// post leaves a message; safe from any goroutine.
func (m *mailbox) post(message func()) {
	m.mu.Lock()
	if m.closed || len(m.waiting) >= maxMail {
		m.dropped++
		m.mu.Unlock()
		return
	}
	m.waiting = append(m.waiting, message)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
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
	return m.dropped
}
