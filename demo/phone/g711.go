package phone

// encode turns samples into G.711 by the segment rule of ITU-T G.711.
func encode(pt uint8, samples []int16) []byte {
	out := make([]byte, len(samples))
	for i, s := range samples {
		if pt == ptPCMA {
			out[i] = alaw(s)
		} else {
			out[i] = ulaw(s)
		}
	}
	return out
}

func decode(pt uint8, payload []byte) []int16 {
	out := make([]int16, len(payload))
	for i, b := range payload {
		if pt == ptPCMA {
			out[i] = fromALaw(b)
		} else {
			out[i] = fromULaw(b)
		}
	}
	return out
}

func ulaw(s int16) byte {
	v, sign := int(s), byte(0)
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, 32635) + 132
	segment := 7
	for mask := 0x4000; v&mask == 0 && segment > 0; mask >>= 1 {
		segment--
	}
	return ^(sign | byte(segment<<4) | byte(v>>(segment+3)&0x0f))
}

func fromULaw(b byte) int16 {
	b = ^b
	v := (int(b&0x0f)<<3 + 132) << (b >> 4 & 7)
	if b&0x80 != 0 {
		return int16(132 - v)
	}
	return int16(v - 132)
}

func alaw(s int16) byte {
	v, sign := int(s), byte(0x80)
	if v < 0 {
		v, sign = -v-1, 0
	}
	v = min(v, 32767)
	segment := 7
	for mask := 0x4000; v&mask == 0 && segment > 0; mask >>= 1 {
		segment--
	}
	low := byte(v >> 4 & 0x0f)
	if segment > 0 {
		low = byte(v >> (segment + 3) & 0x0f)
	}
	return (sign | byte(segment<<4) | low) ^ 0x55
}

func fromALaw(b byte) int16 {
	b ^= 0x55
	v := int(b&0x0f)<<4 + 8
	if segment := b >> 4 & 7; segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if b&0x80 != 0 {
		return int16(v)
	}
	return int16(-v)
}

// ALaw encodes one sample by G.711 A-law.
func ALaw(s int16) byte { return alaw(s) }
