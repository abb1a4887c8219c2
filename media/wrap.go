package media

import "time"

const (
	// rateHz is the clock of every stream: G.711's, and of telephone events beside it (RFC 4733 section 2.1).
	rateHz = 8000
	// tick is the length of one unit of RTP time.
	tick = time.Second / rateHz
	// extendedOrigin is where extended numbers begin, so that what came before the first packet stays above zero.
	extendedOrigin = 1 << 32
)

// extend16 returns the number nearest to near whose low 16 bits are seq (RFC 3550 appendix A.1).
func extend16(near uint64, seq uint16) uint64 {
	return near + uint64(int64(int16(seq-uint16(near))))
}

// extend32 returns the number nearest to near whose low 32 bits are rtpTime.
func extend32(near uint64, rtpTime uint32) uint64 {
	return near + uint64(int64(int32(rtpTime-uint32(near))))
}

// distance returns how far b lies behind a: positive if b is later. Extended numbers are compared by it alone.
func distance(a, b uint64) int64 { return int64(b - a) }

// later returns the later of two extended numbers.
func later(a, b uint64) uint64 {
	if distance(a, b) > 0 {
		return b
	}
	return a
}

// samplesIn returns how many units of RTP time d has, rounded down.
func samplesIn(d time.Duration) int64 { return int64(d / tick) }
