package pcm

import "math"

// What two tones must be like to be a key. Where ITU-T Q.24 demands a figure, ours leaves a margin for noise.
const (
	minToneDB   = -32.0 // each, in dBFS: about -29 dBm0
	maxTwistDB  = 6.0   // column over row; 4 must pass
	minTwistDB  = -10.0 // column over row; -8 must pass
	maxOffTune  = 0.02  // of the frequency; 1.5 % must pass, 3.5 % must not
	minShare    = 0.85  // of the window's energy that is in the two tones; speech spreads it
	minLead     = 4.0   // power over the next tone of the group
	maxDrift    = 4.0   // Hz from one window to the next; the pitch of a voice glides
	maxHarmonic = 0.15  // power at twice the frequency: voices have harmonics
)

// toneFilters measures the eight tones and their second harmonics.
type toneFilters struct {
	low, high, lowTwice, highTwice group
}

// group is the four rows, or the four columns.
type group [4]Goertzel

// filters is shared by all detectors: it has no state.
var filters = newToneFilters()

func newToneFilters() *toneFilters {
	f := &toneFilters{}
	for i := range dtmfLow {
		f.low[i] = NewGoertzel(dtmfLow[i], RateHz)
		f.high[i] = NewGoertzel(dtmfHigh[i], RateHz)
		f.lowTwice[i] = NewGoertzel(2*dtmfLow[i], RateHz)
		f.highTwice[i] = NewGoertzel(2*dtmfHigh[i], RateHz)
	}
	return f
}

// sight is what one window shows: the two strongest tones, or key 0 if they can't be a key.
type sight struct {
	key       byte
	low, high phasor  // its row's tone and its column's
	energy    float64 // of the whole window
}

// phasor is one tone in a window.
type phasor struct {
	hz     float64
	re, im float64
	off    float64 // Hz beside hz, once a window before has told it
	told   bool
}

func (p *phasor) power() float64 { return p.re*p.re + p.im*p.im }

// look finds the key that a window may show, by what can be told without the next one.
func (f *toneFilters) look(samples *[window]int16) sight {
	s := sight{energy: float64(energy(samples[:]))}
	if s.energy < minToneEnergy {
		return s
	}
	row, low, ok := strongest(f.low.correlate(samples))
	if !ok {
		return s
	}
	column, high, ok := strongest(f.high.correlate(samples))
	if !ok {
		return s
	}
	low.hz, high.hz = dtmfLow[row], dtmfHigh[column]
	s.low, s.high = low, high
	if s.harmonic(&f.lowTwice[row], &f.highTwice[column], samples) {
		return s
	}
	s.key = dtmfKeys[row][column]
	return s
}

// strongest returns the tone of a group that stands out.
func strongest(group [4]phasor) (best int, tone phasor, standsOut bool) {
	var first, second float64
	for i := range group {
		switch power := group[i].power(); {
		case power > first:
			best, first, second = i, power, first
		case power > second:
			second = power
		}
	}
	return best, group[best], first > minLead*second
}

// correlate runs the four filters of a group side by side: each waits for its own last result, so four take little
// longer than one.
func (g *group) correlate(samples *[window]int16) (out [4]phasor) {
	var a1, a2, b1, b2, c1, c2, d1, d2 float64
	a, b, c, d := g[0].coefficient, g[1].coefficient, g[2].coefficient, g[3].coefficient
	for _, sample := range samples {
		s := float64(sample)
		a1, a2 = s+a*a1-a2, a1
		b1, b2 = s+b*b1-b2, b1
		c1, c2 = s+c*c1-c2, c1
		d1, d2 = s+d*d1-d2, d1
	}
	for i, state := range [4][2]float64{{a1, a2}, {b1, b2}, {c1, c2}, {d1, d2}} {
		out[i].re, out[i].im = g[i].result(state[0], state[1])
	}
	return out
}

func (s *sight) harmonic(lowTwice, highTwice *Goertzel, samples *[window]int16) bool {
	return lowTwice.power(samples) > maxHarmonic*s.low.power() || highTwice.power(samples) > maxHarmonic*s.high.power()
}

func (g *Goertzel) power(samples *[window]int16) float64 {
	re, im := g.correlate(samples[:])
	return re*re + im*im
}

// confirms tells whether this window, one hop after before, shows the same key: the phases of both tones have advanced
// as their frequencies say, and with their true frequencies known, both windows are little else than these two tones.
func (s *sight) confirms(before *sight) bool {
	if s.key != before.key || !s.low.follows(&before.low) || !s.high.follows(&before.high) {
		return false
	}
	return s.pure(s.low.off, s.high.off) && before.pure(s.low.off, s.high.off)
}

// follows works out how far off tune the tone is, and tells whether it is in tune and as far off as it was.
func (p *phasor) follows(before *phasor) bool {
	p.off, p.told = p.offTune(before), true
	if before.told && math.Abs(p.off-before.off) > maxDrift {
		return false
	}
	return math.Abs(p.off) <= maxOffTune*p.hz
}

// offTune returns by how many Hz a tone differs from its nominal frequency, up to 62 Hz, from its phase one hop before.
func (p *phasor) offTune(before *phasor) float64 {
	re := p.re*before.re + p.im*before.im
	im := p.im*before.re - p.re*before.im
	turn := math.Atan2(im, re)/(2*math.Pi) - p.hz*hop/RateHz
	return (turn - math.Round(turn)) * RateHz / hop
}

// pure judges levels, twist and share, once it is known how far off tune the tones are.
func (s *sight) pure(lowOff, highOff float64) bool {
	low, high := s.low.toneEnergy(lowOff), s.high.toneEnergy(highOff)
	if min(low, high) < minToneEnergy || low+high < minShare*s.energy {
		return false
	}
	twistDB := 10 * math.Log10(high/low)
	return twistDB <= maxTwistDB && twistDB >= minTwistDB
}

// likelyShare is the share of a window's energy that two tones have whose exact frequencies are not known yet.
const likelyShare = 0.6

// likely judges a window by itself, in which the tones may be a little out of tune.
func (s *sight) likely() bool {
	low, high := s.low.toneEnergy(0), s.high.toneEnergy(0)
	return min(low, high) >= minToneEnergy/2 && low+high >= likelyShare*s.energy
}

// toneEnergy returns the energy that the tone has in the window, of which its filter, off Hz beside, saw a part.
func (p *phasor) toneEnergy(off float64) float64 {
	seen := sinc(off * window / RateHz)
	return p.power() * 2 / window / (seen * seen)
}

// minToneEnergy is the energy that a sine of minToneDB has in a window.
var minToneEnergy = math.Pow(10, minToneDB/10) * fullScale * fullScale / 2 * window
