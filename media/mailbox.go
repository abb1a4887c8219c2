package media

import "sync"

// mailbox takes commands for a driver from any goroutine, in order.
type mailbox struct {
	wake func() // set once

	mu     sync.Mutex
	queue  []func()
	closed bool
}

// post hands in a command, and is false if nobody takes it any more.
func (m *mailbox) post(command func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.queue = append(m.queue, command)
	if len(m.queue) == 1 {
		m.wake()
	}
	return true
}

// take returns the commands that wait, which are the caller's from now on.
func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.queue
	m.queue = nil
	return taken
}

// close refuses further commands; those that wait are still to be taken.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
}
