//go:build cgo && nolibopusfile

package codec

import (
	"errors"
	"math"
	"testing"
)

func TestOpusLookaheadIsWhatAnEncoderDelaysBy(t *testing.T) {
	for _, rate := range []int{8000, 16000, 48000} {
		sent := chirp(rate)
		heard := pass(t, FormatOpus, rate, sent, OpusFrames[3])
		_, delay := snr(sent[:len(heard)], heard, rate/80)
		if want := OpusLookahead * rate / 48000; delay < want-rate/8000 || delay > want+rate/8000 {
			t.Errorf("%d Hz: delayed by %d samples, want %d", rate, delay, want)
		}
	}
}

func TestOpusCBRMakesPacketsOfOneLength(t *testing.T) {
	lengths := func(cbr bool) map[int]int {
		e, err := NewOpusEncoder(OpusConfig{RateHz: 16000, Channels: 1, BitrateBPS: 24000, CBR: cbr})
		if err != nil {
			t.Fatal(err)
		}
		seen, payload := map[int]int{}, make([]byte, MaxPayload)
		for samples := chirp(16000); len(samples) >= 320; samples = samples[320:] {
			n, err := e.Encode(payload, samples[:320])
			if err != nil {
				t.Fatal(err)
			}
			seen[n]++
		}
		return seen
	}
	if seen := lengths(true); len(seen) != 1 || seen[60] != 50 {
		t.Errorf("CBR at 24 kbit/s: lengths %v, want 50 of 60", seen)
	}
	if seen := lengths(false); len(seen) < 3 {
		t.Errorf("VBR: lengths %v", seen)
	}
}

func TestOpusTakesTwoChannels(t *testing.T) {
	e, err := NewOpusEncoder(OpusConfig{RateHz: 8000, Channels: 2, BitrateBPS: 32000, Music: true})
	if err != nil {
		t.Fatal(err)
	}
	payload, frame := make([]byte, MaxPayload), make([]int16, 2*160)
	for i, s := range chirp(8000)[4000:4160] {
		frame[2*i] = s
	}
	n, err := e.Encode(payload, frame)
	if err != nil || opusTicks(payload[:n]) != 960 || payload[0]&4 == 0 {
		t.Fatalf("%d bytes of %d ticks, first %#x, %v; want 960 ticks and the stereo bit", n, opusTicks(payload[:n]), payload[0], err)
	}
	d, _ := NewDecoder(FormatOpus, 8000)
	if got, err := d.Decode(make([]int16, 160), payload[:n]); err != nil || got != 160 {
		t.Errorf("decoded to mono: %d samples, %v", got, err)
	}
}

func TestOpusSendsNothingForLongSilence(t *testing.T) {
	e, err := NewOpusEncoder(OpusConfig{RateHz: 16000, Channels: 1, BitrateBPS: 24000, DTX: true})
	if err != nil {
		t.Fatal(err)
	}
	payload, skipped := make([]byte, MaxPayload), 0
	for range 100 {
		n, err := e.Encode(payload, make([]int16, 320))
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			skipped++
		}
	}
	if skipped < 60 {
		t.Errorf("%d of 100 silent frames were skipped", skipped)
	}
}

func TestOpusRecoversALostPacketFromTheNextOne(t *testing.T) {
	speechlike := make([]int16, 16000)
	for i := range speechlike {
		x := float64(i) / 16000
		speechlike[i] = int16(6000 * (1 + math.Sin(2*math.Pi*5*x)) / 2 * (math.Sin(2*math.Pi*220*x) + math.Sin(2*math.Pi*660*x)/2))
	}
	e, err := NewOpusEncoder(OpusConfig{RateHz: 16000, Channels: 1, BitrateBPS: 32000, FEC: true, LossPercent: 20})
	if err != nil {
		t.Fatal(err)
	}
	whole, _ := NewDecoder(FormatOpus, 16000)
	fec, _ := NewDecoder(FormatOpus, 16000)
	plc, _ := NewDecoder(FormatOpus, 16000)
	var packets [][]byte
	for samples := speechlike; len(samples) >= 320; samples = samples[320:] {
		payload := make([]byte, MaxPayload)
		n, _ := e.Encode(payload, samples[:320])
		packets = append(packets, payload[:n])
	}
	var offFEC, offPLC float64
	want, got, guess := make([]int16, 320), make([]int16, 320), make([]int16, 320)
	for i, packet := range packets {
		_, _ = whole.Decode(want, packet)
		if i%7 == 6 && i+1 < len(packets) {
			if !fec.Conceal(got, packets[i+1]) || !plc.Conceal(guess, nil) {
				t.Fatal("nothing was concealed")
			}
			for k := range want {
				offFEC += math.Pow(float64(want[k])-float64(got[k]), 2)
				offPLC += math.Pow(float64(want[k])-float64(guess[k]), 2)
			}
			continue
		}
		_, _ = fec.Decode(got, packet)
		_, _ = plc.Decode(guess, packet)
	}
	if gain := 10 * math.Log10(offPLC/offFEC); gain < 3 {
		t.Errorf("redundancy is %.1f dB better than a guess, want 3", gain)
	}
}

func TestOpusConfigSaysWhatIsWrong(t *testing.T) {
	for _, c := range []OpusConfig{{}, {RateHz: 11025, Channels: 1}, {RateHz: 8000, Channels: 3}, {RateHz: 8000, Channels: 1, BitrateBPS: 100}, {RateHz: 8000, Channels: 1, Complexity: 11}} {
		if _, err := NewOpusEncoder(c); err == nil || errors.Is(err, ErrNoOpus) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
