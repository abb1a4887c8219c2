package pcm

import (
	"slices"
	"sync"
)

// Resampler turns a stream of samples into another rate, piece by piece. Sample k of what comes out lies at the time
// k/toHz of what goes in; it comes as soon as the samples around it have come. It belongs to one goroutine; its filter
// is shared. It allocates nothing but at its longest piece yet.
type Resampler struct {
	// set once
	filter *polyphase

	// owned by the caller's goroutine
	line []float64 // what is still needed, from input sample first on
	at   int       // the next output's position, in 1/up of input samples from line[half-1]
}

// NewResampler returns a Resampler between two of Rates.
func NewResampler(fromHz, toHz int) (*Resampler, error) {
	f, err := streaming(fromHz, toHz)
	if err != nil {
		return nil, err
	}
	r := &Resampler{filter: f}
	r.Reset()
	return r, nil
}

// rates is a pair of sample rates.
type rates struct{ from, to int }

// designs keeps the filters that were designed once: at most one for each pair of Rates.
var designs sync.Map // rates to *polyphase

// streaming returns the filter of a stream: what folds back stays above the pass band.
func streaming(fromHz, toHz int) (*polyphase, error) {
	key := rates{fromHz, toHz}
	if f, ok := designs.Load(key); ok {
		return f.(*polyphase), nil
	}
	f, err := newPolyphase(fromHz, toHz, 2-pass)
	if err != nil {
		return nil, err
	}
	designs.Store(key, f)
	return f, nil
}

// Reset begins a new stream: before it there is silence.
func (r *Resampler) Reset() {
	n := r.filter.half - 1
	r.line, r.at = slices.Grow(r.line[:0], n)[:n], 0
	clear(r.line)
}

// Room returns how many samples n more can become at most.
func (r *Resampler) Room(n int) int {
	return (n+r.filter.half)*r.filter.up/r.filter.down + 2
}

// Write takes the next samples of the stream and writes what comes out to dst, which has Room for it. It returns how
// many, and borrows both.
func (r *Resampler) Write(dst, samples []int16) (n int) {
	for _, s := range samples {
		r.line = append(r.line, float64(s))
	}
	f := r.filter
	first := r.at / f.up
	for ; first+2*f.half <= len(r.line) && n < len(dst); first = r.at / f.up {
		dst[n] = clip16(dot(f.taps[r.at%f.up], r.line[first:first+2*f.half]))
		n++
		r.at += f.down
	}
	first = min(first, len(r.line))
	r.line = r.line[:copy(r.line, r.line[first:])]
	r.at -= first * f.up
	return n
}

// dot returns the sum of products, in four chains of which no one waits for another. The lengths are equal.
func dot(a, b []float64) float64 {
	var sum [4]float64
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		x, y := a[i:i+4:i+4], b[i:i+4:i+4]
		sum[0] += x[0] * y[0]
		sum[1] += x[1] * y[1]
		sum[2] += x[2] * y[2]
		sum[3] += x[3] * y[3]
	}
	for ; i < len(a); i++ {
		sum[0] += a[i] * b[i]
	}
	return sum[0] + sum[1] + sum[2] + sum[3]
}

// Flush ends the stream as if silence followed, writes what is still to come to dst, which has Room(0) for it, and
// resets. It returns how many.
func (r *Resampler) Flush(dst []int16) int {
	var silence [512]int16
	n := r.Write(dst, silence[:min(r.filter.half, len(silence))])
	r.Reset()
	return n
}
