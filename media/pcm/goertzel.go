package pcm

import "math"

// Goertzel measures one frequency in a block of samples. It has no state; any goroutine may share it.
type Goertzel struct {
	coefficient, sin, cos float64
}

// NewGoertzel returns a Goertzel for hz in samples at rateHz. Its resolution is rateHz over the block's length.
func NewGoertzel(hz, rateHz float64) Goertzel {
	angle := 2 * math.Pi * hz / rateHz
	sin, cos := math.Sincos(angle)
	return Goertzel{coefficient: 2 * cos, sin: sin, cos: cos}
}

// Power returns the power at the frequency, relative to a sine of full scale: 1 for that, 0.25 for one 6 dB lower. It
// borrows samples.
func (g *Goertzel) Power(samples []int16) float64 {
	if len(samples) == 0 {
		return 0
	}
	re, im := g.correlate(samples)
	amplitude := float64(len(samples)) * fullScale / 2
	return (re*re + im*im) / (amplitude * amplitude)
}

// Level returns the level at the frequency in dBFS, at least -120. It borrows samples.
func (g *Goertzel) Level(samples []int16) float64 {
	return max(10*math.Log10(g.Power(samples)), silenceDB)
}

// correlate returns the block's correlation with the frequency; its phase is that of the last sample.
func (g *Goertzel) correlate(samples []int16) (re, im float64) {
	var s1, s2 float64
	for _, sample := range samples {
		s1, s2 = float64(sample)+g.coefficient*s1-s2, s1
	}
	return g.result(s1, s2)
}

// result turns the filter's last two values into the correlation.
func (g *Goertzel) result(s1, s2 float64) (re, im float64) {
	return s1 - g.cos*s2, g.sin * s2
}
