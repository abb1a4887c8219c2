package pcm

import "math"

// maxModel is the order of the noise model that is used; the rest of a longer one is left out.
const maxModel = 10

// silent is the level of no noise at all.
const silent = 127

// Noise makes comfort noise of the level and the colour that an RFC 3389 payload describes. The zero value is silent.
// It allocates nothing, and belongs to one goroutine.
type Noise struct {
	level       byte    // in -dBov
	peak        float64 // of the white noise that drives the filter
	reflections [maxModel]float64
	order       int
	state       [maxModel + 1]float64
	seed        uint32
}

// Describe takes a payload: the level in -dBov, and the reflection coefficients of an all-pole model (RFC 3389
// section 3). An empty one is silence.
func (n *Noise) Describe(payload []byte) {
	n.peak, n.order, n.level = 0, 0, silent
	if len(payload) == 0 {
		return
	}
	n.order = min(len(payload)-1, maxModel)
	gain := 1.0
	for i := range n.order {
		k := (float64(payload[1+i]) - 127) / 128
		k = min(max(k, -0.98), 0.98) // beyond, the filter rings
		n.reflections[i] = k
		gain *= 1 - k*k
	}
	n.level = payload[0] & 0x7F
	levelDB := -float64(n.level)
	const sineRMS = fullScale / math.Sqrt2
	n.peak = sineRMS * Gain(levelDB) * math.Sqrt(gain) * math.Sqrt(3) // white noise has a peak of √3 times its RMS
}

// Level returns the level as a payload describes it, in -dBov; 127 is silence.
func (n *Noise) Level() byte { return n.level }

// Fill overwrites samples with noise.
func (n *Noise) Fill(samples []int16) {
	for i := range samples {
		n.seed = n.seed*1664525 + 1013904223
		x := n.peak * (float64(int32(n.seed)) / (1 << 31))
		for k := n.order - 1; k >= 0; k-- { // the lattice of the model
			x -= n.reflections[k] * n.state[k]
			n.state[k+1] = n.state[k] + n.reflections[k]*x
		}
		n.state[0] = x
		samples[i] = clip16(x)
	}
}

// NoiseLevel returns the payload byte of RFC 3389 for samples: their level in -dBov.
func NoiseLevel(samples []int16) byte {
	return byte(min(max(-Level(samples), 0), 127))
}
