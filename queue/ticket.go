package queue

import (
	"slices"
	"time"
)

// Event is what a ticket's owner is told: Offered, Failed or TimedOut. The last two
// end the ticket.
type Event interface{ event() }

// Offered says that a station may be rung for the caller.
type Offered struct{ Offer *Offer }

// Failed says that no station is left to try: the outcome failure. Reasons says what
// became of each, by its name; the receiver owns the map.
type Failed struct{ Reasons map[string]string }

// TimedOut says that max_wait is over: the outcome timeout.
type TimedOut struct{}

func (Offered) event()  {}
func (Failed) event()   {}
func (TimedOut) event() {}

// Ticket is one caller's place in a queue. It ends with an answered offer, with
// Failed or TimedOut, or with Leave.
type Ticket struct {
	// set once
	board  *Board
	call   string
	queue  *queue
	cfg    Config     // of the rules that the call began with
	events chan Event // room for every event that can come

	// guarded by the board's mu
	places []place
	ended  bool
	timer  *time.Timer // of max_wait; nil: without limit
}

// place is one station of a ticket.
type place struct {
	station *station
	cfg     StationConfig // of the rules that the call began with
	offer   *Offer        // the one that rings, or nil
	tried   bool          // it has been offered and did not take the call; it is not offered again
	reason  string        // why it did not
}

// Join puts a call with these rules at the end of a queue. The ticket's owner reads
// its Events. It gives ErrUnknown or ErrFull. A station that the queue names but the
// rules do not have is passed over.
func (b *Board) Join(rules Rules, queue, call string) (*Ticket, error) {
	cfg, ok := rules.Queues[queue]
	if !ok {
		return nil, ErrUnknown
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	q := b.queue(queue)
	if cfg.MaxWaiting > 0 && q.waiting >= cfg.MaxWaiting {
		return nil, ErrFull
	}
	t := &Ticket{board: b, call: call, queue: q, cfg: cfg, places: b.placesOf(cfg, rules.Stations)}
	// One offer for each station, and the one event that ends the ticket.
	t.events = make(chan Event, len(t.places)+1)
	q.waiting++
	b.waiting = append(b.waiting, t)
	if t.cfg.MaxWait > 0 {
		t.timer = time.AfterFunc(t.cfg.MaxWait, t.timeOut)
	}
	b.dispatch()
	return t, nil
}

// placesOf lists the stations of a queue, each once. The caller holds mu.
func (b *Board) placesOf(q Config, stations map[string]StationConfig) []place {
	places := make([]place, 0, len(q.Stations))
	for _, name := range q.Stations {
		cfg, ok := stations[name]
		if !ok || slices.ContainsFunc(places, func(p place) bool { return p.station.name == name }) {
			continue
		}
		s := b.station(name, cfg)
		s.listed++
		places = append(places, place{station: s, cfg: cfg})
	}
	return places
}

// Call returns the id of the call that joined.
func (t *Ticket) Call() string { return t.call }

// Queue returns the queue's name.
func (t *Ticket) Queue() string { return t.queue.name }

// Config returns the queue's configuration by the rules that the call began with. Its
// slices are borrowed.
func (t *Ticket) Config() Config { return t.cfg }

// Events returns what happens to the ticket, in order. The channel is never closed;
// nothing comes after Failed, TimedOut, an answered offer or Leave.
func (t *Ticket) Events() <-chan Event { return t.events }

// Leave takes the caller out of the queue, withdraws the offers that ring and drops
// the events that were not read. On a ticket that has ended it does nothing.
func (t *Ticket) Leave() {
	t.board.mu.Lock()
	defer t.board.mu.Unlock()
	if t.ended {
		return
	}
	t.end()
	t.dropEvents()
	t.board.dispatch()
}

// dropEvents takes out what the owner has not read.
func (t *Ticket) dropEvents() {
	for {
		select {
		case <-t.events:
		default:
			return
		}
	}
}

// timeOut is run by the timer of max_wait.
func (t *Ticket) timeOut() {
	t.board.mu.Lock()
	defer t.board.mu.Unlock()
	if t.ended {
		return
	}
	t.end()
	t.events <- TimedOut{}
	t.board.dispatch()
}

// end takes the ticket off the board and withdraws the offers that ring. The caller
// holds the board's mu, and dispatches afterwards.
func (t *Ticket) end() {
	t.ended = true
	if t.timer != nil {
		t.timer.Stop()
	}
	b := t.board
	b.leave(t.queue)
	if i := slices.Index(b.waiting, t); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	for i := range t.places {
		if o := t.places[i].offer; o != nil {
			o.withdraw()
		}
		b.unlist(t.places[i].station)
	}
}

// ringing reports whether a station rings for the ticket.
func (t *Ticket) ringing() bool {
	return slices.ContainsFunc(t.places, func(p place) bool { return p.offer != nil })
}

// exhausted reports whether no station is left that might still answer: each has
// been tried, none rings, and none is merely busy with other calls.
func (t *Ticket) exhausted() bool {
	return !slices.ContainsFunc(t.places, func(p place) bool { return !p.tried })
}

// reasons says why each station did not take the call.
func (t *Ticket) reasons() map[string]string {
	reasons := make(map[string]string, len(t.places))
	for _, p := range t.places {
		reasons[p.station.name] = p.reason
	}
	return reasons
}
