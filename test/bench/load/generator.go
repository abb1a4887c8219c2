package load

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// address is the generator's own, so that no other test's sockets are met.
var address = netip.AddrFrom4([4]byte{127, 0, 9, 1})

// Source is the address that all calls come from: a trunk's `sources`.
const Source = "127.0.9.1"

// Generator plays all callers and all agents.
type Generator struct {
	pacer
	phones   [2]*phone // by side
	repeats  atomic.Int64
	measures int // spans that were begun

	mu      sync.Mutex
	count   int
	calls   []*Call
	callers map[string]*Call // by the caller's Call-ID
	agents  map[string]*Call // by the agent's Call-ID
	numbers map[string]*Call
}

// New opens the sockets. The goroutines that it starts end with Stop.
func New() (*Generator, error) {
	g := &Generator{callers: map[string]*Call{}, agents: map[string]*Call{}, numbers: map[string]*Call{}}
	g.done = make(chan struct{})
	for s, user := range [2]string{"caller", "agent-1"} {
		var err error
		if g.audio[s], err = newSocket(address); err != nil {
			return nil, err
		}
		if g.phones[s], err = newPhone(address, user); err != nil {
			return nil, err
		}
		g.ports[s] = map[uint16]*Call{}
	}
	g.early = map[uint16]uint32{}
	return g, nil
}

// Station is the SIP address of the agents, for the configuration.
func (g *Generator) Station() string { return g.phones[agent].uri() }

// Start begins; service is where calls are placed.
func (g *Generator) Start(service netip.AddrPort) {
	g.start = time.Now()
	for s, handle := range [2]func(message){g.serveCaller, g.serveAgent} {
		g.phones[s].service = service
		go g.phones[s].serve(handle)
	}
	go g.run()
}

// Stop ends all audio and signalling, without a word to the service.
func (g *Generator) Stop() {
	g.stop.Store(true)
	<-g.done
	for s := range g.phones {
		g.phones[s].close()
	}
}

// Close gives the sockets back, after Stop and after the last figure was read.
func (g *Generator) Close() {
	for _, s := range g.audio {
		s.close()
	}
}

// NewCall makes a call with a number of its own.
func (g *Generator) NewCall() *Call {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.count
	g.count++
	c := &Call{g: g, index: n & 0xffff, Number: fmt.Sprintf("+4930%07d", n), bridged: make(chan struct{})}
	for s := range c.legs {
		c.legs[s].index = uint32(2*n + s)
		c.responses[s] = make(chan message, 4)
		c.ended[s] = make(chan struct{})
	}
	c.near = dialog{id: fmt.Sprintf("%d-%d@load", n, g.start.UnixNano()),
		local: fmt.Sprintf("<sip:%s@%s>;tag=c%d", c.Number, g.phones[caller].addr, n)}
	g.calls = append(g.calls, c)
	g.callers[c.near.id] = c
	g.numbers[strings.TrimPrefix(c.Number, "+")] = c
	g.numbers[c.Number] = c
	return c
}

// Mirror makes calls whose two parties send straight to each other's socket: what
// the generator can hold when nothing stands in between. It comes before Start.
func (g *Generator) Mirror(calls int) {
	for range calls {
		c := g.NewCall()
		for s := range c.legs {
			c.legs[s].to = g.audio[side(s).other()].addr
			c.legs[s].speak.Store(true)
		}
		g.mirror = append(g.mirror, c)
		g.join(c)
	}
}

// Stood is the most that a frame was late to leave; only after Stop.
func (g *Generator) Stood() time.Duration { return g.stood }

// Repeats is how many requests had to be sent again.
func (g *Generator) Repeats() int64 { return g.repeats.Load() }

// Measure counts the frames that leave from now on until length is over, and
// returns when that is so; before and after run at its two ends. It may be called
// maxSpans times, one after the other.
func (g *Generator) Measure(length time.Duration, before, after func()) {
	first := g.round(time.Now()) + 2
	s := &g.spans[g.measures]
	g.measures++
	s.first.Store(first)
	s.last.Store(first + uint32(length/frameTime))
	begin := g.start.Add(time.Duration(first) * frameTime)
	time.Sleep(time.Until(begin)) // the window is one of real time
	before()
	time.Sleep(time.Until(begin.Add(length)))
	after()
}

// Figures are what a window came to.
type Figures struct {
	Sent, Lost                int
	Delay                     *Delays       // of each frame, from its departure to its arrival
	Late                      *Delays       // the generator's own: how late frames left
	Stood                     time.Duration // the most that a frame was late, in the whole run
	Doubled, Swapped, Foreign int           // in the whole run
	Refused, Dropped          int           // by the generator's own sockets, in the whole run
}

// LossPercent is how many of the frames sent never arrived.
func (f Figures) LossPercent() float64 {
	if f.Sent == 0 {
		return 100
	}
	return 100 * float64(f.Lost) / float64(f.Sent)
}

const (
	// tooLate is how late the generator's own frames may be at the 99th percentile.
	tooLate = 10 * time.Millisecond
	// stoodStill is how late any may be: a recording need not wait for what comes
	// later than any network brings it.
	stoodStill = 200 * time.Millisecond
)

// Invalid says why the run says nothing about the service, "" if it does.
func (f Figures) Invalid() string {
	switch {
	case f.Late.At(0.99) > tooLate:
		return fmt.Sprintf("the generator was late by %s at the 99th percentile", f.Late.At(0.99).Round(time.Millisecond))
	case f.Stood > stoodStill:
		return fmt.Sprintf("the generator stood still for %s", f.Stood.Round(time.Millisecond))
	case f.Refused > 0:
		return fmt.Sprintf("the generator could not send %d packets", f.Refused)
	case f.Dropped > 0:
		return fmt.Sprintf("the generator's sockets dropped %d packets", f.Dropped)
	}
	return ""
}

// Figures adds up what was measured, or only the measurements with the given numbers, from 0 on; only after Stop.
func (g *Generator) Figures(only ...int) Figures {
	f := Figures{Delay: &Delays{}, Late: &Delays{}, Stood: g.stood, Doubled: g.doubled, Swapped: g.swapped, Foreign: g.foreign, Refused: g.refused}
	for _, s := range g.audio {
		f.Dropped += s.dropped()
	}
	for i := range g.measures {
		if len(only) > 0 && !slices.Contains(only, i) {
			continue
		}
		s := &g.spans[i]
		f.Delay.merge(&s.delay)
		f.Late.merge(&s.late)
		for _, c := range g.calls {
			c.count(s.first.Load(), s.last.Load(), &f)
		}
	}
	return f
}

// count adds up a call's frames of some rounds.
func (c *Call) count(first, last uint32, f *Figures) {
	for s := range c.legs {
		l := &c.legs[s]
		for round := first; round < last; round++ {
			if l.sent.has(round) {
				f.Sent++
				if !l.arrived.has(round) {
					f.Lost++
				}
			}
		}
	}
}
