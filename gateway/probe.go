package gateway

import (
	"context"
	"errors"
	"time"
)

// Start begins to ask the gateways.
func (b *Book) Start() {
	ctx, stop := context.WithCancel(context.Background())
	b.stop, b.done = stop, make(chan struct{})
	go b.run(ctx)
}

// Close ends the asking. Answers that are on their way are taken, and change nothing any more.
func (b *Book) Close() {
	if b.stop != nil {
		b.stop()
		<-b.done
	}
}

// idle is how long the goroutine sleeps where nothing is to be asked; Update wakes it.
const idle = time.Hour

func (b *Book) run(ctx context.Context) {
	defer close(b.done)
	for {
		timer := time.NewTimer(b.askDue())
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-b.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// hurry makes the goroutine look again.
func (b *Book) hurry() {
	select {
	case b.wake <- struct{}{}:
	default: // it will look anyhow
	}
}

// due is one gateway that is to be asked.
type due struct {
	trunk, address string
	timeout        time.Duration
}

// askDue asks every gateway whose time has come, and returns how long the next one has.
func (b *Book) askDue() time.Duration {
	list, next := b.collectDue()
	for _, d := range list {
		done := func(a Answer) { b.answered(d.trunk, d.address, a) }
		if err := b.deps.Ask(d.address, d.timeout, done); err != nil {
			done(Answer{})
		}
	}
	return next
}

func (b *Book) collectDue() (list []due, next time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.deps.Now()
	next = idle
	for name, l := range b.lines {
		if l.Probe.Interval <= 0 {
			continue
		}
		for address, h := range l.health {
			if wait := h.asked.Add(l.Probe.Interval).Sub(now); wait > 0 && !h.asked.IsZero() {
				next = min(next, wait)
				continue
			}
			h.asked = now
			next = min(next, l.Probe.Interval)
			if !h.asking { // an answer that is late is waited for
				h.asking = true
				list = append(list, due{name, address, l.Probe.Timeout})
			}
		}
	}
	return list, next
}

// answered takes what came of a probe.
func (b *Book) answered(trunk, address string, a Answer) {
	if up, changed := b.judge(trunk, address, a); changed {
		b.deps.Changed(trunk, up)
	}
}

// judge notes the answer, and tells whether the trunk as a whole has come up or gone down by it.
func (b *Book) judge(trunk, address string, a Answer) (up, changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.lines[trunk]
	if l == nil || l.health[address] == nil {
		return false, false // a reload has removed it
	}
	l.health[address].note(a, l.Probe.Threshold, b.deps.Now())
	known := true
	for _, h := range l.health {
		up = up || h.known && !h.down
		known = known && h.known
	}
	if !up && !known || l.told && l.up == up {
		return false, false
	}
	l.told, l.up = true, up
	return up, true
}

func (h *health) note(a Answer, threshold int, now time.Time) {
	h.asking, h.last = false, a
	if a.alive() {
		h.failed, h.down, h.known = 0, false, true
		h.rests = time.Time{}
		return
	}
	if a.RetryAfter > 0 {
		h.rest(now, a.RetryAfter)
	}
	if h.failed++; h.failed >= max(1, threshold) {
		h.down, h.known = true, true
	}
}

// ErrUnknown says that no trunk with gateways has that name.
var ErrUnknown = errors.New("no trunk of that name has gateways")

// Ping asks all gateways of a trunk now, and returns how they are once all have answered or ctx ends.
func (b *Book) Ping(ctx context.Context, trunk string) ([]State, error) {
	b.mu.Lock()
	l := b.lines[trunk]
	b.mu.Unlock()
	if l == nil || len(l.Gateways) == 0 {
		return nil, ErrUnknown
	}
	answers := make(chan struct{}, len(l.Gateways)) // one each, whether or not somebody still waits
	for _, g := range l.Gateways {
		done := func(a Answer) {
			b.answered(trunk, g.Address, a)
			answers <- struct{}{}
		}
		if err := b.deps.Ask(g.Address, l.Probe.Timeout, done); err != nil {
			done(Answer{})
		}
	}
	for range l.Gateways {
		select {
		case <-answers:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return b.States(trunk), nil
}
