package media

import "time"

const (
	// delayBins of delayBin are how finely lateness is told apart, and how far.
	delayBins = 60
	delayBin  = 5 * time.Millisecond
	// delayMemory is by what share a packet weighs, as a power of two: the last 256 packets count, five seconds of them.
	delayMemory = 8
	// delayCovers is the share of packets that are to come in time, in percent.
	delayCovers = 97
	delayWhole  = 1 << 24
)

// delays is how late packets come, against the least delayed ones: a histogram that forgets. Events are left out, whose
// timestamps stand still. The zero value knows nothing.
type delays struct {
	bins  [delayBins]uint32 // shares of delayWhole
	known bool
}

// add takes the lateness of a packet.
func (d *delays) add(late time.Duration) {
	i := min(max(int(late/delayBin), 0), delayBins-1)
	if !d.known {
		d.known, d.bins[i] = true, delayWhole
		return
	}
	freed := uint32(0)
	for k, share := range d.bins {
		lost := share >> delayMemory
		d.bins[k] -= lost
		freed += lost
	}
	d.bins[i] += freed
}

// target returns the delay that is enough for delayCovers of the packets.
func (d *delays) target() time.Duration {
	sum := uint64(0)
	for i, share := range d.bins {
		if sum += uint64(share); sum*100 >= delayWhole*delayCovers {
			return time.Duration(i+1) * delayBin
		}
	}
	return delayBins * delayBin
}
