package pcm

import (
	"fmt"
	"math"
	"slices"
)

// Rates lists the sample rates that can be turned into each other.
var Rates = []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}

// Resample returns samples, taken at fromHz, at toHz, and of the same duration. Frequencies that the lower rate can't
// hold are removed. It borrows samples; the caller owns the result, which at equal rates is samples itself.
func Resample(samples []int16, fromHz, toHz int) ([]int16, error) {
	if fromHz == toHz {
		return samples, nil
	}
	f, err := newPolyphase(fromHz, toHz, 1)
	if err != nil {
		return nil, err
	}
	return f.apply(samples), nil
}

// The filter passes the voice whole, of 8 kHz up to 3400 Hz, and is down by 80 dB from where the lower rate would fold
// it back into that band.
const (
	pass       = 0.85  // of half the lower rate
	kaiserBeta = 7.857 // 0.1102 (A - 8.7) for A = 80 dB
	stopDB     = 80
)

// polyphase is a low-pass filter cut into one set of taps for each position that an output sample can have between two
// input samples.
type polyphase struct {
	up, down int         // output over input rate, in lowest terms
	half     int         // taps on each side of the output's position, in input samples
	taps     [][]float64 // by phase, 2*half each
}

// newPolyphase designs a filter that stops at stop times half the lower rate. At 1 nothing folds back at all; at
// 2 - pass what folds back stays above the pass band, with half the taps.
func newPolyphase(fromHz, toHz int, stop float64) (*polyphase, error) {
	for _, rate := range [...]int{fromHz, toHz} {
		if !slices.Contains(Rates, rate) {
			return nil, fmt.Errorf("sample rate %d Hz; want one of %v", rate, Rates)
		}
	}
	return designPolyphase(fromHz, toHz, stop), nil
}

func designPolyphase(fromHz, toHz int, stop float64) *polyphase {
	divisor, edge := gcd(fromHz, toHz), float64(min(fromHz, toHz))/2
	transition := 2 * math.Pi * (stop - pass) * edge / float64(fromHz)
	f := &polyphase{
		up: toHz / divisor, down: fromHz / divisor,
		half: int(math.Ceil((stopDB-8)/(2.285*transition)/2)) + 1,
	}
	f.taps = make([][]float64, f.up)
	cutoff := (pass + stop) * edge / float64(fromHz) // twice the middle of the transition
	for phase := range f.taps {
		f.taps[phase] = f.design(float64(phase)/float64(f.up), cutoff)
	}
	return f
}

// design returns the taps for an output that lies offset behind its input sample, with a gain of exactly 1 at 0 Hz.
func (f *polyphase) design(offset, cutoff float64) []float64 {
	taps := make([]float64, 2*f.half)
	sum := 0.0
	for i := range taps {
		x := float64(i-f.half+1) - offset
		taps[i] = cutoff * sinc(cutoff*x) * kaiser(x/float64(f.half))
		sum += taps[i]
	}
	for i := range taps {
		taps[i] /= sum
	}
	return taps
}

func (f *polyphase) apply(samples []int16) []int16 {
	length := (len(samples)*f.up + f.down - 1) / f.down
	out := make([]int16, length)
	for i := range out {
		at := i * f.down
		out[i] = f.at(samples, at/f.up-f.half+1, f.taps[at%f.up])
	}
	return out
}

// at weighs the samples from first on; before and after the signal there is silence.
func (f *polyphase) at(samples []int16, first int, taps []float64) int16 {
	if first < 0 {
		taps, first = taps[min(-first, len(taps)):], 0
	}
	sum := 0.0
	for i, s := range samples[min(first, len(samples)):min(first+len(taps), len(samples))] {
		sum += taps[i] * float64(s)
	}
	return clip16(sum)
}

func clip16(x float64) int16 {
	return int16(math.Round(min(max(x, math.MinInt16), math.MaxInt16)))
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window over -1 to 1.
func kaiser(x float64) float64 {
	if x <= -1 || x >= 1 {
		return 0
	}
	return bessel(kaiserBeta*math.Sqrt(1-x*x)) / bessel(kaiserBeta)
}

// bessel is the modified Bessel function of the first kind and order zero, by its power series.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-12; k++ {
		term *= x / (2 * k) * x / (2 * k)
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
