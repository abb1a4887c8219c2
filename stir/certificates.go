package stir

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

var (
	errClosed = errors.New("the service stops")
	errBusy   = errors.New("too many certificates are being fetched")
)

// certificates are the chains that were fetched, by URL, and the failures. A URL
// is asked for once, however many calls wait for it.
type certificates struct {
	ctx    context.Context // of the fetches; ended by close
	cancel context.CancelFunc
	wg     sync.WaitGroup // fetches

	mu      sync.Mutex
	held    map[string]*held
	running int // fetches
	closed  bool
}

// held is what is known of a URL. All but done is written before done is closed.
type held struct {
	done  chan struct{}
	chain *chain
	err   error
	until time.Time
}

// over reports whether the answer is there.
func (h *held) over() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

func newCertificates() *certificates {
	c := &certificates{held: map[string]*held{}}
	c.ctx, c.cancel = context.WithCancel(context.Background()) // the service's life, not a call's
	return c
}

// known returns what is held of a URL; false while it must be fetched first.
func (c *certificates) known(place string, now time.Time) (*chain, error, bool) {
	c.mu.Lock()
	h := c.held[place]
	c.mu.Unlock()
	if h == nil || !h.over() || now.After(h.until) {
		return nil, nil, false
	}
	return h.chain, h.err, true
}

// get returns the chain of a URL, from memory or by f; it waits until ctx ends.
func (c *certificates) get(ctx context.Context, f *fetcher, place string, now time.Time) (*chain, error) {
	h, err := c.fetching(f, place, now)
	if err != nil {
		return nil, err
	}
	select {
	case <-h.done:
		return h.chain, h.err
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for the certificate: %w", context.Cause(ctx))
	}
}

// fetching returns what is held of a URL, and starts a fetch where that is nothing good any more.
func (c *certificates) fetching(f *fetcher, place string, now time.Time) (*held, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.held[place]
	if h != nil && (!h.over() || !now.After(h.until)) {
		return h, nil
	}
	switch {
	case c.closed:
		return nil, errClosed
	case c.running >= maxFetches:
		return nil, errBusy
	}
	c.makeRoom(now)
	h = &held{done: make(chan struct{})}
	c.held[place] = h
	c.running++
	c.wg.Go(func() { c.fetch(f, place, h, now) }) // ends within the fetcher's timeout; close waits
	return h, nil
}

// makeRoom drops what is over, and else any one that is not being fetched; mu is held.
func (c *certificates) makeRoom(now time.Time) {
	if len(c.held) < maxHeld {
		return
	}
	for place, h := range c.held {
		if h.over() && now.After(h.until) {
			delete(c.held, place)
		}
	}
	for place, h := range c.held {
		if len(c.held) < maxHeld {
			return
		}
		if h.over() {
			delete(c.held, place)
		}
	}
}

// fetch fills h. What a certificate's server makes it do wrong stays in here.
func (c *certificates) fetch(f *fetcher, place string, h *held, now time.Time) {
	defer func() {
		if p := recover(); p != nil {
			h.chain, h.err, h.until = nil, fmt.Errorf("internal fault: %v", p), now.Add(keepFailed)
		}
		c.mu.Lock()
		c.running--
		c.mu.Unlock()
		close(h.done)
	}()
	chain, keep, err := f.fetch(c.ctx, place)
	h.chain, h.err, h.until = chain, err, now.Add(keep)
}

// close ends the fetches and waits for them.
func (c *certificates) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.wg.Wait()
}
