package event

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Bus hands events to those who subscribed. It never blocks a publisher and holds
// no lock while a subscriber runs.
type Bus struct {
	mu          sync.Mutex                      // serialises changes of the list
	subscribers atomic.Pointer[[]*subscription] // the list itself is never changed, only replaced
}

// subscription makes one Subscribe distinguishable from another of the same function.
type subscription struct{ deliver func(Event) }

// New returns a bus without subscribers.
func New() *Bus {
	b := &Bus{}
	b.subscribers.Store(&[]*subscription{})
	return b
}

// Publish calls every subscriber with e, in the order in which they subscribed, and
// returns when all have been called. Events of one goroutine arrive in its order;
// a subscriber is called concurrently when several goroutines publish.
func (b *Bus) Publish(e Event) {
	for _, s := range *b.subscribers.Load() {
		s.deliver(e)
	}
}

// Subscribe calls f with each event from now on, on the publisher's goroutine. f
// must return soon and be safe for concurrent use; it may publish, subscribe and
// cancel. After cancel has returned, f is called only by a Publish that had begun.
func (b *Bus) Subscribe(f func(Event)) (cancel func()) {
	s := &subscription{deliver: f}
	b.change(func(list []*subscription) []*subscription { return append(list, s) })
	return func() {
		b.change(func(list []*subscription) []*subscription {
			return slices.DeleteFunc(list, func(other *subscription) bool { return other == s })
		})
	}
}

// change replaces the list by what edit makes of a copy.
func (b *Bus) change(edit func([]*subscription) []*subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := edit(slices.Clone(*b.subscribers.Load()))
	b.subscribers.Store(&next)
}

// Stream is a subscription that is read from a channel.
type Stream struct {
	events chan Event
	lost   atomic.Uint64
	cancel func()

	mu     sync.Mutex
	closed bool // guarded by mu
}

// Stream subscribes with a channel that holds up to size events. While it is full
// further events are lost to this reader and counted.
func (b *Bus) Stream(size int) *Stream {
	s := &Stream{events: make(chan Event, size)}
	s.cancel = b.Subscribe(s.offer)
	return s
}

// Events returns the channel; Close closes it.
func (s *Stream) Events() <-chan Event { return s.events }

// Lost returns how many events the reader was too slow for.
func (s *Stream) Lost() uint64 { return s.lost.Load() }

// Close ends the subscription and closes the channel. It may be called repeatedly.
func (s *Stream) Close() {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.events)
	}
}

// offer puts e into the channel if there is room.
func (s *Stream) offer(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	select {
	case s.events <- e:
	default:
		s.lost.Add(1)
	}
}
