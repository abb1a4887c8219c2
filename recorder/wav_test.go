package recorder

import (
	"encoding/binary"
	"testing"
)

func TestAHeaderPastFourGigabytesIsRF64(t *testing.T) {
	for _, size := range []int64{0, 4, 1<<32 - 1 - headerBytes, 1<<32 - headerBytes, 1 << 32, 9 << 32} {
		h := header(2, size)
		n, got, err := parseHeader(h[:])
		if err != nil || n != 2 || got != size {
			t.Errorf("%d bytes: read back %d, %v", size, got, err)
		}
		big := string(h[:4]) == "RF64"
		if big != (size+headerBytes > 1<<32-1) {
			t.Errorf("%d bytes: %s", size, h[:4])
		}
		if big && (string(h[12:16]) != "ds64" || binary.LittleEndian.Uint64(h[36:]) != uint64(size/4)) {
			t.Errorf("%d bytes: % x", size, h[:48])
		}
	}
}

func TestAForeignHeaderIsRefused(t *testing.T) {
	good := header(1, 800)
	for i := range good {
		b := good
		b[i] ^= 0x40
		if _, n, err := parseHeader(b[:]); err == nil && n == 800 {
			t.Errorf("byte %d changed, not noticed", i)
		}
	}
	if _, _, err := parseHeader(good[:79]); err == nil {
		t.Error("a cut header must be refused")
	}
}
