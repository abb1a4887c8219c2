package sdp

import (
	"slices"
	"strconv"
	"strings"
)

// eventTypes are the payload types of telephone-event in our offers, by its clock.
var eventTypes = map[int]uint8{8000: 101, 16000: 102, 44100: 103, 48000: 110}

// abilities lists what we can receive, with the payload types of this session. A type that the peer has mapped to
// something else is not used for a second one.
func (l *Local) abilities() []Codec {
	var codecs []Codec
	var taken [128]bool
	add := func(c Codec, agreed bool) {
		if !taken[c.PayloadType] && (agreed || !l.maps(c.PayloadType)) {
			taken[c.PayloadType] = true
			codecs = append(codecs, c)
		}
	}
	for _, name := range l.Codecs {
		for _, c := range known(name) {
			if !c.IsNoise() {
				add(l.typed(c))
			}
		}
	}
	clocks := clocksOf(codecs)
	if noise := l.comfort(); noise != nil && slices.Contains(clocks, noise.ClockHz) {
		add(l.typed(*noise))
	}
	if l.Events == WithEvents {
		for _, clock := range clocks {
			add(l.typed(l.freeEvent(clock)))
		}
	}
	return codecs
}

// clocksOf returns the clocks of codecs, each once: telephone events come with each of them (RFC 4733 section 2.1).
func clocksOf(codecs []Codec) (clocks []int) {
	for _, c := range codecs {
		if !slices.Contains(clocks, c.ClockHz) {
			clocks = append(clocks, c.ClockHz)
		}
	}
	return clocks
}

// comfort returns comfort noise, if we have it.
func (l *Local) comfort() *Codec {
	for _, name := range l.Codecs {
		if strings.EqualFold(name, noiseName) {
			return &known(noiseName)[0]
		}
	}
	return nil
}

// key names a payload format among those of a session.
func (c Codec) key() string {
	return strings.ToLower(c.Name) + "/" + strconv.Itoa(c.ClockHz) + "/" + strconv.Itoa(c.Channels)
}

// typed gives a codec the payload type that was agreed for it, if there was one.
func (l *Local) typed(c Codec) (typed Codec, agreed bool) {
	pt, agreed := l.types[c.key()]
	if agreed {
		c.PayloadType = pt
	}
	return c, agreed
}

// maps tells whether a payload type was agreed for some codec.
func (l *Local) maps(payloadType uint8) bool {
	for _, pt := range l.types {
		if pt == payloadType {
			return true
		}
	}
	return false
}

// freeEvent returns telephone-event with our usual payload type, or the next dynamic one that is free.
func (l *Local) freeEvent(clockHz int) Codec {
	c := Codec{Name: eventName, PayloadType: eventTypes[clockHz], ClockHz: clockHz, Channels: 1, Fmtp: eventRange}
	for l.maps(c.PayloadType) && c.PayloadType < 127 {
		c.PayloadType++
	}
	return c
}
