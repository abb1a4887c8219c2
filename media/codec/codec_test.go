package codec

import (
	"bytes"
	"fmt"
	"testing"
)

func TestParseFindsCodecsInAnyCase(t *testing.T) {
	for _, c := range []struct {
		name string
		id   ID
		ok   bool
	}{{"PCMU", PCMU, true}, {"pcma", PCMA, true}, {"G729", 0, false}, {"", 0, false}} {
		if id, ok := Parse(c.name); id != c.id || ok != c.ok {
			t.Errorf("Parse(%q) = %v, %v", c.name, id, ok)
		}
	}
	for _, id := range IDs {
		if back, ok := Parse(id.String()); !ok || back != id {
			t.Errorf("%v doesn't parse", id)
		}
	}
}

func TestEncodeAndDecodeStopAtTheShorterSlice(t *testing.T) {
	payload := make([]byte, 160)
	samples := make([]int16, 100)
	for _, id := range []ID{PCMU, PCMA} {
		if n := Decode(id, samples, payload); n != 100 {
			t.Errorf("%v: decoded %d", id, n)
		}
		if n := Encode(id, payload[:40], samples); n != 40 {
			t.Errorf("%v: encoded %d", id, n)
		}
		if n := Decode(id, nil, payload); n != 0 {
			t.Errorf("%v: decoded %d into nothing", id, n)
		}
	}
}

func TestFillGivesSilence(t *testing.T) {
	for _, id := range []ID{PCMU, PCMA} {
		payload := make([]byte, 3)
		id.Fill(payload)
		samples := []int16{1000, 1000, 1000}
		Decode(id, samples, payload)
		for _, s := range samples {
			if s < -8 || s > 8 {
				t.Errorf("%v: silence decodes to %d", id, s)
			}
		}
	}
}

func TestTranscodeWorksInPlace(t *testing.T) {
	payload := []byte{0xFF, 0x80, 0x00}
	want := []byte{ULawToALaw[0xFF], ULawToALaw[0x80], ULawToALaw[0x00]}
	Transcode(PCMA, PCMU, payload)
	if !bytes.Equal(payload, want) {
		t.Errorf("to A-law: %x, want %x", payload, want)
	}
	want = []byte{ALawToULaw[want[0]], ALawToULaw[want[1]], ALawToULaw[want[2]]}
	Transcode(PCMU, PCMA, payload)
	if !bytes.Equal(payload, want) {
		t.Errorf("to µ-law: %x, want %x", payload, want)
	}
	Transcode(PCMU, PCMU, payload)
	if !bytes.Equal(payload, want) {
		t.Errorf("to itself: %x, want %x", payload, want)
	}
}

func TestNothingAllocates(t *testing.T) {
	payload, samples := make([]byte, 160), make([]int16, 160)
	allocations := testing.AllocsPerRun(100, func() {
		for _, id := range []ID{PCMU, PCMA} {
			Decode(id, samples, payload)
			Encode(id, payload, samples)
			id.Fill(payload)
		}
		Transcode(PCMA, PCMU, payload)
	})
	if allocations != 0 {
		t.Errorf("%v allocations a frame", allocations)
	}
}

func BenchmarkFrame(b *testing.B) {
	payload, samples := make([]byte, 160), make([]int16, 160)
	for i := range samples {
		samples[i] = int16(i * 200)
	}
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			Encode(PCMA, payload, samples)
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			Decode(PCMA, samples, payload)
		}
	})
	b.Run("transcode", func(b *testing.B) {
		for b.Loop() {
			Transcode(PCMU, PCMA, payload)
		}
	})
}

func ExampleTranscode() {
	payload := []byte{PCMU.Silence(), PCMU.Silence()}
	Transcode(PCMA, PCMU, payload)
	fmt.Printf("%x\n", payload)
	// Output: d5d5
}
