package phone

import "math"

// Voice gives the samples of the n-th 20 ms frame that a phone says: up to 160
// at 8 kHz.
type Voice func(n int64) []int16

// Tone says a sine of hz at gainDB below full scale.
func Tone(hz, gainDB float64) Voice {
	amplitude := 32767 * math.Pow(10, gainDB/20)
	return func(n int64) []int16 {
		samples := make([]int16, frameSamples)
		for i := range samples {
			t := float64(n*frameSamples+int64(i)) / 8000
			samples[i] = int16(amplitude * math.Sin(2*math.Pi*hz*t))
		}
		return samples
	}
}

// Speech says samples (8 kHz) over and over, with a pause of half a second.
func Speech(samples []int16) Voice {
	const pause = 4000
	frames := int64(len(samples)+pause)/frameSamples + 1
	return func(n int64) []int16 {
		from := (n % frames) * frameSamples
		if from >= int64(len(samples)) {
			return nil
		}
		return samples[from:min(from+frameSamples, int64(len(samples)))]
	}
}

// Mix says both at once.
func Mix(a, b Voice) Voice {
	return func(n int64) []int16 {
		sum := make([]int16, frameSamples)
		copy(sum, a(n))
		for i, s := range b(n) {
			sum[i] = int16(max(-32768, min(32767, int(sum[i])+int(s))))
		}
		return sum
	}
}

// Level measures how much of hz is in samples (8 kHz), in dB below a full-scale
// sine, by the Goertzel algorithm over blocks of a tenth of a second; it returns
// that of the loudest block.
func Level(samples []int16, hz float64) float64 {
	const block = 800
	loudest := math.Inf(-1)
	for ; len(samples) >= block; samples = samples[block:] {
		loudest = max(loudest, goertzel(samples[:block], hz))
	}
	return loudest
}

func goertzel(samples []int16, hz float64) float64 {
	k := 2 * math.Cos(2*math.Pi*hz/8000)
	var s1, s2 float64
	for i, s := range samples {
		window := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(len(samples)))
		s1, s2 = window*float64(s)/32768+k*s1-s2, s1
	}
	power := s1*s1 + s2*s2 - k*s1*s2
	amplitude := 4 * math.Sqrt(max(power, 1e-20)) / float64(len(samples))
	return 20 * math.Log10(amplitude)
}
