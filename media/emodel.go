package media

import (
	"math"
	"strings"
	"time"
)

// robustness is what the E-model knows of a codec: how much it impairs speech by itself, and how well it bears loss
// (ITU-T G.113 appendix I; both on the scale of narrowband telephony).
type robustness struct {
	ie  float64 // equipment impairment factor without loss
	bpl float64 // packet-loss robustness factor
}

// robust lists the codecs that pass through us. PCMU, PCMA and G.729 are G.113's, with concealment at the receiver. The
// wideband ones impair nothing on this scale; their robustness is an estimate: G.722 conceals as G.711 does, less well
// for its memory, Opus has its own concealment and forward error correction.
var robust = map[string]robustness{
	"PCMU": {0, 25.1}, "PCMA": {0, 25.1}, "L16": {0, 25.1},
	"G722": {0, 19}, "OPUS": {0, 30}, "G729": {11, 19},
}

const (
	// basicRating is the rating of a connection without delay, loss and coding, by the default values of G.107.
	basicRating = 93.2
	// receiverDelay is what a telephone adds by itself: a packet's length and a jitter buffer of twice the jitter at least.
	receiverDelay = 40 * time.Millisecond
)

// path is one direction of a stream, as the E-model needs it.
type path struct {
	codec string        // encoding name
	loss  float64       // share of packets lost, 0 to 1
	burst float64       // mean length of a run of losses over that of random loss; less than 1 counts as 1
	delay time.Duration // one way, network only
	sway  time.Duration // interarrival jitter
}

// rating returns the transmission rating factor R of G.107: 0 is useless, 93.2 the best.
func (p path) rating() float64 {
	codec, known := robust[strings.ToUpper(p.codec)]
	if !known {
		codec = robust["PCMU"]
	}
	percent := 100 * min(max(p.loss, 0), 1)
	impairment := codec.ie + (95-codec.ie)*percent/(percent/max(p.burst, 1)+codec.bpl)
	delay := p.delay + receiverDelay + 2*p.sway
	return max(basicRating-delayImpairment(delay)-impairment, 0)
}

// delayImpairment is Idd of G.107 section 7.4: what a one-way delay costs in talk, nothing up to 100 ms.
func delayImpairment(delay time.Duration) float64 {
	const free = 100 * time.Millisecond
	if delay <= free {
		return 0
	}
	x := math.Log2(float64(delay) / float64(free))
	return 25 * (math.Pow(1+math.Pow(x, 6), 1.0/6) - 3*math.Pow(1+math.Pow(x/3, 6), 1.0/6) + 2)
}

// mos turns a rating into a mean opinion score, 1 to 4.5 (G.107 annex B).
func mos(r float64) float64 {
	switch {
	case r <= 0:
		return 1
	case r >= 100:
		return 4.5
	}
	return max(1+0.035*r+r*(r-60)*(100-r)*7e-6, 1)
}
