package witness

import (
	"math/rand/v2"
	"sync"
	"time"
)

// weather is what a network does to packets.
type weather struct {
	jitter time.Duration // each packet takes up to this long
	late   float64       // this share takes lateBy more
	lateBy time.Duration
	lost   float64
	twice  float64
}

// storm is the worst that a trunk may bring.
var storm = weather{jitter: 80 * time.Millisecond, late: 0.05, lateBy: 150 * time.Millisecond, lost: 0.01, twice: 0.02}

// network makes a phone's packets travel through w; a fixed seed makes the same
// weather again. wait ends when all that is on its way has arrived.
func (w weather) network(seed uint64) (send func([]byte, func([]byte)), wait func()) {
	var mu sync.Mutex
	var under sync.WaitGroup
	rng := rand.New(rand.NewPCG(seed, seed))
	send = func(packet []byte, deliver func([]byte)) {
		mu.Lock()
		defer mu.Unlock()
		if rng.Float64() < w.lost {
			return
		}
		copies := 1
		if rng.Float64() < w.twice {
			copies = 2
		}
		for range copies {
			delay := time.Duration(rng.Float64() * float64(w.jitter))
			if rng.Float64() < w.late {
				delay += w.lateBy
			}
			b := append([]byte(nil), packet...)
			under.Add(1)
			time.AfterFunc(delay, func() {
				defer under.Done()
				deliver(b)
			})
		}
	}
	return send, under.Wait
}
