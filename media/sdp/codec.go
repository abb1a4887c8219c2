package sdp

import (
	"strconv"
	"strings"
)

// Codec is one payload format of an audio line.
type Codec struct {
	Name        string // the encoding name: PCMU, PCMA, telephone-event …; in a Description as the peer wrote it
	PayloadType uint8  // 0 to 127
	ClockHz     int    // of its RTP timestamps
	Channels    int    // 1 where nothing is said
	Fmtp        string // format parameters, or ""
}

// Is tells whether two codecs are the same but for their payload type and parameters.
func (c Codec) Is(other Codec) bool {
	return strings.EqualFold(c.Name, other.Name) && c.ClockHz == other.ClockHz && c.Channels == other.Channels
}

// eventName is the encoding name of DTMF (RFC 4733 section 7.1.1).
const eventName = "telephone-event"

// IsEvent tells whether c carries DTMF.
func (c Codec) IsEvent() bool { return strings.EqualFold(c.Name, eventName) }

// noiseName is the encoding name of comfort noise (RFC 3389 section 5.1).
const noiseName = "CN"

// IsNoise tells whether c carries comfort noise.
func (c Codec) IsNoise() bool { return strings.EqualFold(c.Name, noiseName) }

// static lists the audio payload types that need no rtpmap (RFC 3551 section 6, table 4).
var static = map[uint8]Codec{
	0:  {Name: "PCMU", PayloadType: 0, ClockHz: 8000, Channels: 1},
	3:  {Name: "GSM", PayloadType: 3, ClockHz: 8000, Channels: 1},
	4:  {Name: "G723", PayloadType: 4, ClockHz: 8000, Channels: 1},
	8:  {Name: "PCMA", PayloadType: 8, ClockHz: 8000, Channels: 1},
	9:  {Name: "G722", PayloadType: 9, ClockHz: 8000, Channels: 1}, // its RTP clock is 8 kHz by an old mistake
	11: {Name: "L16", PayloadType: 11, ClockHz: 44100, Channels: 1},
	13: {Name: "CN", PayloadType: 13, ClockHz: 8000, Channels: 1},
	18: {Name: "G729", PayloadType: 18, ClockHz: 8000, Channels: 1},
}

// canonical returns c with its name as the RFCs write it, whatever case the peer wrote: names end up in metrics.
func (c Codec) canonical() Codec {
	if c.IsEvent() {
		c.Name = eventName
	} else if ours := known(c.Name); len(ours) > 0 {
		c.Name = ours[0].Name
	}
	return c
}

// ours lists the payload formats of each name in our own configuration, the most wanted first, with the payload types
// that our offers give them. Dynamic ones are those that other equipment uses most.
var ours = map[string][]Codec{
	"pcmu": {static[0]},
	"pcma": {static[8]},
	"g722": {static[9]},
	"opus": {{Name: "opus", PayloadType: 111, ClockHz: 48000, Channels: 2, Fmtp: opusParameters}},
	"l16": {
		{Name: "L16", PayloadType: 118, ClockHz: 16000, Channels: 1},
		static[11],
		{Name: "L16", PayloadType: 119, ClockHz: 8000, Channels: 1},
	},
	"cn": {static[13]},
}

// opusParameters say that redundancy is of use to us, and how short packets may be (RFC 7587 section 6.1).
const opusParameters = "minptime=10;useinbandfec=1"

// known returns the payload formats of a name in our own configuration.
func known(name string) []Codec { return ours[strings.ToLower(name)] }

// Codecs returns the payload formats of an audio line in the order of preference that its sender gave. Numbers that
// are no payload types, come twice, or are dynamic and have no rtpmap are left out.
func (m *Media) Codecs() []Codec {
	var codecs []Codec
	var seen [128]bool
	for _, format := range m.Formats {
		payloadType, ok := parsePayloadType(format)
		if !ok || seen[payloadType] {
			continue
		}
		seen[payloadType] = true
		if c, ok := m.codec(payloadType); ok {
			codecs = append(codecs, c)
		}
	}
	return codecs
}

// has tells whether the line lists that payload type, mapped or not.
func (m *Media) has(payloadType uint8) bool {
	for _, format := range m.Formats {
		if pt, ok := parsePayloadType(format); ok && pt == payloadType {
			return true
		}
	}
	return false
}

func (m *Media) codec(payloadType uint8) (Codec, bool) {
	c, ok := m.mapped(payloadType)
	if !ok {
		if c, ok = static[payloadType]; !ok {
			return Codec{}, false
		}
	}
	c.Fmtp = m.parameters(payloadType)
	return c, true
}

// mapped finds the payload type's rtpmap (RFC 8866 section 6.6): the first, where a hostile description has several.
func (m *Media) mapped(payloadType uint8) (Codec, bool) {
	for _, line := range m.Lines {
		text, ok := strings.CutPrefix(line.Value, "rtpmap:")
		if !ok || line.Type != 'a' {
			continue
		}
		fields := strings.Fields(text)
		if len(fields) < 2 {
			continue
		}
		if pt, ok := parsePayloadType(fields[0]); ok && pt == payloadType {
			return parseEncoding(payloadType, fields[1])
		}
	}
	return Codec{}, false
}

// parseEncoding reads "PCMA/8000" or "opus/48000/2".
func parseEncoding(payloadType uint8, text string) (Codec, bool) {
	const maxClock, maxChannels = 192000, 8
	parts := strings.Split(text, "/")
	if len(parts) < 2 || len(parts) > 3 || parts[0] == "" {
		return Codec{}, false
	}
	c := Codec{Name: parts[0], PayloadType: payloadType, Channels: 1}
	var err error
	if c.ClockHz, err = strconv.Atoi(parts[1]); err != nil || c.ClockHz < 1 || c.ClockHz > maxClock {
		return Codec{}, false
	}
	if len(parts) == 3 {
		if c.Channels, err = strconv.Atoi(parts[2]); err != nil || c.Channels < 1 || c.Channels > maxChannels {
			return Codec{}, false
		}
	}
	return c, true
}

func (m *Media) parameters(payloadType uint8) string {
	for _, line := range m.Lines {
		text, ok := strings.CutPrefix(line.Value, "fmtp:")
		if !ok || line.Type != 'a' {
			continue
		}
		number, parameters, _ := strings.Cut(text, " ")
		if pt, ok := parsePayloadType(number); ok && pt == payloadType {
			return strings.TrimSpace(parameters)
		}
	}
	return ""
}

func parsePayloadType(text string) (uint8, bool) {
	n, err := strconv.ParseUint(text, 10, 7)
	return uint8(n), err == nil
}
