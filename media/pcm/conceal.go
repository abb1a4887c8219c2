package pcm

import (
	"math"
	"time"
)

// How lost audio is concealed: the last period of the voice goes on, whole for concealWhole, and fades until
// concealOver. Longer, it would sound like a machine.
const (
	concealWhole = 10 * time.Millisecond
	concealOver  = 60 * time.Millisecond
	concealJoin  = 4 * time.Millisecond
)

// The periods of voices, 80 to 400 Hz, between which one is looked for.
const (
	shortestPeriod = 2500 * time.Microsecond
	longestPeriod  = 12500 * time.Microsecond
)

// Concealer makes up for audio that was lost, out of what was heard before it. It belongs to one goroutine, and
// allocates nothing once made.
type Concealer struct {
	// set once
	whole, over, join int // in samples
	shortest, longest int

	// owned by the caller's goroutine
	past   []int16 // the last samples heard, oldest first: two of the longest periods
	period int     // that goes on; 0 while nothing is concealed
	spent  int     // samples concealed since the last heard one
}

// NewConcealer returns a Concealer of a stream at rateHz.
func NewConcealer(rateHz int) *Concealer {
	n := func(d time.Duration) int { return int(d * time.Duration(rateHz) / time.Second) }
	c := &Concealer{whole: n(concealWhole), over: n(concealOver), join: n(concealJoin), shortest: n(shortestPeriod), longest: n(longestPeriod)}
	c.past = make([]int16, 2*c.longest)
	return c
}

// Active tells whether the last samples were made up.
func (c *Concealer) Active() bool { return c.period > 0 }

// Faded tells whether nothing is left of what was heard last.
func (c *Concealer) Faded() bool { return c.spent >= c.over }

// Conceal fills samples with what might have been in place of lost ones.
func (c *Concealer) Conceal(samples []int16) {
	if c.period == 0 {
		c.period, c.spent = Period(c.past, c.shortest, c.longest), 0
	}
	for i := range samples {
		samples[i] = c.next()
	}
}

// next returns the next made-up sample.
func (c *Concealer) next() int16 {
	gain := 1.0
	if c.spent > c.whole {
		gain = max(0, 1-float64(c.spent-c.whole)/float64(c.over-c.whole))
	}
	s := c.past[len(c.past)-c.period+c.spent%c.period]
	c.spent++
	return int16(float64(s) * gain)
}

// Hear takes samples that were heard. Where they follow concealed ones, it fades from these into them, in place.
func (c *Concealer) Hear(samples []int16) {
	if c.period > 0 && len(samples) > 0 {
		n := min(c.join, len(samples))
		for i := range n {
			weight := float64(i+1) / float64(n+1)
			samples[i] = int16(float64(samples[i])*weight + float64(c.next())*(1-weight))
		}
		c.period, c.spent = 0, 0
	}
	if n := len(samples); n < len(c.past) {
		copy(c.past, c.past[n:])
	}
	copy(c.past[max(0, len(c.past)-len(samples)):], samples[max(0, len(samples)-len(c.past)):])
}

// Period returns the lag between shortest and longest at which the end of samples repeats best what came before it.
// samples has at least twice longest.
func Period(samples []int16, shortest, longest int) int {
	best, at := math.Inf(-1), longest
	end := samples[len(samples)-longest:]
	for lag := shortest; lag <= longest; lag++ {
		before := samples[len(samples)-longest-lag:]
		if r := likeness(end, before[:longest]); r > best {
			best, at = r, lag
		}
	}
	return at
}

// likeness returns the normalised correlation of two pieces of equal length, every second sample of them.
func likeness(a, b []int16) float64 {
	var both, energyA, energyB float64
	for i := 0; i < len(a); i += 2 {
		x, y := float64(a[i]), float64(b[i])
		both += x * y
		energyA += x * x
		energyB += y * y
	}
	return both / math.Sqrt(energyA*energyB+1)
}
