package load

import "time"

const (
	step   = 10 * time.Microsecond
	widest = 5 * time.Second
)

// Delays is a distribution of durations, exact to 10 µs up to 5 s.
type Delays struct {
	counts []uint32
	total  uint64
	max    time.Duration
}

// Add adds one.
func (d *Delays) Add(v time.Duration) {
	if d.counts == nil {
		d.counts = make([]uint32, widest/step+1)
	}
	d.max = max(d.max, v)
	d.counts[min(max(v, 0), widest)/step]++
	d.total++
}

// merge adds all of another distribution.
func (d *Delays) merge(more *Delays) {
	if d.counts == nil && more.counts != nil {
		d.counts = make([]uint32, len(more.counts))
	}
	for i, n := range more.counts {
		d.counts[i] += n
	}
	d.max, d.total = max(d.max, more.max), d.total+more.total
}

// Count is how many were added.
func (d *Delays) Count() uint64 { return d.total }

// Max is the largest.
func (d *Delays) Max() time.Duration { return d.max }

// At is the q-quantile, 0 to 1; 0 when nothing was added.
func (d *Delays) At(q float64) time.Duration {
	rank, seen := uint64(q*float64(d.total)), uint64(0)
	for i, n := range d.counts {
		if seen += uint64(n); seen > rank {
			return time.Duration(i) * step
		}
	}
	return d.max
}

// bits is a set of small numbers that grows.
type bits []uint64

// set adds i and tells whether it was in already.
func (b *bits) set(i uint32) bool {
	for int(i/64) >= len(*b) {
		*b = append(*b, 0)
	}
	was := b.has(i)
	(*b)[i/64] |= 1 << (i % 64)
	return was
}

func (b bits) has(i uint32) bool {
	return int(i/64) < len(b) && b[i/64]>>(i%64)&1 == 1
}
