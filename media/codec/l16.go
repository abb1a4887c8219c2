package codec

import (
	"encoding/binary"
	"fmt"
)

// linear is L16 as a Decoder and an Encoder: samples of 16 bits in network order (RFC 3551 section 4.5.11). It has no
// memory.
type linear struct{}

func (linear) Decode(dst []int16, payload []byte) (int, error) {
	n := len(payload) / 2
	switch {
	case len(payload)%2 != 0:
		return 0, fmt.Errorf("L16 payload of %d bytes; want two for each sample", len(payload))
	case n > len(dst):
		return 0, tooLong(L16, n, len(dst))
	}
	for i := range n {
		dst[i] = int16(binary.BigEndian.Uint16(payload[2*i:]))
	}
	return n, nil
}

func (linear) Encode(dst []byte, frame []int16) (int, error) {
	if 2*len(frame) > len(dst) {
		return 0, tooLong(L16, len(frame), len(dst)/2)
	}
	for i, s := range frame {
		binary.BigEndian.PutUint16(dst[2*i:], uint16(s))
	}
	return 2 * len(frame), nil
}

func (linear) Conceal([]int16, []byte) bool { return false }

func tooLong(id ID, n, room int) error {
	return fmt.Errorf("%v payload of %d samples; want at most %d", id, n, room)
}
