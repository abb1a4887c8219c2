package codec

// law is G.711 as a Decoder and an Encoder: it has no memory.
type law struct{ id ID }

func (l law) Decode(dst []int16, payload []byte) (int, error) {
	if len(payload) > len(dst) {
		return 0, tooLong(l.id, len(payload), len(dst))
	}
	return Decode(l.id, dst, payload), nil
}

func (l law) Encode(dst []byte, frame []int16) (int, error) {
	if len(frame) > len(dst) {
		return 0, tooLong(l.id, len(frame), len(dst))
	}
	return Encode(l.id, dst, frame), nil
}

func (law) Conceal([]int16, []byte) bool { return false }

// Silence returns the byte that a law of G.711 sends for a sample of zero.
func (id ID) Silence() byte {
	if id == PCMA {
		return 0xD5
	}
	return 0xFF
}

// Fill overwrites b with silence of a law of G.711.
func (id ID) Fill(b []byte) {
	silence := id.Silence()
	for i := range b {
		b[i] = silence
	}
}

// Decode writes the samples of src, of a law of G.711, to dst, as many as fit, and returns how many. It borrows both
// slices.
func Decode(id ID, dst []int16, src []byte) int {
	table := &DecodeULaw
	if id == PCMA {
		table = &DecodeALaw
	}
	n := min(len(dst), len(src))
	dst = dst[:n]
	for i, b := range src[:n] {
		dst[i] = table[b]
	}
	return n
}

// Encode writes the bytes of src by a law of G.711 to dst, as many as fit, and returns how many. It borrows both slices.
func Encode(id ID, dst []byte, src []int16) int {
	n := min(len(dst), len(src))
	dst = dst[:n]
	if id == PCMA {
		for i, s := range src[:n] {
			dst[i] = EncodeALaw(s)
		}
		return n
	}
	for i, s := range src[:n] {
		dst[i] = EncodeULaw(s)
	}
	return n
}

// Transcode turns payload, of one law of G.711, into the other, in place.
func Transcode(to, from ID, payload []byte) {
	if to == from {
		return
	}
	table := &ULawToALaw
	if from == PCMA {
		table = &ALawToULaw
	}
	for i, b := range payload {
		payload[i] = table[b]
	}
}
