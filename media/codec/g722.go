package codec

import "fmt"

// A sample pair at 16 kHz is one byte at 64 kbit/s: six bits for 0 to 4 kHz, two for 4 to 8 kHz (ITU-T G.722, mode 1).
const (
	g722LowBits = 6
	g722LowMask = 1<<g722LowBits - 1
)

// g722Encoder encodes ITU-T G.722 at 64 kbit/s.
type g722Encoder struct {
	low, high band
	split     mirror
}

func newG722Encoder() *g722Encoder {
	return &g722Encoder{low: band{scale: minScaleLow}, high: band{scale: minScaleHigh}}
}

func (e *g722Encoder) Encode(dst []byte, frame []int16) (int, error) {
	switch {
	case len(frame)%2 != 0:
		return 0, fmt.Errorf("G722 frame of %d samples; want an even number", len(frame))
	case len(frame)/2 > len(dst):
		return 0, tooLong(G722, len(frame), 2*len(dst))
	}
	for i := range len(frame) / 2 {
		even, odd := e.split.next(int(frame[2*i]), int(frame[2*i+1]))
		low := e.low.quantizeLow(clampTo((even+odd)>>14, 1<<14))
		high := e.high.quantizeHigh(clampTo((even-odd)>>14, 1<<14))
		dst[i] = byte(high<<g722LowBits | low)
	}
	return len(frame) / 2, nil
}

// g722Decoder decodes ITU-T G.722 at 64 kbit/s.
type g722Decoder struct {
	low, high band
	join      mirror
}

func newG722Decoder() *g722Decoder {
	return &g722Decoder{low: band{scale: minScaleLow}, high: band{scale: minScaleHigh}}
}

func (d *g722Decoder) Decode(dst []int16, payload []byte) (int, error) {
	if 2*len(payload) > len(dst) {
		return 0, tooLong(G722, 2*len(payload), len(dst))
	}
	for i, code := range payload {
		low := d.low.restoreLow(int(code & g722LowMask))
		high := d.high.restoreHigh(int(code >> g722LowBits))
		even, odd := d.join.next(low+high, low-high)
		dst[2*i], dst[2*i+1] = int16(saturate16(even>>11)), int16(saturate16(odd>>11))
	}
	return 2 * len(payload), nil
}

func (*g722Decoder) Conceal([]int16, []byte) bool { return false }

// mirrorTaps are one phase of the quadrature mirror filter; the other is the same backwards (G.722, table 4).
var mirrorTaps = [12]int{3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11}

// mirror is the delay line of a quadrature mirror filter. Each phase is kept twice, so that its last 12 values always
// lie in one piece.
type mirror struct {
	first, second [2 * len(mirrorTaps)]int
	at            int
}

// next takes one value of each phase and returns the phases' sums.
func (m *mirror) next(first, second int) (forwards, backwards int) {
	const n = len(mirrorTaps)
	m.first[m.at], m.first[m.at+n] = first, first
	m.second[m.at], m.second[m.at+n] = second, second
	m.at = (m.at + 1) % n
	x, y := m.first[m.at:m.at+n], m.second[m.at:m.at+n]
	for i, tap := range mirrorTaps {
		forwards += x[i] * tap
		backwards += y[n-1-i] * tap
	}
	return backwards, forwards
}

func saturate16(x int) int { return min(max(x, -1<<15), 1<<15-1) }

// clampTo keeps x within ±most, of which the positive end is one less, as in two's complement.
func clampTo(x, most int) int { return min(max(x, -most), most-1) }
