package codec

import (
	"math"
	"testing"
	"time"
)

// formats are all that this build has.
func formats() []Format {
	all := []Format{FormatPCMU, FormatPCMA, FormatG722, {L16, 8000, 8000}, {L16, 16000, 16000}, {L16, 44100, 44100}}
	if HasOpus {
		all = append(all, FormatOpus)
	}
	return all
}

// chirp is a second that sweeps from 200 Hz to 3 kHz at a quarter of full scale: every codec carries it.
func chirp(rateHz int) []int16 {
	samples, phase := make([]int16, rateHz), 0.0
	for i := range samples {
		phase += 2 * math.Pi * (200 + 2800*float64(i)/float64(len(samples))) / float64(rateHz)
		samples[i] = int16(8000 * math.Sin(phase))
	}
	return samples
}

// pass sends samples through f in frames of that length, and returns what comes out.
func pass(t *testing.T, f Format, rateHz int, samples []int16, frame time.Duration) []int16 {
	t.Helper()
	encoder, err := NewEncoder(f, rateHz)
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := NewDecoder(f, rateHz)
	if err != nil {
		t.Fatal(err)
	}
	size := int(frame * time.Duration(rateHz) / time.Second)
	var heard []int16
	payload, decoded := make([]byte, 4*MaxPayload), make([]int16, size)
	for ; len(samples) >= size; samples = samples[size:] {
		n, err := encoder.Encode(payload, samples[:size])
		if err != nil {
			t.Fatal(err)
		}
		if ticks, want := f.Ticks(payload[:n]), int(frame*time.Duration(f.ClockHz)/time.Second); ticks != want {
			t.Fatalf("%v: %d ticks, want %d", f.ID, ticks, want)
		}
		n, err = decoder.Decode(decoded, payload[:n])
		if err != nil || n != size {
			t.Fatalf("%v: decoded %d samples, want %d: %v", f.ID, n, size, err)
		}
		heard = append(heard, decoded...)
	}
	return heard
}

// snr returns the signal-to-noise ratio in dB at the delay, up to most samples, at which it is best.
func snr(sent, heard []int16, most int) (best float64, delay int) {
	for d := range most + 1 {
		var signal, noise float64
		for i := most; i < len(heard)-most; i++ {
			s, off := float64(sent[i]), float64(heard[i+d])-float64(sent[i])
			signal += s * s
			noise += off * off
		}
		if r := 10 * math.Log10(signal/max(noise, 1)); r > best {
			best, delay = r, d
		}
	}
	return best, delay
}

func TestEveryFormatKeepsASignalThroughEveryPacketTime(t *testing.T) {
	// A code of its own rounds to 16 bits; 38 dB is G.711's, 20 a sweep's through a coder that follows speech.
	least := map[ID]float64{PCMU: 35, PCMA: 35, G722: 20, L16: 90, Opus: 10}
	for _, f := range formats() {
		for _, frame := range []time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 40 * time.Millisecond, 60 * time.Millisecond} {
			rate := f.RateFor(16000)
			sent := chirp(rate)
			heard := pass(t, f, rate, sent, frame)
			got, delay := snr(sent[:len(heard)], heard, rate/80)
			if got < least[f.ID] {
				t.Errorf("%v/%d in %v: %.1f dB at a delay of %d, want %.0f", f.ID, f.ClockHz, frame, got, delay, least[f.ID])
			}
		}
	}
}

func TestHostilePayloadsAreErrorsAndNothingMore(t *testing.T) {
	for _, f := range formats() {
		d, err := NewDecoder(f, f.RateHz)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := d.Decode(make([]int16, 10), append([]byte{31<<3 | 3, 6}, make([]byte, 398)...)); err == nil || n != 0 {
			t.Errorf("%v: a payload beyond the caller's slice gave %d samples, %v", f.ID, n, err)
		}
	}
	if _, err := (linear{}).Decode(make([]int16, 10), make([]byte, 3)); err == nil {
		t.Error("L16: half a sample is no error")
	}
	if _, err := newG722Encoder().Encode(make([]byte, 10), make([]int16, 3)); err == nil {
		t.Error("G722: an odd frame is no error")
	}
}

func TestNoFormatAllocatesPerPacket(t *testing.T) {
	for _, f := range formats() {
		rate := f.RateFor(16000)
		encoder, _ := NewEncoder(f, rate)
		decoder, _ := NewDecoder(f, rate)
		frame, payload := chirp(rate)[:rate/50], make([]byte, 4*MaxPayload)
		allocations := testing.AllocsPerRun(50, func() {
			n, _ := encoder.Encode(payload, frame)
			_, _ = decoder.Decode(frame, payload[:n])
			decoder.Conceal(frame, nil)
			decoder.Conceal(frame, payload[:n])
		})
		if allocations != 0 {
			t.Errorf("%v: %v allocations a packet", f.ID, allocations)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for i, format := range formats() {
		encoder, _ := NewEncoder(format, format.RateFor(16000))
		payload := make([]byte, 4*MaxPayload)
		n, _ := encoder.Encode(payload, chirp(format.RateFor(16000))[:format.RateFor(16000)/50])
		f.Add(uint8(i), payload[:n], payload[:n/2])
	}
	f.Fuzz(func(t *testing.T, which uint8, payload, next []byte) {
		format := formats()[int(which)%len(formats())]
		rate := format.RateFor(16000)
		d, err := NewDecoder(format, rate)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]int16, 5760)
		n, err := d.Decode(dst, payload)
		if want := format.Ticks(payload) * rate / format.ClockHz; err == nil && n != want {
			t.Errorf("%v: %d samples, want %d", format.ID, n, want)
		}
		d.Conceal(dst[:rate/50], next)
		_, _ = d.Decode(dst, next)
	})
}

func BenchmarkCoder(b *testing.B) {
	for _, f := range formats() {
		rate := f.RateFor(16000)
		encoder, _ := NewEncoder(f, rate)
		decoder, _ := NewDecoder(f, rate)
		frame, payload := chirp(rate)[:rate/50], make([]byte, 4*MaxPayload)
		n, _ := encoder.Encode(payload, frame)
		b.Run(f.ID.String()+"/encode", func(b *testing.B) {
			for b.Loop() {
				_, _ = encoder.Encode(payload[:MaxPayload*2], frame)
			}
		})
		b.Run(f.ID.String()+"/decode", func(b *testing.B) {
			out := make([]int16, len(frame))
			for b.Loop() {
				_, _ = decoder.Decode(out, payload[:n])
			}
		})
	}
}
