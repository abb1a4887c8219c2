package load

import (
	"bytes"
	"time"
)

// Geometry of a frame: PCMU at 8 kHz, 20 ms.
const (
	frameTime    = 20 * time.Millisecond
	frameBytes   = 160
	copyBytes    = 80 // the mark stands twice in a frame, so that a slipped sample spoils one copy only
	samplesPerMS = 8
)

// side names one of the two parties of a call.
type side uint8

const (
	caller side = iota
	agent
)

func (s side) other() side { return 1 - s }

// mark tells one frame from all others.
type mark struct {
	call  int    // index, 16 bits
	from  side   // who speaks
	round uint32 // number of the 20 ms round in which both parties sent, 24 bits
	sent  int64  // wall clock, ns, 48 bits of it
}

// Bytes of a mark: a word that stands nowhere else, then digits of four bits.
// No byte is one of the two that PCMU decodes to zero.
var syncWord = []byte{0x9c, 0x1b, 0xe4, 0x63, 0xb2, 0x0d, 0xc7, 0x51}

const (
	digitBase  = 0x30
	filler     = 0x44
	callDigits = 4
	sideDigits = 1
	turnDigits = 6
	timeDigits = 12
	sumDigits  = 6 // a slipped sample moves digits: few must not do
	markBytes  = 8 + callDigits + sideDigits + turnDigits + timeDigits + sumDigits
	timeMask   = 1<<(4*timeDigits) - 1
)

// put writes m into a frame.
func (m mark) put(frame []byte) {
	m.putCopy(frame[:copyBytes], 0)
	m.putCopy(frame[copyBytes:frameBytes], 1)
}

func (m mark) putCopy(b []byte, number uint64) {
	n := copy(b, syncWord)
	sum := uint64(0)
	write := func(value uint64, digits int) {
		for d := digits - 1; d >= 0; d-- {
			digit := value >> (4 * d) & 15
			sum = mix(sum, digit)
			b[n] = digitBase | byte(digit)
			n++
		}
	}
	write(uint64(m.call), callDigits)
	write(uint64(m.from)|number<<1, sideDigits)
	write(uint64(m.round), turnDigits)
	write(uint64(m.sent), timeDigits)
	write(sum>>40, sumDigits)
	for ; n < len(b); n++ {
		b[n] = filler
	}
}

// mix adds a digit to a checksum, whose upper bits count.
func mix(sum, digit uint64) uint64 { return (sum ^ (digit + 1)) * 0x9e3779b97f4a7c15 }

// readMark reads the copy of a mark that b begins with; number is which of the two.
func readMark(b []byte) (m mark, number int, ok bool) {
	if len(b) < markBytes || !bytes.Equal(b[:len(syncWord)], syncWord) {
		return m, 0, false
	}
	n, sum := len(syncWord), uint64(0)
	read := func(digits int) (value uint64) {
		for range digits {
			if b[n]&0xf0 != digitBase {
				ok = false
			}
			digit := uint64(b[n] & 15)
			sum = mix(sum, digit)
			value = value<<4 | digit
			n++
		}
		return value
	}
	ok = true
	m.call = int(read(callDigits))
	flags := read(sideDigits)
	m.from, number = side(flags&1), int(flags>>1)
	m.round = uint32(read(turnDigits))
	m.sent = int64(read(timeDigits))
	want := sum >> 40
	return m, number, ok && read(sumDigits) == want && number <= 1
}

// age is the time from the frame's departure to at, a wall clock in ns.
func (m mark) age(at int64) time.Duration {
	return time.Duration((at&timeMask - m.sent + timeMask + 1) & timeMask)
}
