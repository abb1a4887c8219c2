package pcm

import (
	"math"
	"testing"
	"time"
)

func TestASineIsTheSameInPiecesInAnyOrder(t *testing.T) {
	s := Sine{Hz: 1400, Length: 200 * time.Millisecond, GainDB: -24}
	for _, rate := range []int{8000, 16000, 44100, 48000} {
		whole, pieces := make([]int16, rate/2), make([]int16, rate/2)
		s.Add(whole, -int64(rate)/10, rate)
		for _, i := range []int{3, 1, 4, 0, 2} {
			part := pieces[i*rate/10 : (i+1)*rate/10]
			s.Add(part, int64((i-1)*rate/10), rate)
		}
		g := NewGoertzel(1400, float64(rate))
		if got := g.Level(whole[rate/10 : 3*rate/10]); math.Abs(got+24) > 0.5 {
			t.Errorf("%d Hz: level %.1f dB, want -24", rate, got)
		}
		for i := range whole {
			if whole[i] != pieces[i] {
				t.Fatalf("%d Hz: sample %d is %d in one piece, %d in several", rate, i, whole[i], pieces[i])
			}
			if whole[i] != 0 && (i < rate/10 || i >= 3*rate/10) {
				t.Fatalf("%d Hz: sample %d lies outside and sounds", rate, i)
			}
		}
	}
}

func TestASineOverLoudAudioIsClipped(t *testing.T) {
	samples := []int16{math.MaxInt16, math.MinInt16, math.MaxInt16, math.MinInt16, math.MaxInt16, math.MinInt16}
	Sine{Hz: 3000, Length: time.Second, GainDB: 6}.Add(samples, 100, 8000)
	for i, s := range samples {
		if loud := s > 0 == (i%2 == 0); !loud && (s > 100 || s < -100) {
			t.Errorf("sample %d wrapped round to %d", i, s)
		}
	}
	none := []int16{5, 6}
	Sine{}.Add(none, 0, 8000)
	if none[0] != 5 || none[1] != 6 {
		t.Errorf("silence changed audio: %v", none)
	}
}
