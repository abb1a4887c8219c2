package sip

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// dispatcher hands every message, timer and command of one Call-ID to that Call-ID's lane, which works them off one
// after the other, in the order of their arrival.
type dispatcher struct {
	seed   maphash.Seed
	shards [64]shard
	lanes  atomic.Int64
	work   sync.WaitGroup // running lanes
}

type shard struct {
	mu     sync.Mutex
	lanes  map[string]*lane
	closed bool
}

// lane is all state of one Call-ID. A goroutine runs it only while it has something to do.
type lane struct {
	// set once
	ep     *Endpoint
	shard  *shard
	callID string

	// guarded by shard.mu
	queue   []func()
	running bool
	gone    bool

	// owned by run
	legs    []*Leg
	servers map[string]*serverTx
	clients map[string]*clientTx

	enroller *Enroller // a registration of ours that lives here
}

func newDispatcher() *dispatcher {
	d := &dispatcher{seed: maphash.MakeSeed()}
	for i := range d.shards {
		d.shards[i].lanes = make(map[string]*lane)
	}
	return d
}

func (d *dispatcher) shard(callID string) *shard {
	return &d.shards[maphash.String(d.seed, callID)%uint64(len(d.shards))]
}

// deliver queues f in the lane of callID. Without create, or beyond maxLanes, a Call-ID without a lane is refused;
// a full lane loses the message and takes it as delivered.
func (d *dispatcher) deliver(ep *Endpoint, callID string, create bool, f func(*lane)) bool {
	s := d.shard(callID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return true
	}
	l := s.lanes[callID]
	if l == nil {
		if !create || d.lanes.Load() >= maxLanes {
			return false
		}
		l = ep.newLane(s, callID)
	}
	if len(l.queue) >= maxQueued {
		ep.stats.overflow.Add(1)
		return true
	}
	l.push(func() { f(l) })
	return true
}

// open makes the lane of a new Call-ID of ours; f runs under its lock and gives it its first work. It reports false
// beyond maxLanes or after close.
func (d *dispatcher) open(ep *Endpoint, callID string, f func(*lane)) bool {
	s := d.shard(callID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || d.lanes.Load() >= maxLanes {
		return false
	}
	l := ep.newLane(s, callID)
	f(l)
	return true
}

// newLane needs the shard's lock.
func (e *Endpoint) newLane(s *shard, callID string) *lane {
	l := &lane{ep: e, shard: s, callID: callID,
		servers: make(map[string]*serverTx), clients: make(map[string]*clientTx)}
	s.lanes[callID] = l
	e.disp.lanes.Add(1)
	return l
}

// post queues f, also where the lane is full: timers and commands are bounded by what made them. It reports whether
// the lane still lives.
func (l *lane) post(f func()) bool {
	l.shard.mu.Lock()
	defer l.shard.mu.Unlock()
	if l.gone || l.shard.closed {
		return false
	}
	l.push(f)
	return true
}

// push needs shard.mu.
func (l *lane) push(f func()) {
	l.queue = append(l.queue, f)
	if !l.running {
		l.running = true
		l.ep.disp.work.Add(1)
		go l.run()
	}
}

// run works the queue off and ends; an empty lane leaves the dispatcher.
func (l *lane) run() {
	defer l.ep.disp.work.Done()
	var batch []func()
	for {
		l.shard.mu.Lock()
		if len(l.queue) == 0 {
			l.running = false
			if l.idle() && !l.gone {
				l.gone = true
				delete(l.shard.lanes, l.callID)
				l.ep.disp.lanes.Add(-1)
			}
			l.shard.mu.Unlock()
			return
		}
		batch, l.queue = l.queue, batch[:0]
		l.shard.mu.Unlock()
		for i, f := range batch {
			batch[i] = nil
			l.do(f)
		}
	}
}

// do runs one task. A panic ends the legs of this Call-ID, and nothing else.
func (l *lane) do(f func()) {
	defer l.prune()
	defer l.ep.guard("lane", func() {
		for _, leg := range l.legs {
			leg.fail()
		}
		if l.enroller != nil {
			l.enroller.failed(500, 0)
		}
	})
	f()
}

// idle reports whether nothing is left to wait for.
func (l *lane) idle() bool {
	return len(l.legs) == 0 && len(l.servers) == 0 && len(l.clients) == 0 && l.enroller == nil
}

// prune lets go of legs that are over and owe nobody anything.
func (l *lane) prune() {
	kept := l.legs[:0]
	for _, leg := range l.legs {
		if !leg.settled() {
			kept = append(kept, leg)
		}
	}
	clear(l.legs[len(kept):])
	l.legs = kept
}

// timer is a time.Timer whose function runs in the lane, and not at all once stop was called there.
type timer struct {
	t   *time.Timer
	off bool
}

func (l *lane) after(d time.Duration, f func()) *timer {
	t := &timer{}
	t.t = time.AfterFunc(d, func() {
		l.post(func() {
			if !t.off {
				t.off = true
				f()
			}
		})
	})
	return t
}

// stop may be called on nil and more than once.
func (t *timer) stop() {
	if t != nil && !t.off {
		t.off = true
		t.t.Stop()
	}
}

// close refuses all further work and waits for what runs. Timers that still fire do nothing.
func (d *dispatcher) close() {
	for i := range d.shards {
		s := &d.shards[i]
		s.mu.Lock()
		s.closed = true
		for _, l := range s.lanes {
			l.queue = nil
		}
		s.mu.Unlock()
	}
	d.work.Wait()
}

// each posts f to every lane.
func (d *dispatcher) each(f func(*lane)) {
	for i := range d.shards {
		s := &d.shards[i]
		s.mu.Lock()
		if !s.closed {
			for _, l := range s.lanes {
				l.push(func() { f(l) })
			}
		}
		s.mu.Unlock()
	}
}
