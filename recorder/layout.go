package recorder

import (
	"encoding/binary"
	"math"
	"strings"

	"assent/media/codec"
)

// The codecs of a stored file, as the sidecar names them.
const (
	codecPCM  = "pcm_s16le" // 16-bit little-endian linear PCM
	codecPCMU = "pcmu"      // G.711 µ-law, a byte a sample
	codecPCMA = "pcma"      // G.711 A-law, a byte a sample
	codecOpus = "opus"      // RFC 6716; only of a file that was rendered
)

// layout says how the frames of a recording stand in its WAV file. It is fixed
// when the recording opens.
type layout struct {
	codec    string // codecPCM, codecPCMU or codecPCMA
	rateHz   int
	channels int // of the file: 2, or 1 where both parties are mixed
}

// layoutOf returns how the recording of a complete spec is written.
func layoutOf(s Spec) layout {
	l := layout{codec: s.Codec, rateHz: s.RateHz, channels: channels}
	if !s.DualChannel {
		l.channels = 1
	}
	return l
}

// known reports whether a recorder writes such files.
func (l layout) known() bool {
	_, g711 := l.law()
	return validRate(l.rateHz) && (l.codec == codecPCM || g711 && l.channels == channels && l.rateHz == DefaultRateHz)
}

// codecOf returns the codec in which audio is written: the G.711 law that the
// external party sends, where the format asks for what came and the file can
// hold it, else linear PCM. A mix of two parties is not what came.
func codecOf(s Spec) string {
	if s.Format != FormatG711 || s.RateHz != DefaultRateHz || !s.DualChannel {
		return codecPCM
	}
	switch strings.ToUpper(s.Channels[0].Codec) {
	case codec.PCMU.String():
		return codecPCMU
	case codec.PCMA.String():
		return codecPCMA
	}
	return codecPCM
}

// law returns the G.711 law of the file; ok is false for linear PCM.
func (l layout) law() (id codec.ID, ok bool) {
	switch l.codec {
	case codecPCMU:
		return codec.PCMU, true
	case codecPCMA:
		return codec.PCMA, true
	}
	return 0, false
}

// sampleBytes returns the size of one sample of one channel in the file.
func (l layout) sampleBytes() int {
	if l.codec == codecPCM {
		return 2
	}
	return 1
}

// frameBytes returns the size of one sample of all channels in the file.
func (l layout) frameBytes() int { return l.sampleBytes() * l.channels }

// silence returns the byte that is silence in the file.
func (l layout) silence() byte {
	if id, ok := l.law(); ok {
		return id.Silence()
	}
	return 0
}

// milliseconds returns the length of n frames, rounded.
func (l layout) milliseconds(n int64) int64 {
	return (n*1000 + int64(l.rateHz)/2) / int64(l.rateHz)
}

// frames returns how many frames ms last.
func (l layout) frames(ms int64) int64 { return ms * int64(l.rateHz) / 1000 }

// pack turns frames as memory holds them into frames as the file holds them, in
// place, and returns the part of b that they take. In memory a frame is a
// 16-bit word of each channel, and zero is silence in every codec.
func (l layout) pack(b []byte) []byte {
	if l.codec != codecPCM {
		mask := l.silence()
		for i := range len(b) / 2 {
			b[i] = b[2*i] ^ mask
		}
		return b[:len(b)/2]
	}
	if l.channels == 1 {
		return mixDown(b)
	}
	return b
}

// encode writes samples of one channel as memory holds them, one in each frame of b.
func (l layout) encode(b []byte, samples []int16) {
	switch l.codec {
	case codecPCMU:
		for i, s := range samples {
			b[i*frameBytes] = codec.EncodeULaw(s) ^ codec.PCMU.Silence()
		}
	case codecPCMA:
		for i, s := range samples {
			b[i*frameBytes] = codec.EncodeALaw(s) ^ codec.PCMA.Silence()
		}
	default:
		for i, s := range samples {
			binary.LittleEndian.PutUint16(b[i*frameBytes:], uint16(s))
		}
	}
}

// mixDown turns interleaved frames of two channels into their sum, in place,
// and returns the half that holds it. Sums beyond 16 bits are clipped.
func mixDown(b []byte) []byte {
	le := binary.LittleEndian
	for i := 0; i+frameBytes <= len(b); i += frameBytes {
		sum := int32(int16(le.Uint16(b[i:]))) + int32(int16(le.Uint16(b[i+2:])))
		sum = max(math.MinInt16, min(math.MaxInt16, sum))
		le.PutUint16(b[i/2:], uint16(int16(sum)))
	}
	return b[:len(b)/2]
}
