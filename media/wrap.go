package media

import "time"

const (
	// rateHz is the rate of telephone speech, at which keys and silence are listened for.
	rateHz = 8000
	// tick is the length of one of its samples.
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

// clockRate is how many units of RTP time a stream has in a second; of a recording, how many samples.
type clockRate int64

// ticks returns how many units d has, rounded towards zero.
func (r clockRate) ticks(d time.Duration) int64 {
	return int64(d/time.Second)*int64(r) + int64(d%time.Second)*int64(r)/int64(time.Second)
}

// span returns how long that many units last.
func (r clockRate) span(ticks int64) time.Duration {
	if r == 0 {
		return 0
	}
	whole, rest := ticks/int64(r), ticks%int64(r)
	return time.Duration(whole)*time.Second + time.Duration(rest)*time.Second/time.Duration(r)
}

// convert returns how many units of another rate last as long as that many of r, rounded down.
func (r clockRate) convert(ticks int64, to clockRate) int64 {
	if r == to {
		return ticks
	}
	scaled := ticks * int64(to)
	if scaled < 0 {
		return (scaled - int64(r) + 1) / int64(r)
	}
	return scaled / int64(r)
}
