package pcm

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// sine returns a second of a sine at rateHz, at -6 dBFS.
func sine(hz float64, rateHz int) []int16 {
	samples := make([]int16, rateHz)
	for i := range samples {
		samples[i] = int16(math.Round(fullScale / 2 * math.Sin(2*math.Pi*hz*float64(i)/float64(rateHz))))
	}
	return samples
}

// signalToNoise fits a sine of hz to samples and returns its level over what is left, both in dB.
func signalToNoise(samples []int16, hz float64) (gainDB, snrDB float64) {
	var re, im float64
	for i, s := range samples {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / RateHz)
		re += float64(s) * cos
		im += float64(s) * sin
	}
	n := float64(len(samples))
	re, im = 2*re/n, 2*im/n
	noise := 0.0
	for i, s := range samples {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / RateHz)
		noise += math.Pow(float64(s)-re*cos-im*sin, 2)
	}
	power := (re*re + im*im) / 2
	return 10 * math.Log10(power/(fullScale*fullScale/8)), 10 * math.Log10(power/(noise/n))
}

// steady cuts the filter's run-in and run-out off, and leaves whole periods of any whole frequency.
func steady(samples []int16) []int16 {
	return samples[1000:5000]
}

func TestResamplingKeepsSpeechFrequenciesClean(t *testing.T) {
	for _, rate := range Rates {
		for _, hz := range []float64{100, 300, 1000, 1400, 2500, 3400} {
			out, err := Resample(sine(hz, rate), rate, RateHz)
			if err != nil {
				t.Fatal(err)
			}
			gainDB, snrDB := signalToNoise(steady(out), hz)
			if math.Abs(gainDB) > 0.05 || snrDB < 70 {
				t.Errorf("%v Hz from %d Hz: gain %.3f dB, signal to noise %.1f dB", hz, rate, gainDB, snrDB)
			}
		}
	}
}

// What would fold into the band must be gone: above 4 kHz nothing may be heard.
func TestResamplingLeavesNoAliases(t *testing.T) {
	for _, rate := range Rates[1:] {
		for _, hz := range []float64{4050, 4600, 5000, 7000, 9000, 12000, 15000, 20000} {
			if hz >= float64(rate)/2 {
				continue
			}
			out, err := Resample(sine(hz, rate), rate, RateHz)
			if err != nil {
				t.Fatal(err)
			}
			if levelDB := Level(steady(out)); levelDB > -75 {
				t.Errorf("%v Hz from %d Hz: left at %.1f dB", hz, rate, levelDB)
			}
		}
	}
}

func TestResamplingKeepsTheDuration(t *testing.T) {
	for _, rate := range Rates {
		for _, length := range []int{0, 1, 7, rate / 50, rate} {
			out, err := Resample(make([]int16, length), rate, RateHz)
			want := int(math.Ceil(float64(length) * RateHz / float64(rate)))
			if err != nil || len(out) != want {
				t.Errorf("%d samples at %d Hz: %d, %v; want %d", length, rate, len(out), err, want)
			}
		}
	}
}

func TestResamplingDelaysNothing(t *testing.T) {
	for _, rate := range Rates {
		samples := make([]int16, rate)
		samples[rate/2] = 20000
		samples[rate/2+1] = 20000
		out, err := Resample(samples, rate, RateHz)
		if err != nil {
			t.Fatal(err)
		}
		best := 0
		for i, s := range out {
			if s > out[best] {
				best = i
			}
		}
		if best < RateHz/2-1 || best > RateHz/2+1 {
			t.Errorf("from %d Hz: the click moved from %d to %d", rate, RateHz/2, best)
		}
	}
}

func TestAnUnusualRateIsRefusedWithTheUsualOnes(t *testing.T) {
	for _, rate := range []int{0, -1, 7999, 8001, 96000} {
		if _, err := Resample(make([]int16, 10), rate, RateHz); err == nil {
			t.Errorf("%d Hz passed", rate)
		}
	}
}

func BenchmarkResample(b *testing.B) {
	for _, rate := range []int{16000, 44100, 48000} {
		samples := sine(1000, rate)
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			for b.Loop() {
				if _, err := Resample(samples, rate, RateHz); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestAToneHasItsFrequencyLevelAndLength(t *testing.T) {
	tone := Tone(1400, 200*time.Millisecond, -24)
	if len(tone) != 1600 {
		t.Fatalf("%d samples", len(tone))
	}
	middle := tone[400:1200]
	g := NewGoertzel(1400, RateHz)
	if levelDB := g.Level(middle); math.Abs(levelDB+24) > 0.1 {
		t.Errorf("level at 1400 Hz: %.2f dB", levelDB)
	}
	if levelDB := Level(middle); math.Abs(levelDB+24) > 0.1 {
		t.Errorf("level: %.2f dB", levelDB)
	}
	other := NewGoertzel(1000, RateHz)
	if levelDB := other.Level(middle); levelDB > -70 {
		t.Errorf("level at 1000 Hz: %.2f dB", levelDB)
	}
	if tone[0] != 0 || tone[1599] != 0 {
		t.Errorf("the tone clicks: %d … %d", tone[0], tone[1599])
	}
}

func TestATooLoudToneIsFullScaleAndAnEmptyOneIsEmpty(t *testing.T) {
	if levelDB := Level(Tone(1000, time.Second, 20)); math.Abs(levelDB) > 0.1 {
		t.Errorf("level %.2f dB", levelDB)
	}
	if n := len(Tone(1000, -time.Second, 0)); n != 0 {
		t.Errorf("%d samples", n)
	}
}

func TestDTMFMakesWhatTheDetectorFinds(t *testing.T) {
	for _, key := range []byte(allKeys) {
		tones, err := DTMF(key, 60*time.Millisecond, -9)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, fmt.Sprintf("key %c", key), append(tones, make([]int16, 800)...), string(key))
	}
	if _, err := DTMF('x', time.Second, 0); err == nil {
		t.Error("key x passed")
	}
}

func TestSilenceHasTheLowestLevel(t *testing.T) {
	g := NewGoertzel(1000, RateHz)
	for _, samples := range [][]int16{nil, make([]int16, 160)} {
		if Level(samples) != silenceDB || g.Level(samples) != silenceDB || RMS(samples) != 0 {
			t.Errorf("levels of silence: %v, %v, %v", Level(samples), g.Level(samples), RMS(samples))
		}
	}
}

func TestSamplesAndDurationAgree(t *testing.T) {
	for _, d := range []time.Duration{0, 20 * time.Millisecond, 125 * time.Microsecond, 4 * time.Hour} {
		if back := Duration(Samples(d)); back != d {
			t.Errorf("%v became %v", d, back)
		}
	}
}

func ExampleTone() {
	beep := Tone(1400, 200*time.Millisecond, -24)
	fmt.Printf("%v at %.0f dB\n", Duration(len(beep)), Level(beep[100:1500]))
	// Output: 200ms at -24 dB
}
