package media

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"
)

var (
	// ErrNoPorts means that every port pair of media.ports is in use or resting.
	ErrNoPorts = errors.New("no media ports left")
	// ErrClosed means that the engine or the session has ended.
	ErrClosed = errors.New("media is closed")
)

// portRest is how long a pair stays unused after its stream: late packets of one call must not be heard in another.
const portRest = 10 * time.Second

// portPool hands out pairs of ports, an even one for RTP and the next for RTCP (RFC 3550 section 11), in random order.
type portPool struct {
	mu    sync.Mutex
	queue []restingPort // in the order in which they may be used
	used  int
}

type restingPort struct {
	port  uint16
	ready time.Time
}

// parsePorts reads a range "first-last", both included, that holds at least one pair.
func parsePorts(text string) (first, last uint16, err error) {
	low, high, ok := strings.Cut(text, "-")
	a, errLow := strconv.ParseUint(strings.TrimSpace(low), 10, 16)
	b, errHigh := strconv.ParseUint(strings.TrimSpace(high), 10, 16)
	if !ok || errLow != nil || errHigh != nil || a == 0 {
		return 0, 0, fmt.Errorf("media.ports %q: want a range of ports such as 20000-29999", text)
	}
	if a += a % 2; a+1 > b {
		return 0, 0, fmt.Errorf("media.ports %q: want room for an even port and the next one", text)
	}
	return uint16(a), uint16(b), nil
}

func newPortPool(first, last uint16) *portPool {
	p := &portPool{}
	for port := int(first); port+1 <= int(last); port += 2 {
		p.queue = append(p.queue, restingPort{port: uint16(port)})
	}
	rand.Shuffle(len(p.queue), func(i, j int) { p.queue[i], p.queue[j] = p.queue[j], p.queue[i] })
	return p
}

// take returns a pair's even port.
func (p *portPool) take(now time.Time) (uint16, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 || p.queue[0].ready.After(now) {
		return 0, ErrNoPorts
	}
	port := p.queue[0].port
	p.queue = p.queue[1:]
	p.used++
	return port, nil
}

// give returns a pair, which rests until ready.
func (p *portPool) give(port uint16, ready time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used--
	p.queue = append(p.queue, restingPort{port, ready})
}

// count returns how many pairs are used, resting and free.
func (p *portPool) count(now time.Time) (used, resting, free int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.queue {
		if r.ready.After(now) {
			resting++
		}
	}
	return p.used, resting, len(p.queue) - resting
}
