package pcm

// Press is a DTMF key found in audio. Start and End count samples from the detector's first, and are true to about
// 10 ms.
type Press struct {
	Key        byte // 0-9, *, #, A-D
	Start, End int64
}

// A window of 20 ms tells the tones of a group apart. Windows overlap, one beginning every 8 ms: a tone of 40 ms fills
// three of them wherever it begins, one of 23 ms two at most (ITU-T Q.24 wants the one and not the other). A key ends
// after five windows without it: a drop-out of 10 ms doesn't split it, a pause of 40 ms does.
const (
	window     = 160
	hop        = 64
	windowsOn  = 3
	windowsOff = 5
)

// Detector finds DTMF keys in a stream of samples at RateHz, and reports each once, when it is over. It keeps 20 ms of
// audio, allocates nothing once made, and belongs to one goroutine.
type Detector struct {
	// set once
	report func(Press)
	tones  *toneFilters

	// owned by the caller's goroutine
	buffer [window]int16
	filled int
	start  int64 // of the window in buffer
	last   sight // of the window before
	run    int   // windows in a row that show last.key, in tune
	missed int   // windows in a row without the key that is down
	down   bool
	press  Press
}

// NewDetector returns a Detector that calls report, on the caller's goroutine, for each key when it is over.
func NewDetector(report func(Press)) *Detector {
	return &Detector{report: report, tones: filters}
}

// Write takes the next samples of the stream, which it borrows.
func (d *Detector) Write(samples []int16) {
	for len(samples) > 0 {
		n := copy(d.buffer[d.filled:], samples)
		d.filled += n
		samples = samples[n:]
		if d.filled == window {
			d.step()
			copy(d.buffer[:], d.buffer[hop:])
			d.filled -= hop
			d.start += hop
		}
	}
}

// Skip takes n samples of the stream as lost. A key that is down is over, and reported.
func (d *Detector) Skip(n int) {
	d.Flush()
	d.start += int64(d.filled + n)
	d.filled = 0
}

// Flush ends a key that is down, and reports it.
func (d *Detector) Flush() {
	d.last, d.run = sight{}, 0
	d.release()
}

// Held returns the key that is down at the moment, its End as far as it was heard, and false if none is.
func (d *Detector) Held() (Press, bool) { return d.press, d.down }

// Suspected tells whether the newest audio looks like a key, before it has lasted long enough to be one.
func (d *Detector) Suspected() bool { return d.down || d.last.key != 0 && d.last.likely() }

// step judges a full window.
func (d *Detector) step() {
	now := d.tones.look(&d.buffer)
	switch {
	case now.key == 0:
		d.run = 0
	case now.confirms(&d.last):
		d.run++
	default:
		d.run = 1
	}
	d.last = now
	if d.down {
		d.hold()
	}
	if !d.down && d.run >= windowsOn {
		d.down, d.missed = true, 0
		d.press = Press{Key: now.key, Start: d.start - (windowsOn-1)*hop, End: d.start + window}
	}
}

// hold judges whether the key that is down still is.
func (d *Detector) hold() {
	if d.run >= 2 && d.last.key == d.press.Key {
		d.missed, d.press.End = 0, d.start+window
		return
	}
	d.missed++
	if d.missed >= windowsOff || d.run >= windowsOn {
		d.release()
	}
}

func (d *Detector) release() {
	if d.down {
		d.down, d.missed = false, 0
		d.report(d.press)
	}
}
