package pcm

// MuLaw gives the sample of each G.711 µ-law byte, 14 bits scaled to 16 (ITU-T G.711, table 2).
var MuLaw = muLawTable()

// ALaw gives the sample of each G.711 A-law byte, 13 bits scaled to 16 (ITU-T G.711, table 1).
var ALaw = aLawTable()

// muLawBias is what the µ-law curve adds to a 14-bit magnitude, so that segments begin at powers of two.
const muLawBias = 33

// muLawTable works the µ-law curve out: a byte is sent inverted, and stands for the middle of its interval.
func muLawTable() (table [256]int16) {
	for i := range table {
		bits := ^byte(i)
		segment, step := bits>>4&7, int(bits&15)
		magnitude := (2*step+muLawBias)<<segment - muLawBias
		table[i] = signed(magnitude<<2, bits&0x80 != 0)
	}
	return table
}

// aLawTable works the A-law curve out: every second bit of a byte is sent inverted, and a set sign bit is plus.
// Its two lowest segments share one step size.
func aLawTable() (table [256]int16) {
	for i := range table {
		bits := byte(i) ^ 0x55
		segment, magnitude := bits>>4&7, 2*int(bits&15)+1
		if segment > 0 {
			magnitude = (magnitude + 32) << (segment - 1)
		}
		table[i] = signed(magnitude<<3, bits&0x80 == 0)
	}
	return table
}

func signed(magnitude int, negative bool) int16 {
	if negative {
		return int16(-magnitude)
	}
	return int16(magnitude)
}
