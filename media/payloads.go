package media

import (
	"assent/media/codec"
	"assent/media/sdp"
)

// kind says what a payload type carries.
type kind uint8

const (
	kindNone kind = iota
	kindAudio
	kindEvent // RFC 4733
	kindNoise // RFC 3389
)

// content is what a payload type carries.
type content struct {
	kind   kind
	format codec.Format // of audio
	rate   clockRate    // of its RTP time
}

// maxContents bounds the payload types that one agreement has.
const maxContents = 16

// payloads tells what our payload types carry.
type payloads struct {
	types    [128]uint8 // place in contents, and one
	contents [maxContents]content
}

// noiseType is the static payload type of comfort noise (RFC 3389 section 3). Gateways send it unasked.
const noiseType = 13

// narrowband is the clock of comfort noise, and of the codecs that it goes with.
const narrowband clockRate = 8000

// learn takes over an agreement.
func (p *payloads) learn(codecs []sdp.Codec) {
	*p = payloads{}
	n := 0
	add := func(payloadType uint8, c content) {
		if n < maxContents && payloadType < 128 {
			p.contents[n] = c
			n++
			p.types[payloadType] = uint8(n)
		}
	}
	for _, c := range codecs {
		if f, err := codec.FormatOf(c.Name, c.ClockHz, c.Channels); err == nil {
			add(c.PayloadType, content{kindAudio, f, clockRate(c.ClockHz)})
		} else if c.IsEvent() {
			add(c.PayloadType, content{kind: kindEvent, rate: clockRate(c.ClockHz)})
		} else if c.IsNoise() {
			add(c.PayloadType, content{kind: kindNoise, rate: narrowband})
		}
	}
	if p.types[noiseType] == 0 {
		add(noiseType, content{kind: kindNoise, rate: narrowband})
	}
}

// of returns what a payload type carries.
func (p *payloads) of(payloadType uint8) content {
	if i := p.types[payloadType&0x7F]; i > 0 {
		return p.contents[i-1]
	}
	return content{}
}

// Wideband tells whether a codec carries more than telephone speech.
func Wideband(c sdp.Codec) bool {
	f, err := codec.FormatOf(c.Name, c.ClockHz, c.Channels)
	return err == nil && f.RateHz > rateHz
}
