package queue

import "time"

// state is where an offer stands.
type state uint8

const (
	ringing state = iota
	answered
	failed
	withdrawn
	released
)

// Offer is one station that may be rung for one call. It takes a place of the
// station until it is failed, withdrawn, or answered and released. Of Answered,
// Failed, Busy and a withdrawal the first counts; those after it do nothing.
type Offer struct {
	// set once
	board     *Board
	station   *station
	cfg       StationConfig
	ticket    *Ticket // nil: seized
	withdrawn chan struct{}

	state state // guarded by the board's mu
}

// offer takes a place of s. The caller holds mu and has seen that s is free.
func (b *Board) offer(s *station, cfg StationConfig, t *Ticket) *Offer {
	s.taken++
	return &Offer{board: b, station: s, cfg: cfg, ticket: t, withdrawn: make(chan struct{})}
}

// Station returns the station's name.
func (o *Offer) Station() string { return o.station.name }

// Address returns where the station is dialled.
func (o *Offer) Address() string { return o.cfg.Address }

// Ring returns how long the station is to ring.
func (o *Offer) Ring() time.Duration { return o.cfg.Ring }

// Config returns the station's configuration by the rules that the call began with.
func (o *Offer) Config() StationConfig { return o.cfg }

// Withdrawn is closed when the offer does not stand any more though the station may
// still ring: another station answered, max_wait is over, or the caller left.
func (o *Offer) Withdrawn() <-chan struct{} { return o.withdrawn }

// Answered says that the station has answered and has the call; the other offers of
// the ticket are withdrawn. The place stays taken until Release. It returns false if
// the offer did not stand any more: then the station has to be hung up.
func (o *Offer) Answered() bool {
	o.board.mu.Lock()
	defer o.board.mu.Unlock()
	if o.state != ringing {
		return false
	}
	o.state = answered
	if o.ticket != nil {
		o.ticket.settle(o, "")
		o.ticket.end()
		o.board.dispatch()
	}
	return true
}

// Failed says that the station did not take the call, and why: it is unreachable,
// refused, or rang in vain. The call goes on to the next station.
func (o *Offer) Failed(reason string) {
	o.board.mu.Lock()
	defer o.board.mu.Unlock()
	if o.state != ringing {
		return
	}
	o.state = failed
	o.board.giveBack(o.station)
	if o.ticket != nil {
		o.ticket.settle(o, reason)
	}
	o.board.dispatch()
}

// Busy says that the station itself refused because it is busy. This is a failure
// like any other: nobody would tell us when it is free again.
func (o *Offer) Busy() { o.Failed("busy") }

// Release gives the place of an answered offer back when the call with the station
// is over. It may be called repeatedly; on an offer that was not answered it does
// nothing.
func (o *Offer) Release() {
	o.board.mu.Lock()
	defer o.board.mu.Unlock()
	if o.state != answered {
		return
	}
	o.state = released
	o.station.idleSince = time.Now()
	o.board.giveBack(o.station)
	o.board.dispatch()
}

// withdraw takes back an offer that rings. The caller holds the board's mu and
// dispatches afterwards.
func (o *Offer) withdraw() {
	o.state = withdrawn
	o.board.giveBack(o.station)
	o.ticket.settle(o, "withdrawn")
	close(o.withdrawn)
}

// settle notes that the offer no longer rings for the ticket, and why. A station
// that was asked is not asked again.
func (t *Ticket) settle(o *Offer, reason string) {
	for i := range t.places {
		if p := &t.places[i]; p.offer == o {
			p.offer, p.tried, p.reason = nil, true, reason
		}
	}
}
