package media

import (
	"math/bits"
	"time"
)

// gmin is how many packets in a row must arrive for losses around them not to be one burst (RFC 3611 section 4.7.2).
const gmin = 16

// bursts follows the pattern of a source's losses, by the four states of RFC 3611 appendix A.2: lost or received, inside
// a burst or in a gap. A packet is judged when it falls out of the window in which it could still come. It allocates
// nothing.
type bursts struct {
	since uint64 // packets received since the last loss
	run   bool   // the last packet was lost
	runs  uint64 // of losses one after the other
	lost  uint64

	// transitions, by the standard's numbers: 1 received in a gap, 2 received in a burst, 3 lost in a burst, 4 lost in a gap
	inBurst                      uint64 // losses of the burst under way; 1 is a lone loss in a gap
	c11, c13, c14, c22, c23, c33 uint64
}

// pass judges n packets of which the bits of seen, the oldest first, tell whether they came; n is at most 64.
func (b *bursts) pass(seen uint64, n int) {
	for n > 0 {
		received := min(bits.LeadingZeros64(^seen), n)
		if received > 0 {
			b.since += uint64(received)
			b.run = false
		}
		seen, n = seen<<received, n-received
		if n > 0 {
			b.lose()
			seen, n = seen<<1, n-1
		}
	}
}

// lose takes one lost packet.
func (b *bursts) lose() {
	b.lost++
	if !b.run {
		b.run = true
		b.runs++
	}
	switch {
	case b.since >= gmin || b.lost == 1:
		if b.inBurst == 1 {
			b.c14++
		} else if b.inBurst > 1 {
			b.c13++
		}
		b.inBurst = 1
		b.c11 += b.since
	case b.since == 0:
		b.inBurst++
		b.c33++
	default:
		b.inBurst++
		b.c23++
		b.c22 += b.since - 1
	}
	b.since = 0
}

// loseAll takes n lost packets, one after the other.
func (b *bursts) loseAll(n uint64) {
	b.lose()
	b.lost += n - 1
	b.inBurst += n - 1
	b.c33 += n - 1
}

// ratio returns how much longer the runs of losses are than those of random loss (G.107's BurstR); 1 is random.
func (b *bursts) ratio(loss float64) float64 {
	if b.runs == 0 {
		return 1
	}
	return max(float64(b.lost)/float64(b.runs)*(1-loss), 1)
}

// pattern is what RFC 3611 section 4.7.2 reports: densities in 256ths, and mean lengths.
type pattern struct {
	burstDensity, gapDensity uint8
	burst, gap               time.Duration
}

// pattern sums up; frame is the length of a packet.
func (b *bursts) pattern(frame time.Duration) (p pattern) {
	c11, c13, c14 := b.c11+b.since, b.c13, b.c14
	if b.inBurst == 1 {
		c14++
	} else if b.inBurst > 1 {
		c13++
	}
	if c11+c14 > 0 {
		p.gapDensity = uint8(min(256*c14/(c11+c14), 255))
	}
	if c13 == 0 { // no burst: it is all one gap
		p.gap = time.Duration(c11+c14) * frame
		return p
	}
	losses, received := b.c33+b.c23+c13, b.c22+b.c23
	p.burstDensity = uint8(min(256*losses/(losses+received), 255))
	p.burst = time.Duration((losses+received)/c13) * frame
	p.gap = time.Duration((c11+c14)/c13) * frame
	return p
}
