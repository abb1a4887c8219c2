package recorder

import "sync"

const (
	// channels is the number of parties: 0 external, 1 internal.
	channels = 2
	// frameBytes is one sample of both channels, 16 bits each.
	frameBytes = 2 * channels
	// chunkFrames is 100 ms at 8 kHz: small, so that what is not yet full wastes little.
	chunkFrames = DefaultRateHz / 10
	chunkBytes  = chunkFrames * frameBytes
	// reserveChunks is the most that is kept ready, so that the media driver finds
	// one without allocating: what 1000 recordings take and give back in a third
	// of a second, 13 MB.
	reserveChunks = 4096
)

// chunk holds 800 frames of both channels, interleaved, as layout.pack takes them.
type chunk [chunkBytes]byte

// pool hands out zeroed chunks, up to a bound shared by all recordings.
type pool struct {
	limit int // set once

	mu   sync.Mutex
	free []*chunk
	used int
}

// newPool returns a pool of at most limit bytes.
func newPool(limit int) *pool {
	return &pool{limit: max(1, limit/chunkBytes), free: make([]*chunk, 0, reserveChunks)}
}

// get returns a zeroed chunk, or nil if the bound is reached.
func (p *pool) get() *chunk {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used >= p.limit {
		return nil
	}
	p.used++
	if n := len(p.free); n > 0 {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		return c
	}
	return new(chunk)
}

// put takes a chunk back. It wipes it, so that no audio outlives its recording.
func (p *pool) put(c *chunk) {
	clear(c[:])
	p.mu.Lock()
	p.used--
	if len(p.free) < cap(p.free) {
		p.free = append(p.free, c)
	}
	p.mu.Unlock()
}

// prepare makes sure that want chunks are ready, as far as the bound allows.
func (p *pool) prepare(want int) {
	p.mu.Lock()
	missing := min(want, cap(p.free), p.limit-p.used) - len(p.free)
	p.mu.Unlock()
	for ; missing > 0; missing-- {
		c := new(chunk)
		p.mu.Lock()
		if len(p.free) < cap(p.free) {
			p.free = append(p.free, c)
		}
		p.mu.Unlock()
	}
}

// bytes returns the memory that recordings hold.
func (p *pool) bytes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used * chunkBytes
}

// ring holds the chunks of one recording by position; an absent one is silence.
type ring struct {
	pool  *pool
	limit int64    // of chunks
	first int64    // index of the oldest chunk it may hold
	slots []*chunk // as many as were needed at once so far
}

// fewSlots are what a recording needs while the disk keeps up.
const fewSlots = 8

// maxPending is the audio that one recording may hold while the disk stalls, in seconds.
const maxPending = 30

// newRing returns an empty ring for audio of a rate.
func newRing(p *pool, rateHz int) ring {
	return ring{pool: p, limit: int64(maxPending*rateHz/chunkFrames + 4), slots: make([]*chunk, fewSlots)}
}

// size is how many chunks the ring has slots for.
func (r *ring) size() int64 { return int64(len(r.slots)) }

// at returns the chunk of position pos, nil if it is silence.
func (r *ring) at(pos int64) *chunk {
	i := pos / chunkFrames
	if i < r.first || i >= r.first+r.size() {
		return nil
	}
	return r.slots[i%r.size()]
}

// ensure returns the chunk of position pos, made if need be; nil if there is no room.
func (r *ring) ensure(pos int64) *chunk {
	i := pos / chunkFrames
	if i < r.first || i >= r.first+r.limit {
		return nil
	}
	if i >= r.first+r.size() {
		r.grow(i + 1 - r.first)
	}
	slot := &r.slots[i%r.size()]
	if *slot == nil {
		*slot = r.pool.get()
	}
	return *slot
}

// grow makes slots for want chunks at least.
func (r *ring) grow(want int64) {
	slots := make([]*chunk, min(max(want, 2*r.size()), r.limit))
	for i := r.first; i < r.first+r.size(); i++ {
		slots[i%int64(len(slots))] = r.slots[i%r.size()]
	}
	r.slots = slots
}

// release gives back every chunk that ends at or before pos.
func (r *ring) release(pos int64) {
	end := pos / chunkFrames
	for i := r.first; i < min(end, r.first+r.size()); i++ {
		if slot := &r.slots[i%r.size()]; *slot != nil {
			r.pool.put(*slot)
			*slot = nil
		}
	}
	r.first = max(r.first, end)
}

// drop gives back everything.
func (r *ring) drop() { r.release((r.first + r.size()) * chunkFrames) }
