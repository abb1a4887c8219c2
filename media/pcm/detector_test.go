package pcm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

const allKeys = "1234567890*#ABCD"

// pair is two tones as a line may deliver them.
type pair struct {
	low, high     float64 // Hz
	lowDB, highDB float64 // dBFS
}

// put adds the pair's tones to samples, without ramps, as if switched.
func (p pair) put(samples []int16) {
	for i := range samples {
		at := float64(i) / RateHz
		v := Gain(p.lowDB)*math.Sin(2*math.Pi*p.low*at) + Gain(p.highDB)*math.Sin(2*math.Pi*p.high*at+1)
		samples[i] = clamp(float64(samples[i]) + v*fullScale)
	}
}

func clamp(v float64) int16 {
	return int16(math.Round(min(max(v, math.MinInt16), math.MaxInt16)))
}

func frequencies(key byte) (low, high float64) {
	for row, columns := range dtmfKeys {
		for column, k := range columns {
			if k == key {
				return dtmfLow[row], dtmfHigh[column]
			}
		}
	}
	panic("no such key")
}

// line returns a second of near silence with the tones of key in its middle, beginning at the sample given.
func line(key byte, start, length int, shape func(*pair)) []int16 {
	samples := make([]int16, RateHz)
	low, high := frequencies(key)
	p := pair{low: low, high: high, lowDB: -12, highDB: -12}
	if shape != nil {
		shape(&p)
	}
	p.put(samples[start : start+length])
	return samples
}

// detect feeds samples in packets of 20 ms.
func detect(samples []int16) []Press {
	var presses []Press
	d := NewDetector(func(p Press) { presses = append(presses, p) })
	for len(samples) > 0 {
		n := min(160, len(samples))
		d.Write(samples[:n])
		samples = samples[n:]
	}
	d.Flush()
	return presses
}

func keysOf(presses []Press) string {
	var keys []byte
	for _, p := range presses {
		keys = append(keys, p.Key)
	}
	return string(keys)
}

func expect(t *testing.T, what string, samples []int16, want string) {
	t.Helper()
	if got := keysOf(detect(samples)); got != want {
		t.Errorf("%s: keys %q, want %q", what, got, want)
	}
}

func TestEachKeyIsFoundWithItsTimes(t *testing.T) {
	const start, length = 2013, 800
	for _, key := range []byte(allKeys) {
		presses := detect(line(key, start, length, nil))
		if keysOf(presses) != string(key) {
			t.Errorf("key %c: found %q", key, keysOf(presses))
			continue
		}
		const slack = 80 // 10 ms
		if p := presses[0]; p.Start < start-slack || p.Start > start+slack ||
			p.End < start+length-slack || p.End > start+length+slack {
			t.Errorf("key %c: from %d to %d, want %d to %d", key, p.Start, p.End, start, start+length)
		}
	}
}

func TestFortyMillisecondsAreAKeyAndTwentyThreeAreNot(t *testing.T) {
	for _, key := range []byte(allKeys) {
		for offset := 0; offset < 64; offset += 5 {
			expect(t, fmt.Sprintf("40 ms of %c at %d", key, offset), line(key, 1000+offset, 320, nil), string(key))
			expect(t, fmt.Sprintf("23 ms of %c at %d", key, offset), line(key, 1000+offset, 184, nil), "")
		}
	}
}

func TestLevelsFromLoudToFaintAreKeys(t *testing.T) {
	for _, key := range []byte(allKeys) {
		for _, levelDB := range []float64{-3, -6, -12, -20, -28, -31} {
			samples := line(key, 1000, 400, func(p *pair) { p.lowDB, p.highDB = levelDB, levelDB })
			expect(t, fmt.Sprintf("%c at %v dB", key, levelDB), samples, string(key))
		}
		samples := line(key, 1000, 400, func(p *pair) { p.lowDB, p.highDB = -36, -36 })
		expect(t, fmt.Sprintf("%c at -36 dB", key), samples, "")
	}
}

func TestTwistWithinQ24IsAKeyAndFarBeyondIsNot(t *testing.T) {
	for _, key := range []byte(allKeys) {
		for twistDB, want := range map[float64]string{4: string(key), -8: string(key), 9: "", -13: ""} {
			samples := line(key, 1000, 400, func(p *pair) { p.highDB += twistDB })
			expect(t, fmt.Sprintf("%c with twist %v dB", key, twistDB), samples, want)
		}
	}
}

