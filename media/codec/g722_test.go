package codec

import (
	"hash/fnv"
	"math"
	"testing"
)

// The sums are of what another implementation, translated from the CMU codec, made of the same input.
func TestG722IsBitExact(t *testing.T) {
	frame := make([]int16, 1<<16)
	for i, noise := 0, uint32(1); i < len(frame); i++ {
		noise = noise*1664525 + 1013904223
		tone := (i * 37 % 800) - 400
		frame[i] = int16(tone*(i%4000)/200) + int16(noise>>20) - 2048
	}
	payload := make([]byte, len(frame)/2)
	if _, err := newG722Encoder().Encode(payload, frame); err != nil {
		t.Fatal(err)
	}
	sum := fnv.New64a()
	sum.Write(payload)
	if got := sum.Sum64(); got != g722Encoded {
		t.Errorf("encoded: %#x, want %#x", got, uint64(g722Encoded))
	}
	if _, err := newG722Decoder().Decode(frame, payload); err != nil {
		t.Fatal(err)
	}
	sum.Reset()
	for _, s := range frame {
		sum.Write([]byte{byte(s), byte(uint16(s) >> 8)})
	}
	if got := sum.Sum64(); got != g722Decoded {
		t.Errorf("decoded: %#x, want %#x", got, uint64(g722Decoded))
	}
}

const g722Encoded, g722Decoded = 0x9e778a23fc74e86a, 0xbde17720ee189fab

func TestG722DoesNotWrapAtFullScale(t *testing.T) {
	square := make([]int16, 16000)
	for i := range square {
		square[i] = math.MaxInt16
		if i/40%2 == 1 {
			square[i] = -math.MaxInt16
		}
	}
	encoder, decoder := newG722Encoder(), newG722Decoder()
	payload, heard := make([]byte, len(square)/2), make([]int16, len(square))
	_, _ = encoder.Encode(payload, square)
	_, _ = decoder.Decode(heard, payload)
	for i := 1000; i < len(heard); i++ {
		if step := int(heard[i]) - int(heard[i-1]); step > math.MaxUint16*3/4 || step < -math.MaxUint16*3/4 {
			t.Fatalf("sample %d leaps from %d to %d", i, heard[i-1], heard[i])
		}
	}
}
