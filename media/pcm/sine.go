package pcm

import (
	"math"
	"time"
)

// Sine is a tone of one frequency, length and level at any rate, whose samples can be asked for in any order. The zero
// value is silence without length.
type Sine struct {
	Hz     float64
	Length time.Duration
	GainDB float64 // in dBFS; more than 0 counts as 0
}

// Samples returns the tone's length at a rate.
func (s Sine) Samples(rateHz int) int64 { return int64(s.Length) * int64(rateHz) / int64(time.Second) }

// Add adds the part of the tone that begins at its sample from, which may lie outside of it, to samples at rateHz; their
// sum is clipped. The tone rises and falls within a few milliseconds. It allocates nothing.
func (s Sine) Add(samples []int16, from int64, rateHz int) {
	length := s.Samples(rateHz)
	ends := float64(min(int64(ramp)*int64(rateHz)/int64(time.Second), length/2))
	peak, step := min(Gain(s.GainDB), 1)*fullScale, 2*math.Pi*s.Hz/float64(rateHz)
	for i := max(-from, 0); i < int64(len(samples)) && from+i < length; i++ {
		n := float64(from + i)
		shape := 1.0
		if ends > 0 {
			shape = min(n/ends, (float64(length-1)-n)/ends, 1)
		}
		sum := float64(samples[i]) + math.Round(peak*shape*math.Sin(step*n))
		samples[i] = int16(min(max(sum, math.MinInt16), math.MaxInt16))
	}
}
