package call

import (
	"context"
	"errors"
	"net/netip"
	"sort"
	"sync"
	"time"

	"go.uber.org/zap"

	"assent/event"
	"assent/gateway"
	"assent/policy"
	"assent/sip"
	"assent/toll"
)

// maxCalls bounds the calls of one node, refused ones included: each costs a
// goroutine for a moment, and media ports end long before.
const maxCalls = 20000

// Manager knows all calls and takes new ones in.
type Manager struct {
	deps *Deps // set once

	// shared, guarded by mu
	mu       sync.Mutex
	calls    map[string]*Call
	draining bool
	idle     chan struct{} // closed when draining and no call is left
}

// New makes a manager; deps are kept.
func New(deps *Deps) *Manager {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Gateways == nil {
		deps.Gateways = gateway.New(gateway.Deps{})
	}
	if deps.Toll == nil {
		deps.Toll = toll.New(nil, nil)
	}
	return &Manager{deps: deps, calls: map[string]*Call{}, idle: make(chan struct{})}
}

// Accept takes a new inbound dialog and starts its call's goroutine. It never
// blocks, as sip.Deps.Invite demands.
func (m *Manager) Accept(inv *sip.Invite) {
	ctx, cancel := context.WithCancelCause(context.Background())
	c := m.newCall(inv, cancel)
	inv.Leg.Listen(func(e sip.Event) {
		c.postSIP(e, c.onCaller)
		if _, over := e.(sip.Ended); over {
			c.cancel(ErrCallerLeft) // at once, whatever the call's goroutine is busy with
		}
	}, c.mayTouch)
	m.deps.Ladder.Join(c.id, c.caller.name, inv.Leg.CallID())
	m.mu.Lock()
	switch {
	case m.draining:
		c.refused = ErrDraining
	case len(m.calls) >= maxCalls:
		c.refused = ErrNodeFull
	case inv.Replaces != nil:
		c.refused = ErrTakeover
	}
	m.calls[c.id] = c
	m.mu.Unlock()
	m.deps.late.Go(func() { // ends with the call; Drain and Settled wait for it
		defer m.remove(c.id)
		c.run(ctx)
	})
}

func (m *Manager) newCall(inv *sip.Invite, cancel context.CancelCauseFunc) *Call {
	id := event.NewID()
	rules := m.deps.Rules()
	c := &Call{
		id: id, cancel: cancel, deps: m.deps, rules: rules, invite: inv, mail: newMailbox(), started: m.deps.Now(), over: make(chan struct{}),
		caller: party{name: legCaller, leg: inv.Leg}, folder: event.NewFolder(),
		place: place{phase: policy.PhaseIVR, language: rules.Language},
		log:   m.deps.Log.With(zap.String("call", id)),
	}
	c.consent.state = policy.StateNotAsked
	return c
}

// mayTouch tells whether a later request of the caller's dialog may come from
// src: any source of the call's trunk, or the one the INVITE came from while
// no trunk is known yet, and where it proved who it is.
func (c *Call) mayTouch(src netip.AddrPort) bool {
	if seat := c.admittedBy.Load(); seat != nil && c.invite.Account.Trunk == "" {
		return seat.Allows(src)
	}
	return src.Addr().Unmap() == c.invite.Source.Addr().Unmap()
}

func (m *Manager) remove(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.calls[id].over)
	delete(m.calls, id)
	m.signalIdle()
}

// signalIdle closes idle once; mu is held.
func (m *Manager) signalIdle() {
	if !m.draining || len(m.calls) > 0 {
		return
	}
	select {
	case <-m.idle:
	default:
		close(m.idle)
	}
}

// Drain refuses new calls from now on and waits until the last running one has
// ended. When ctx ends first, the rest are hung up and waited for, each at most
// as long as its recording may take to be sealed.
func (m *Manager) Drain(ctx context.Context) {
	m.mu.Lock()
	m.draining = true
	m.signalIdle()
	m.mu.Unlock()
	select {
	case <-m.idle:
		return
	case <-ctx.Done():
	}
	for _, c := range m.running() {
		c.cancel(ErrShutdown)
	}
	select {
	case <-m.idle:
	case <-time.After(2 * sealTimeout):
		m.deps.Log.Error("calls did not end", zap.Int("calls", m.Count()))
	}
}

// Settled waits for every call's goroutine, and for recordings that are sealed
// after their call's end. It is called once signalling and recorder are closed.
func (m *Manager) Settled(ctx context.Context) error {
	done := make(chan struct{})
	go func() { // ends with the last of them
		m.deps.late.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("calls or recordings did not end in time")
	}
}

// Reconsider lets every call on the trunk decide again.
func (m *Manager) Reconsider(trunk string) {
	for _, c := range m.running() {
		c.mail.postSure(func() {
			if c.trunkName == trunk {
				c.decide("audit")
			}
		})
	}
}

// Draining tells whether new calls are refused.
func (m *Manager) Draining() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.draining
}

// Count is the number of running calls.
func (m *Manager) Count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.calls)
}

func (m *Manager) running() []*Call {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]*Call, 0, len(m.calls))
	for _, c := range m.calls {
		list = append(list, c)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id < list[j].id })
	return list
}
