package pcm

import (
	"math"
	"time"
)

// RateHz is the sample rate of everything in the product but the files it reads.
const RateHz = 8000

// fullScale is the peak of the loudest sine.
const fullScale = 32767

// silenceDB is the level that stands for no signal at all; 16 bits go down to about -98 dB.
const silenceDB = -120.0

// Samples returns how many samples a duration has at RateHz.
func Samples(d time.Duration) int {
	return int(d * RateHz / time.Second)
}

// Duration returns how long n samples last at RateHz.
func Duration(n int) time.Duration {
	return time.Duration(n) * time.Second / RateHz
}

// RMS returns the root of the mean square of samples, 0 for none. It borrows them.
func RMS(samples []int16) float64 {
	if len(samples) == 0 {
		return 0
	}
	return math.Sqrt(float64(energy(samples)) / float64(len(samples)))
}

// Level returns the level of samples in dBFS: 0 for a sine of full scale, at least -120. It borrows them.
func Level(samples []int16) float64 {
	const sineRMS = fullScale / math.Sqrt2
	return max(20*math.Log10(RMS(samples)/sineRMS), silenceDB)
}

// energy returns the sum of squares.
func energy(samples []int16) (sum int64) {
	for _, s := range samples {
		sum += int64(s) * int64(s)
	}
	return sum
}

// Gain returns the factor of a level change in dB.
func Gain(gainDB float64) float64 {
	return math.Pow(10, gainDB/20)
}
