package pcm

import (
	"fmt"
	"math"
	"time"
)

// ramp is how long a tone takes to rise and to fall, so that it doesn't click.
const ramp = 4 * time.Millisecond

// Tone returns a sine of hz at RateHz, its level gainDB in dBFS (0 is full scale; more is clipped to that), with short
// ramps at both ends. The caller owns it. A length of zero or less gives none.
func Tone(hz float64, length time.Duration, gainDB float64) []int16 {
	tone := make([]int16, max(Samples(length), 0))
	addSine(tone, hz, min(Gain(gainDB), 1)*fullScale)
	shape(tone)
	return tone
}

// dtmfLow and dtmfHigh are the frequencies of a key's row and column, and dtmfKeys the keys by row (ITU-T Q.23).
var (
	dtmfLow  = [4]float64{697, 770, 852, 941}
	dtmfHigh = [4]float64{1209, 1336, 1477, 1633}
	dtmfKeys = [4][4]byte{{'1', '2', '3', 'A'}, {'4', '5', '6', 'B'}, {'7', '8', '9', 'C'}, {'*', '0', '#', 'D'}}
)

// DTMF returns the two tones of a key (0-9, *, #, A-D) at RateHz, each at gainDB in dBFS, at most -6 each so that their
// sum fits. The caller owns it.
func DTMF(key byte, length time.Duration, gainDB float64) ([]int16, error) {
	for row, columns := range dtmfKeys {
		for column, k := range columns {
			if k != key {
				continue
			}
			tones := make([]int16, max(Samples(length), 0))
			peak := min(Gain(gainDB), 0.5) * fullScale
			addSine(tones, dtmfLow[row], peak)
			addSine(tones, dtmfHigh[column], peak)
			shape(tones)
			return tones, nil
		}
	}
	return nil, fmt.Errorf("DTMF key %q: want 0-9, *, # or A-D", key)
}

// addSine adds a sine to samples; their sum must not exceed full scale.
func addSine(samples []int16, hz, peak float64) {
	step := 2 * math.Pi * hz / RateHz
	for i := range samples {
		samples[i] += int16(math.Round(peak * math.Sin(step*float64(i))))
	}
}

// shape fades the first and the last samples in and out.
func shape(samples []int16) {
	n := min(Samples(ramp), len(samples)/2)
	for i := range n {
		factor := float64(i) / float64(n)
		samples[i] = int16(float64(samples[i]) * factor)
		last := len(samples) - 1 - i
		samples[last] = int16(float64(samples[last]) * factor)
	}
}