func TestTonesWithinOneAndAHalfPercentAreKeysAndThreeAndAHalfOffAreNot(t *testing.T) {
	for _, key := range []byte(allKeys) {
		for _, off := range []float64{-1, 1} {
			near := line(key, 1000, 480, func(p *pair) { p.low *= 1 + off*0.015; p.high *= 1 - off*0.015 })
			expect(t, fmt.Sprintf("%c 1.5 %% off", key), near, string(key))
			low := line(key, 1000, 480, func(p *pair) { p.low *= 1 + off*0.035 })
			expect(t, fmt.Sprintf("%c with its row %v x 3.5 %% off", key, off), low, "")
			high := line(key, 1000, 480, func(p *pair) { p.high *= 1 + off*0.035 })
			expect(t, fmt.Sprintf("%c with its column %v x 3.5 %% off", key, off), high, "")
		}
	}
}

func TestKeysAreFoundInNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const noiseDB = -12 - 12 // 12 dB below each tone, 15 below both
	found := 0
	for _, key := range []byte(allKeys) {
		for range 10 {
			samples := line(key, 1000, 400, nil)
			addNoise(samples, random, noiseDB)
			got := keysOf(detect(samples))
			if got == string(key) {
				found++
			} else if got != "" {
				t.Errorf("key %c in noise: %q", key, got)
			}
		}
	}
	if found < 159 {
		t.Errorf("%d of 160 keys found in noise", found)
	}
}

func addNoise(samples []int16, random *rand.Rand, levelDB float64) {
	sigma := Gain(levelDB) * fullScale / math.Sqrt2
	for i := range samples {
		samples[i] = clamp(float64(samples[i]) + sigma*random.NormFloat64())
	}
}

func TestNoiseAloneIsNoKey(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	samples := make([]int16, 60*RateHz)
	addNoise(samples, random, -10)
	expect(t, "a minute of noise", samples, "")
}

func TestADropOutOfTenMillisecondsDoesNotSplitAKey(t *testing.T) {
	for offset := range 64 {
		samples := line('5', 1000, 800, nil)
		clear(samples[1400+offset : 1480+offset])
		expect(t, fmt.Sprintf("drop-out at %d", offset), samples, "5")
	}
}

func TestAPauseOfFortyMillisecondsMakesTwoKeys(t *testing.T) {
	for offset := range 64 {
		samples := line('5', 1000, 1200, nil)
		clear(samples[1400+offset : 1720+offset])
		expect(t, fmt.Sprintf("pause at %d", offset), samples, "55")
	}
}

func TestKeysThatFollowAtOnceAreTold(t *testing.T) {
	samples := make([]int16, RateHz)
	at := 500
	for _, key := range []byte("159D") {
		low, high := frequencies(key)
		pair{low, high, -12, -12}.put(samples[at : at+480])
		at += 480
	}
	expect(t, "keys without a pause", samples, "159D")
}

func TestOneToneIsNoKey(t *testing.T) {
	for _, hz := range []float64{350, 425, 440, 480, 620, 697, 770, 941, 1004, 1209, 1400, 1477, 2100} {
		samples := Tone(hz, time.Second, -10)
		expect(t, fmt.Sprintf("%v Hz", hz), samples, "")
	}
}

func TestCallProgressTonesAreNoKeys(t *testing.T) {
	for _, p := range []pair{{350, 440, -13, -13}, {440, 480, -13, -13}, {480, 620, -13, -13}, {1380, 1500, -7, -7}} {
		samples := make([]int16, 2*RateHz)
		p.put(samples)
		expect(t, fmt.Sprintf("%v + %v Hz", p.low, p.high), samples, "")
	}
}

func TestASkipEndsAKeyAndCounts(t *testing.T) {
	var presses []Press
	d := NewDetector(func(p Press) { presses = append(presses, p) })
	low, high := frequencies('7')
	tones := make([]int16, 480)
	pair{low, high, -12, -12}.put(tones)
	d.Write(tones)
	if key, down := d.Held(); key.Key != '7' || !down {
		t.Errorf("pressed: %c, %v", key, down)
	}
	d.Skip(4000)
	d.Write(tones)
	d.Flush()
	if keysOf(presses) != "77" || presses[1].Start < 4400 || presses[1].Start > 4560 {
		t.Errorf("presses: %+v", presses)
	}
}

