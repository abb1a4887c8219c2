package codec

// muLawMinusZero is the µ-law byte of the negative zero (ITU-T G.711, table 2b).
const muLawMinusZero = 0x7F

// KeepZeros tells the two zeros of a µ-law payload apart in the samples that were decoded of it: the negative one becomes
// -1, which encodes to it again. All other bytes of both laws come back by themselves.
func KeepZeros(samples []int16, payload []byte) {
	for i, b := range payload[:min(len(payload), len(samples))] {
		if b == muLawMinusZero {
			samples[i] = -1
		}
	}
}
