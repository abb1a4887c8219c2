package load

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"time"
)

// Recorded is what a recording holds of a call, frame by frame.
type Recorded struct {
	Heard   int           // frames that a far end heard
	Missing int           // of those, the file lacks
	Inside  int           // of the missing, those that lie between two that it has
	Head    int           // of the missing, those of a party before its first that the file has
	Tail    int           // of the missing, those of one party after its last that the file has; the most
	Foreign int           // frames of other calls, or in the wrong channel
	Skew    time.Duration // median distance in the file of two frames that left in the same instant
	Widest  time.Duration // the largest
}

// Held holds the call's recording against what the far ends heard; only after Stop.
func (c *Call) Held(path string) (Recorded, error) {
	var r Recorded
	channels, err := readChannels(path)
	if err != nil {
		return r, err
	}
	var places [2]map[uint32]int
	for s := range c.legs {
		places[s] = c.find(channels[s], side(s), &r)
		c.legs[s].compare(places[s], &r)
	}
	var apart []time.Duration
	for round, at := range places[caller] {
		if other, ok := places[agent][round]; ok {
			distance := time.Duration(at-other) * time.Millisecond / samplesPerMS
			apart = append(apart, distance.Abs())
		}
	}
	if len(apart) > 0 {
		slices.Sort(apart)
		r.Skew, r.Widest = apart[len(apart)/2], apart[len(apart)-1]
	}
	return r, nil
}

// find places every frame of one party in its channel: rounds to samples.
func (c *Call) find(channel []byte, who side, r *Recorded) map[uint32]int {
	places := map[uint32]int{}
	for at := 0; ; at += len(syncWord) {
		next := bytes.Index(channel[at:], syncWord)
		if next < 0 {
			return places
		}
		at += next
		m, number, ok := readMark(channel[at:])
		switch {
		case !ok:
		case m.call != c.index || m.from != who:
			r.Foreign++
		default:
			if _, twice := places[m.round]; !twice {
				places[m.round] = at - number*copyBytes
			}
		}
	}
}

// compare counts what the far end heard and the channel lacks.
func (l *leg) compare(places map[uint32]int, r *Recorded) {
	begun, lacking := false, 0
	for round := range uint32(len(l.arrived) * 64) {
		if !l.arrived.has(round) {
			continue
		}
		r.Heard++
		if _, ok := places[round]; !ok {
			r.Missing++
			lacking++
			continue
		}
		if begun {
			r.Inside += lacking
		} else {
			r.Head += lacking
		}
		begun, lacking = true, 0
	}
	if begun {
		r.Tail = max(r.Tail, lacking)
	}
}

// Longest is the most frames that one far end heard; only after Stop.
func (c *Call) Longest() (frames int) {
	for s := range c.legs {
		n := 0
		for round := range uint32(len(c.legs[s].arrived) * 64) {
			if c.legs[s].arrived.has(round) {
				n++
			}
		}
		frames = max(frames, n)
	}
	return frames
}

// readChannels reads a WAV file of 16-bit PCM in two channels, each as the PCMU
// bytes that it was decoded from.
func readChannels(path string) (channels [2][]byte, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return channels, err
	}
	for at := 12; at+8 <= len(b); {
		size := int(binary.LittleEndian.Uint32(b[at+4:]))
		if string(b[at:at+4]) != "data" {
			at += 8 + size + size%2
			continue
		}
		data := b[at+8 : min(at+8+size, len(b))]
		for i := range channels {
			channels[i] = make([]byte, len(data)/4)
		}
		for i := range channels[0] {
			channels[0][i] = muLaw[binary.LittleEndian.Uint16(data[4*i:])]
			channels[1][i] = muLaw[binary.LittleEndian.Uint16(data[4*i+2:])]
		}
		return channels, nil
	}
	return channels, fmt.Errorf("%s has no audio", path)
}
