package codec

// The quantizers of ITU-T G.722: decision levels and outputs in units of the adaptive scale, and what each code does to
// it (tables 5 to 14).
var (
	lowLevels = [30]int{
		0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458,
		1612, 1765, 1980, 2195, 2557, 2919,
	}
	lowOutputs = [64]int{ // of the six-bit code
		-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
		-7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
		24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
		4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
	}
	lowCoarse = [16]int{ // of its upper four bits, by which both ends adapt
		0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
	}
	lowSteps    = [16]int{-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60}
	highOutputs = [4]int{-7408, -1616, 7408, 1616}
	highSteps   = [4]int{798, -214, 798, -214}
	powers      = [32]int{ // 2 to the power of i/32, in units of 1/2048
		2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025, 3091,
		3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
	}
)

const (
	minScaleLow  = 32
	minScaleHigh = 8
	highLevel    = 564 // the one decision level of the upper band
)

// band is the adaptive predictor and the adaptive scale of one of G.722's bands; both ends keep the same one.
type band struct {
	scale    int // of the quantizer; Δ in the Recommendation
	logScale int

	predicted int    // the next sample
	zeros     int    // the zeros' share of it
	poles     [2]int // coefficients
	zero      [6]int
	restored  [2]int // the last samples, newest first
	partial   [2]int // restored by the zeros alone
	diff      [6]int // the last quantized differences
}

// quantizeLow returns the six-bit code of a sample of the lower band.
func (b *band) quantizeLow(sample int) int {
	diff := saturate16(sample - b.predicted)
	size := diff
	if diff < 0 {
		size = -(diff + 1)
	}
	level := 1
	for level < len(lowLevels) && size >= lowLevels[level]*b.scale>>12 {
		level++
	}
	code := 62 - level // positive differences count down from 61
	if diff < 0 {
		if code = 34 - level; level < 3 {
			code = 64 - level
		}
	}
	b.adaptLow(code)
	return code
}

// restoreLow returns the sample of the lower band that a six-bit code stands for.
func (b *band) restoreLow(code int) int {
	sample := clampTo(b.predicted+b.scale*lowOutputs[code]>>15, 1<<14)
	b.adaptLow(code)
	return sample
}

func (b *band) adaptLow(code int) {
	const coarseBits, maxLog, shift = 2, 18432, 8
	coarse := code >> coarseBits
	diff := b.scale * lowCoarse[coarse] >> 15
	b.rescale(lowSteps[coarse], maxLog, shift)
	b.predict(diff)
}

// quantizeHigh returns the two-bit code of a sample of the upper band.
func (b *band) quantizeHigh(sample int) int {
	diff := saturate16(sample - b.predicted)
	size, code := diff, 3
	if diff < 0 {
		size, code = -(diff + 1), 1
	}
	if size >= highLevel*b.scale>>12 {
		code--
	}
	b.restoreHigh(code)
	return code
}

// restoreHigh returns the sample of the upper band that a two-bit code stands for.
func (b *band) restoreHigh(code int) int {
	const maxLog, shift = 22528, 10
	diff := b.scale * highOutputs[code] >> 15
	sample := clampTo(diff+b.predicted, 1<<14)
	b.rescale(highSteps[code], maxLog, shift)
	b.predict(diff)
	return sample
}

// rescale adapts the scale: its logarithm leaks, and moves by step (blocks LOGSCL and SCALEL).
func (b *band) rescale(step, maxLog, shift int) {
	b.logScale = min(max(b.logScale*127>>7+step, 0), maxLog)
	power, shift := powers[b.logScale>>6&31], shift-b.logScale>>11
	if shift < 0 {
		b.scale = power << -shift << 2
		return
	}
	b.scale = power >> shift << 2
}

// predict takes a quantized difference into the predictor (block 4 of the Recommendation).
func (b *band) predict(diff int) {
	restored := saturate16(b.predicted + diff)
	partial := saturate16(b.zeros + diff)
	b.adaptPoles(partial)
	b.adaptZeros(diff)
	b.restored = [2]int{restored, b.restored[0]}
	b.partial = [2]int{partial, b.partial[0]}
	poles := b.poles[0]*saturate16(2*b.restored[0])>>15 + b.poles[1]*saturate16(2*b.restored[1])>>15
	b.zeros = 0
	for i, c := range b.zero {
		b.zeros += c * saturate16(2*b.diff[i]) >> 15
	}
	b.zeros = saturate16(b.zeros)
	b.predicted = saturate16(saturate16(poles) + b.zeros)
}

// adaptPoles moves the two poles by signs alone, and keeps them stable.
func (b *band) adaptPoles(partial int) {
	const most, sum = 12288, 15360
	towards := saturate16(4 * b.poles[0])
	if sameSign(partial, b.partial[0]) {
		towards = min(-towards, 1<<15-1)
	}
	second := nudge(towards>>7, sameSign(partial, b.partial[1])) + b.poles[1]*32512>>15
	b.poles[1] = min(max(second, -most), most)
	first := -192
	if sameSign(partial, b.partial[0]) {
		first = 192
	}
	limit := saturate16(sum - b.poles[1])
	b.poles[0] = min(max(saturate16(first+b.poles[0]*32640>>15), -limit), limit)
}

// nudge moves x by the step of the second pole.
func nudge(x int, up bool) int {
	if up {
		return x + 128
	}
	return x - 128
}

// adaptZeros moves the six zeros by signs alone, and takes the difference into their delay line.
func (b *band) adaptZeros(diff int) {
	step := 128
	if diff == 0 {
		step = 0
	}
	for i, d := range b.diff {
		move := -step
		if sameSign(d, diff) {
			move = step
		}
		b.zero[i] = saturate16(move + b.zero[i]*32640>>15)
	}
	copy(b.diff[1:], b.diff[:5])
	b.diff[0] = diff
}

func sameSign(a, b int) bool { return a < 0 == (b < 0) }
