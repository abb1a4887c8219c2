package codec

import "assent/media/pcm"

// Encoding looks a sample up by the bits that its law keeps: 14 for µ-law, 13 for A-law (ITU-T G.711, section 3).
// A negative sample takes the one's complement of its magnitude, as the ITU's tool library (G.191) does, so that
// dropping bits moves both signs towards zero alike.
var (
	uLawOf = uLawCodes()
	aLawOf = aLawCodes()
)

// ULawToALaw gives the A-law byte for each µ-law byte: what decoding and encoding again would send.
var ULawToALaw = translate(&DecodeULaw, EncodeALaw)

// ALawToULaw gives the µ-law byte for each A-law byte: what decoding and encoding again would send.
var ALawToULaw = translate(&DecodeALaw, EncodeULaw)

// EncodeULaw returns the µ-law byte of a sample.
func EncodeULaw(sample int16) byte {
	return uLawOf[uint16(sample)>>2]
}

// EncodeALaw returns the A-law byte of a sample.
func EncodeALaw(sample int16) byte {
	return aLawOf[uint16(sample)>>4]
}

// uLawCodes runs through the 14-bit samples. A code counts intervals from zero up: 16 to a segment, each segment with
// twice the interval of the one below; magnitudes beyond the curve's end are clipped.
func uLawCodes() (codes [1 << 14]byte) {
	const bias, clip = 33, 1<<13 - 1
	for i := range codes {
		magnitude, sign := split(i, 14)
		biased, segment := min(magnitude+bias, clip), 0
		for biased>>(segment+6) != 0 {
			segment++
		}
		code := byte(segment<<4 | biased>>(segment+1)&15)
		codes[i] = ^(sign | code)
	}
	return codes
}

// aLawCodes runs through the samples by their upper 12 bits: the 13th never decides an interval. The two lowest segments
// share one interval, so there the magnitude is the code; above, the leading bit is implied.
func aLawCodes() (codes [1 << 12]byte) {
	for i := range codes {
		magnitude, sign := split(i, 12)
		code, shift := byte(magnitude), 0
		for magnitude>>shift > 31 {
			shift++
		}
		if shift > 0 {
			code = byte((shift+1)<<4 | magnitude>>shift&15)
		}
		codes[i] = (sign ^ 0x80 | code) ^ 0x55
	}
	return codes
}

// split takes a two's complement number of so many bits apart; sign is 0x80 for a negative one.
func split(number, bits int) (magnitude int, sign byte) {
	if number>>(bits-1) == 0 {
		return number, 0
	}
	return 1<<bits - 1 - number, 0x80
}

func translate(decode *[256]int16, encode func(int16) byte) (table [256]byte) {
	for i, sample := range decode {
		table[i] = encode(sample)
	}
	return table
}

// DecodeULaw gives the sample of each µ-law byte (ITU-T G.711, table 2).
var DecodeULaw = pcm.MuLaw

// DecodeALaw gives the sample of each A-law byte (ITU-T G.711, table 1).
var DecodeALaw = pcm.ALaw
