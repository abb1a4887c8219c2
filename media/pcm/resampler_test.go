package pcm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// streamRates are the pairs that codecs and recordings need.
var streamRates = []rates{{8000, 16000}, {16000, 8000}, {8000, 48000}, {48000, 8000}, {16000, 48000}, {48000, 16000}, {44100, 8000}, {8000, 44100}, {44100, 16000}, {16000, 44100}}

// stream sends samples through a Resampler in pieces of 10 ms.
func stream(t *testing.T, r *Resampler, samples []int16, piece int) (out []int16) {
	t.Helper()
	for len(samples) > 0 {
		n := min(piece, len(samples))
		dst := make([]int16, r.Room(n))
		out = append(out, dst[:r.Write(dst, samples[:n])]...)
		samples = samples[n:]
	}
	dst := make([]int16, r.Room(0))
	return append(out, dst[:r.Flush(dst)]...)
}

// fit returns the level of a sine of hz in samples, its delay in periods, and the level of what else is there, in dB
// over the sine that sine makes.
func fit(samples []int16, hz float64, rateHz int) (gainDB, delay, restDB float64) {
	var re, im, rest float64
	from := len(samples) / 4
	samples = samples[from : from+len(samples)/2/rateHz*rateHz+rateHz/2]
	angle := func(i int) float64 { return 2 * math.Pi * hz * float64(i+from) / float64(rateHz) }
	for i, s := range samples {
		sin, cos := math.Sincos(angle(i))
		re += float64(s) * sin * 2 / float64(len(samples))
		im += float64(s) * cos * 2 / float64(len(samples))
	}
	for i, s := range samples {
		sin, cos := math.Sincos(angle(i))
		rest += math.Pow(float64(s)-re*sin-im*cos, 2)
	}
	power := fullScale * fullScale / 8.0
	return 10 * math.Log10((re*re+im*im)/2/power), math.Atan2(im, re) / 2 / math.Pi, 10 * math.Log10(rest/float64(len(samples))/power)
}

func TestAStreamPassesItsBandWithoutRippleOrDelay(t *testing.T) {
	for _, pair := range streamRates {
		r, err := NewResampler(pair.from, pair.to)
		if err != nil {
			t.Fatal(err)
		}
		edge := float64(min(pair.from, pair.to)) / 2
		for _, share := range []float64{0.025, 0.1, 0.3, 0.5, 0.7, 0.85} {
			hz := math.Round(share * edge)
			gainDB, delay, restDB := fit(stream(t, r, sine(hz, pair.from), pair.from/100), hz, pair.to)
			if math.Abs(gainDB) > 0.05 || math.Abs(delay) > 0.001 || restDB > -70 {
				t.Errorf("%v Hz from %d to %d: gain %.3f dB, delay %.4f periods, rest %.1f dB", hz, pair.from, pair.to, gainDB, delay, restDB)
			}
		}
	}
}

func TestAStreamRejectsWhatWouldFoldIntoItsBand(t *testing.T) {
	for _, pair := range streamRates {
		if pair.to > pair.from {
			continue
		}
		r, _ := NewResampler(pair.from, pair.to)
		for share := 1.16; share*float64(pair.to) < float64(pair.from); share += 0.21 {
			hz := math.Round(share * float64(pair.to) / 2)
			if levelDB := Level(stream(t, r, sine(hz, pair.from), pair.from/50)[2000:6000]); levelDB > -75 {
				t.Errorf("%v Hz from %d to %d: left at %.1f dB", hz, pair.from, pair.to, levelDB)
			}
		}
	}
}

func TestAStreamIsTheSameHoweverItIsCut(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, pair := range streamRates {
		r, _ := NewResampler(pair.from, pair.to)
		samples := make([]int16, pair.from/5)
		for i := range samples {
			samples[i] = int16(random.IntN(20000) - 10000)
		}
		whole, pieces := stream(t, r, samples, len(samples)), stream(t, r, samples, 1+random.IntN(300))
		if want := len(samples) * pair.to / pair.from; len(whole) < want || len(whole) > want+1 {
			t.Errorf("%d to %d: %d samples became %d, want %d", pair.from, pair.to, len(samples), len(whole), want)
		}
		for i := range whole {
			if i >= len(pieces) || whole[i] != pieces[i] {
				t.Errorf("%d to %d: differs from sample %d on", pair.from, pair.to, i)
				break
			}
		}
	}
}

func TestAStreamAllocatesNothing(t *testing.T) {
	r, _ := NewResampler(16000, 8000)
	in, out := make([]int16, 320), make([]int16, 1000)
	r.Write(out, in)
	if n := testing.AllocsPerRun(100, func() { r.Write(out, in); r.Flush(out); r.Write(out, in) }); n != 0 {
		t.Errorf("%v allocations a piece", n)
	}
}

func BenchmarkResampler(b *testing.B) {
	for _, pair := range streamRates {
		r, _ := NewResampler(pair.from, pair.to)
		in, out := make([]int16, pair.from/50), make([]int16, 4000)
		b.Run(fmt.Sprintf("%d-%d", pair.from, pair.to), func(b *testing.B) {
			for b.Loop() {
				r.Write(out, in)
			}
		})
	}
}
