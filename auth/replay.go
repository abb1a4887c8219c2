package auth

// maxUsed bounds the nonces whose counts are remembered: those of 65,536 peers within nonceLife.
const maxUsed = 1 << 16

// window is how far a nonce count may lag behind the highest: datagrams overtake each other.
const window = 64

// used remembers the counts that came with each nonce (RFC 7616 section 3.4). Only right proofs enter it.
type used struct {
	counts map[uint64]*seen
	order  []stamp // as they were entered, oldest first, in a ring
	next   int
	floor  int64 // nonces that expire by then and are not in counts may have been forgotten
}

// seen are the counts of one nonce: the highest, and a bit for each of the window below it.
type seen struct {
	high uint32
	bits uint64
}

func newUsed() *used { return &used{counts: make(map[uint64]*seen)} }

// take enters a count; false: it came before, or that can't be ruled out.
func (u *used) take(s stamp, count uint32) bool {
	c := u.counts[s.id]
	if c == nil {
		if s.expires <= u.floor {
			return false
		}
		c = &seen{}
		u.enter(s, c)
	}
	return c.take(count)
}

// enter makes room by forgetting the oldest nonce.
func (u *used) enter(s stamp, c *seen) {
	if len(u.order) < maxUsed {
		u.order = append(u.order, s)
	} else {
		old := u.order[u.next]
		delete(u.counts, old.id)
		u.floor = max(u.floor, old.expires)
		u.order[u.next] = s
		u.next = (u.next + 1) % maxUsed
	}
	u.counts[s.id] = c
}

func (c *seen) take(count uint32) bool {
	switch {
	case count == 0:
		return false
	case count > c.high:
		if shift := count - c.high; shift < window {
			c.bits = c.bits<<shift | 1
		} else {
			c.bits = 1
		}
		c.high = count
		return true
	case c.high-count >= window:
		return false
	}
	bit := uint64(1) << (c.high - count)
	if c.bits&bit != 0 {
		return false
	}
	c.bits |= bit
	return true
}
