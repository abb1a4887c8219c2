package codec

import (
	"math"
	"testing"
)

// The reference knows nothing of bits and shifts: it walks the decision and output values that tables 1 and 2 of ITU-T
// G.711 list, interval by interval, and looks for the one that a sample falls into.

// interval is one step of a law: magnitudes from its lower decision value on give its code.
type interval struct {
	from, output float64
}

// uLawIntervals lists the 128 steps of the µ-law in 14-bit units: a first of half the size, 15 of 2, then 16 each of
// 4, 8 … 256.
func uLawIntervals() []interval {
	steps := []interval{{0, 0}}
	from := 1.0
	for range 15 {
		steps = append(steps, interval{from, from + 1})
		from += 2
	}
	for size := 4.0; size <= 256; size *= 2 {
		for range 16 {
			steps = append(steps, interval{from, from + size/2})
			from += size
		}
	}
	return steps
}

// aLawIntervals lists the 128 steps of the A-law in 13-bit units: 32 of 2, then 16 each of 4, 8 … 128.
func aLawIntervals() []interval {
	var steps []interval
	from := 0.0
	for range 32 {
		steps = append(steps, interval{from, from + 1})
		from += 2
	}
	for size := 4.0; size <= 128; size *= 2 {
		for range 16 {
			steps = append(steps, interval{from, from + size/2})
			from += size
		}
	}
	return steps
}

// find returns the code of a magnitude: the last interval that begins at or below it.
func find(steps []interval, magnitude float64) int {
	code := 0
	for i, step := range steps {
		if step.from <= magnitude {
			code = i
		}
	}
	return code
}

// magnitude returns a sample's magnitude in whole units of unit, with the one's complement of G.191 for negative ones.
func magnitude(sample, unit int) float64 {
	if sample < 0 {
		sample = -sample - 1
	}
	return math.Floor(float64(sample) / float64(unit))
}

func TestULawEncodesEverySampleAsTheTablesOfG711Say(t *testing.T) {
	steps := uLawIntervals()
	for sample := math.MinInt16; sample <= math.MaxInt16; sample++ {
		want := byte(0xFF - find(steps, magnitude(sample, 4)))
		if sample < 0 {
			want &^= 0x80
		}
		if got := EncodeULaw(int16(sample)); got != want {
			t.Fatalf("sample %d: %#02x, want %#02x", sample, got, want)
		}
	}
}

func TestALawEncodesEverySampleAsTheTablesOfG711Say(t *testing.T) {
	steps := aLawIntervals()
	for sample := math.MinInt16; sample <= math.MaxInt16; sample++ {
		want := byte(find(steps, magnitude(sample, 8)))
		if sample >= 0 {
			want |= 0x80
		}
		want ^= 0x55
		if got := EncodeALaw(int16(sample)); got != want {
			t.Fatalf("sample %d: %#02x, want %#02x", sample, got, want)
		}
	}
}

func TestEveryByteDecodesToTheOutputValueOfG711(t *testing.T) {
	uLaw, aLaw := uLawIntervals(), aLawIntervals()
	for code := range 128 {
		u, a := int16(uLaw[code].output*4), int16(aLaw[code].output*8)
		for _, c := range []struct {
			law       string
			got, want int16
		}{
			{"positive µ-law", DecodeULaw[0xFF-code], u},
			{"negative µ-law", DecodeULaw[0x7F-code], -u},
			{"positive A-law", DecodeALaw[(code|0x80)^0x55], a},
			{"negative A-law", DecodeALaw[code^0x55], -a},
		} {
			if c.got != c.want {
				t.Errorf("%s code %d: %d, want %d", c.law, code, c.got, c.want)
			}
		}
	}
}

// The ends of the curves and the bytes of silence, as the standard prints them.
func TestKnownValuesOfG711(t *testing.T) {
	for _, c := range []struct {
		what      string
		got, want int
	}{
		{"µ-law of the largest sample", int(EncodeULaw(math.MaxInt16)), 0x80},
		{"µ-law of the smallest sample", int(EncodeULaw(math.MinInt16)), 0x00},
		{"A-law of the largest sample", int(EncodeALaw(math.MaxInt16)), 0xAA},
		{"A-law of the smallest sample", int(EncodeALaw(math.MinInt16)), 0x2A},
		{"loudest µ-law sample", int(DecodeULaw[0x80]), 8031 * 4},
		{"loudest A-law sample", int(DecodeALaw[0xAA]), 4032 * 8},
		{"µ-law silence", int(EncodeULaw(0)), int(PCMU.Silence())},
		{"A-law silence", int(EncodeALaw(0)), int(PCMA.Silence())},
	} {
		if c.got != c.want {
			t.Errorf("%s: %#x, want %#x", c.what, c.got, c.want)
		}
	}
}

func TestDecodingAndEncodingGivesTheSameByte(t *testing.T) {
	for i := range 256 {
		b := byte(i)
		if got := EncodeALaw(DecodeALaw[b]); got != b {
			t.Errorf("A-law %#02x came back as %#02x", b, got)
		}
		want := b
		if b == 0x7F {
			want = 0xFF // minus zero is zero
		}
		if got := EncodeULaw(DecodeULaw[b]); got != want {
			t.Errorf("µ-law %#02x came back as %#02x", b, got)
		}
	}
}

func TestDirectTablesEqualDecodingAndEncoding(t *testing.T) {
	for i := range 256 {
		b := byte(i)
		if got, want := ULawToALaw[b], EncodeALaw(DecodeULaw[b]); got != want {
			t.Errorf("µ-law %#02x: A-law %#02x, want %#02x", b, got, want)
		}
		if got, want := ALawToULaw[b], EncodeULaw(DecodeALaw[b]); got != want {
			t.Errorf("A-law %#02x: µ-law %#02x, want %#02x", b, got, want)
		}
	}
}

// Passing between the laws twice must not wear the signal down: what came back once comes back for ever.
func TestTranscodingToAndFroIsStable(t *testing.T) {
	for i := range 256 {
		once := ULawToALaw[ALawToULaw[byte(i)]]
		if twice := ULawToALaw[ALawToULaw[once]]; twice != once {
			t.Errorf("A-law %#02x: %#02x, then %#02x", i, once, twice)
		}
		once = ALawToULaw[ULawToALaw[byte(i)]]
		if twice := ALawToULaw[ULawToALaw[once]]; twice != once {
			t.Errorf("µ-law %#02x: %#02x, then %#02x", i, once, twice)
		}
	}
}

func TestTranscodingKeepsTheSampleWithinItsCoarserStep(t *testing.T) {
	for i := range 256 {
		from, to := int(DecodeULaw[byte(i)]), int(DecodeALaw[ULawToALaw[byte(i)]])
		if from < 0 {
			from, to = -from, -to
		}
		if allowed := max(from/16, 16); to < from-allowed || to > from+allowed {
			t.Errorf("µ-law %#02x: sample %d became %d", i, from, to)
		}
	}
}