func TestSpeechIsNoKey(t *testing.T) {
	file, err := os.ReadFile("testdata/speech.wav")
	if err != nil {
		t.Fatal(err)
	}
	audio, err := DecodeWAV(file)
	if err != nil {
		t.Fatal(err)
	}
	// Played at other speeds, one voice is many: the pitch and the formants move through all tones.
	for _, speed := range []float64{0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.4, 1.6, 1.8, 2, 2.3, 2.7} {
		for _, gainDB := range []float64{0, -10} {
			expect(t, fmt.Sprintf("speech at %v and %v dB", speed, gainDB), warp(audio.Samples, speed, gainDB), "")
		}
	}
}

// warp plays samples at another speed, by linear interpolation.
func warp(samples []int16, speed, gainDB float64) []int16 {
	out := make([]int16, int(float64(len(samples)-1)/speed))
	for i := range out {
		at := float64(i) * speed
		whole := int(at)
		rest := at - float64(whole)
		out[i] = clamp(Gain(gainDB) * (float64(samples[whole])*(1-rest) + float64(samples[whole+1])*rest))
	}
	return out
}

// A voice is a pulse train through resonances: the classic enemy of DTMF receivers, since two harmonics may lie right on
// two tones. As in speech, the pitch glides by a tenth within a syllable.
func TestAVoiceLikeSignalIsNoKey(t *testing.T) {
	samples := voice(rand.New(rand.NewPCG(5, 6)), 2*60*RateHz)
	expect(t, "two minutes of voice", samples, "")
}

func voice(random *rand.Rand, length int) []int16 {
	samples := make([]int16, length)
	var wave [4096]float64 // one period of the pulse
	var pitch, glide, phase float64
	for i := range samples {
		if i%(RateHz/8) == 0 {
			pitch, glide = 80+320*random.Float64(), 0.2*(random.Float64()-0.5)
			fillPeriod(wave[:], pitch, 250+700*random.Float64(), 900+1600*random.Float64())
		}
		pitch *= 1 + glide/(RateHz/8)
		phase += pitch / RateHz
		phase -= math.Floor(phase)
		samples[i] = clamp(6000 * wave[int(phase*float64(len(wave)))])
	}
	return samples
}

// fillPeriod makes one period of a voice: the harmonics of its pitch under two formants.
func fillPeriod(wave []float64, pitch, first, second float64) {
	clear(wave)
	for n := 1; float64(n)*pitch < 3400; n++ {
		strength := resonance(float64(n)*pitch, first, second)
		for i := range wave {
			wave[i] += strength * cosines[n*i%len(cosines)]
		}
	}
}

// cosines is one period of a cosine, as long as a voice's period in fillPeriod.
var cosines = func() (table [4096]float64) {
	for i := range table {
		table[i] = math.Cos(2 * math.Pi * float64(i) / float64(len(table)))
	}
	return table
}()

// resonance is the strength of a harmonic under two formants and a third that stays, 80 Hz wide.
func resonance(hz, first, second float64) float64 {
	peak := func(formant, strength float64) float64 {
		return strength / (1 + math.Pow((hz-formant)/80, 2))
	}
	return peak(first, 1) + peak(second, 0.7) + peak(2700, 0.3) + 0.01
}

func TestAKeyOverAFaintEchoOfThePromptIsFound(t *testing.T) {
	file, err := os.ReadFile("testdata/speech.wav")
	if err != nil {
		t.Fatal(err)
	}
	audio, err := DecodeWAV(file)
	if err != nil {
		t.Fatal(err)
	}
	samples := warp(audio.Samples, 1, -20)
	low, high := frequencies('1')
	tones := make([]int16, 800)
	pair{low, high, -14, -14}.put(tones)
	for i, s := range tones {
		samples[9000+i] += s
	}
	expect(t, "key over echo", samples, "1")
}

func TestTheDetectorAllocatesNothing(t *testing.T) {
	count := 0
	d := NewDetector(func(Press) { count++ })
	samples := line('1', 1000, 800, nil)
	if allocations := testing.AllocsPerRun(20, func() { d.Write(samples) }); allocations != 0 {
		t.Errorf("%v allocations a second of audio", allocations)
	}
	if count == 0 {
		t.Error("no key was found")
	}
}

func BenchmarkDetector(b *testing.B) {
	d := NewDetector(func(Press) {})
	speech := voice(rand.New(rand.NewPCG(7, 8)), RateHz)
	for _, c := range []struct {
		name    string
		samples []int16
	}{{"silence", make([]int16, RateHz)}, {"voice", speech}, {"key", line('1', 0, RateHz, nil)}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				for at := 0; at < RateHz; at += 160 {
					d.Write(c.samples[at : at+160])
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/50, "ns/packet")
		})
	}
}
