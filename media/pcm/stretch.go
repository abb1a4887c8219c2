package pcm

import "time"

// stretchNeeds is the shortest piece out of which a period is taken: the usual packet.
const stretchNeeds = 20 * time.Millisecond

// Stretcher makes a stream shorter or longer by one period of the voice at a time, by fading one period into its
// neighbour: the pitch stays, and nothing clicks. It keeps no state but sizes.
type Stretcher struct{ shortest, longest, needs int }

// NewStretcher returns a Stretcher of a stream at rateHz.
func NewStretcher(rateHz int) Stretcher {
	n := func(d time.Duration) int { return int(d * time.Duration(rateHz) / time.Second) }
	return Stretcher{n(shortestPeriod), n(longestPeriod), n(stretchNeeds)}
}

// Needs is how many samples Shorten and Lengthen want.
func (s Stretcher) Needs() int { return s.needs }

// Shorten takes one period out of the beginning of samples, in place, and returns what is left; samples itself if they
// are fewer than Needs.
func (s Stretcher) Shorten(samples []int16) []int16 {
	if len(samples) < s.Needs() {
		return samples
	}
	lag := s.lag(samples)
	fade(samples[:lag], samples[:lag], samples[lag:2*lag])
	return append(samples[:lag], samples[2*lag:]...)
}

// Lengthen puts one period more into the beginning of samples, which have room for it, and returns them; samples itself
// if they are fewer than Needs.
func (s Stretcher) Lengthen(samples []int16) []int16 {
	if len(samples) < s.Needs() {
		return samples
	}
	lag := s.lag(samples)
	n := len(samples)
	samples = append(samples, samples[n-lag:n]...)
	copy(samples[2*lag:], samples[lag:n]) // a b c… becomes a b b c…, and the first b leads from b back to a's end
	fade(samples[lag:2*lag], samples[2*lag:3*lag], samples[:lag])
	return samples
}

// lag returns the period of the beginning of samples: one that fits into them twice.
func (s Stretcher) lag(samples []int16) int {
	longest := min(s.longest, len(samples)/2)
	return Period(samples[:2*longest], s.shortest, longest)
}

// fade writes what leads from the beginning of from to the end of to. All have one length; dst may be either.
func fade(dst, from, to []int16) {
	n := len(dst)
	for i := range dst {
		weight := float64(i) / float64(n)
		dst[i] = int16(float64(from[i])*(1-weight) + float64(to[i])*weight)
	}
}
