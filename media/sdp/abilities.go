package sdp

import "strings"

// defaultEventType is the payload type of telephone-event in our offers.
const defaultEventType = 101

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
		if c, ok := known(name); ok {
			add(l.typed(c))
		}
	}
	if l.Events == WithEvents {
		add(l.typed(l.freeEvent()))
	}
	return codecs
}

// typed gives a codec the payload type that was agreed for it, if there was one.
func (l *Local) typed(c Codec) (typed Codec, agreed bool) {
	pt, agreed := l.types[strings.ToLower(c.Name)]
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
func (l *Local) freeEvent() Codec {
	c := Codec{Name: eventName, PayloadType: defaultEventType, ClockHz: 8000, Channels: 1, Fmtp: eventRange}
	for l.maps(c.PayloadType) && c.PayloadType < 127 {
		c.PayloadType++
	}
	return c
}
