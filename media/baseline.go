package media

import "time"

const (
	// baselineBuckets of baselineBucket are the window in which the least delay is looked for. Eight seconds hold 400
	// packets, of which the luckiest is late by a 400th of the jitter; clocks that differ by 200 ppm part by 1.6 ms.
	baselineBuckets = 4
	baselineBucket  = 2 * time.Second
)

// baseline is the least transit time of a source's packets: arrival less RTP time, on a scale of its own. Jitter only
// ever adds to it, so that the difference of two sources' baselines tells their clocks apart. It allocates nothing.
type baseline struct {
	bucket [baselineBuckets]time.Duration
	filled int // how many buckets hold something
	newest int
	ends   time.Duration // when the newest bucket is full
	least  time.Duration
}

// add takes the transit time of a packet that arrived at the given time of the session.
func (b *baseline) add(arrival, transit time.Duration) {
	switch {
	case b.filled == 0:
		b.filled, b.ends = 1, arrival+baselineBucket
		b.bucket[b.newest] = transit
	case arrival >= b.ends:
		b.turn(arrival)
		b.bucket[b.newest] = transit
	default:
		b.bucket[b.newest] = min(b.bucket[b.newest], transit)
		b.least = min(b.least, transit)
		return
	}
	b.settle()
}

// turn begins a new bucket. After a long silence the old ones say nothing any more.
func (b *baseline) turn(arrival time.Duration) {
	b.newest = (b.newest + 1) % baselineBuckets
	b.filled = min(b.filled+1, baselineBuckets)
	if arrival >= b.ends+baselineBuckets*baselineBucket {
		b.filled = 1
	}
	b.ends = arrival + baselineBucket
}

func (b *baseline) settle() {
	b.least = b.bucket[b.newest]
	for i := 1; i < b.filled; i++ {
		b.least = min(b.least, b.bucket[(b.newest-i+baselineBuckets)%baselineBuckets])
	}
}
