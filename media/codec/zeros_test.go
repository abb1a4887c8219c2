package codec

import "testing"

func TestEveryByteOfBothLawsComesBack(t *testing.T) {
	var payload, back [256]byte
	for i := range payload {
		payload[i] = byte(i)
	}
	for _, id := range []ID{PCMU, PCMA} {
		var samples [256]int16
		for i, b := range payload {
			samples[i] = DecodeULaw[b]
			if id == PCMA {
				samples[i] = DecodeALaw[b]
			}
		}
		if id == PCMU {
			KeepZeros(samples[:], payload[:])
		}
		for i, s := range samples {
			back[i] = EncodeULaw(s)
			if id == PCMA {
				back[i] = EncodeALaw(s)
			}
		}
		if back != payload {
			t.Errorf("%s: % x", id, back)
		}
	}
	KeepZeros(nil, payload[:])
}
