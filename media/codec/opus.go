package codec

import (
	"errors"
	"fmt"
	"time"
)

// ErrNoOpus means that this build has no Opus: it was made without cgo or without libopus.
var ErrNoOpus = errors.New("this build has no Opus: build with cgo and libopus (make build)")

// OpusConfig says what an Opus encoder makes. The zero value of each field but RateHz and Channels is libopus' default.
type OpusConfig struct {
	RateHz      int  // of the samples: 8000, 12000, 16000, 24000 or 48000
	Channels    int  // 1, or 2 with the samples interleaved
	Music       bool // tuned for any sound rather than for speech
	BitrateBPS  int  // 6000 to 510000; 0: chosen by rate and channels
	CBR         bool // every packet has the same length
	Complexity  int  // 1 to 10; 0: libopus' own, 9
	FEC         bool // each packet carries the one before once more, in low quality, where the bit rate allows
	LossPercent int  // the loss to be expected, by which FEC is weighed
	DTX         bool // silence is sent as one packet in 400 ms
}

// OpusLookahead is how far the sound of an encoder lies behind what it was given, in samples at 48 kHz: the pre-skip of
// a file (RFC 7845 section 4.2). libopus has 2.5 ms of overlap and 4 ms of delay compensation, at any rate.
const OpusLookahead = 312

// OpusFrames are the lengths that a frame may have (RFC 6716 section 2.1.4).
var OpusFrames = []time.Duration{
	2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 40 * time.Millisecond, 60 * time.Millisecond,
}

// callOpus is what our side of a call sends: mono speech, with FEC against the loss that a call survives. Complexity 5
// costs half of 9 and is not told apart by ear on speech.
func callOpus(rateHz int) OpusConfig {
	bitrate := 24000
	switch {
	case rateHz <= 8000:
		bitrate = 20000
	case rateHz > 24000:
		bitrate = 40000
	}
	return OpusConfig{RateHz: rateHz, Channels: 1, BitrateBPS: bitrate, Complexity: 5, FEC: true, LossPercent: 5}
}

// Validate tells what is wrong with c.
func (c OpusConfig) Validate() error {
	switch {
	case FormatOpus.RateFor(c.RateHz) != c.RateHz:
		return fmt.Errorf("opus at %d Hz; want 8000, 12000, 16000, 24000 or 48000", c.RateHz)
	case c.Channels != 1 && c.Channels != 2:
		return fmt.Errorf("opus with %d channels; want 1 or 2", c.Channels)
	case c.BitrateBPS != 0 && (c.BitrateBPS < 6000 || c.BitrateBPS > 510000):
		return fmt.Errorf("opus at %d bit/s; want 6000 to 510000", c.BitrateBPS)
	case c.Complexity < 0 || c.Complexity > 10:
		return fmt.Errorf("opus complexity %d; want 1 to 10", c.Complexity)
	case c.LossPercent < 0 || c.LossPercent > 100:
		return fmt.Errorf("opus loss %d %%; want 0 to 100", c.LossPercent)
	}
	return nil
}

// maxOpusTicks is the longest packet: 120 ms (RFC 6716 section 3.2.5).
const maxOpusTicks = 5760

// opusTicks returns the samples at 48 kHz in a packet, by its table-of-contents byte (RFC 6716 section 3.1); 0 if it is
// no packet.
func opusTicks(payload []byte) int {
	if len(payload) == 0 {
		return 0
	}
	frames := 1
	switch payload[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(payload) < 2 {
			return 0
		}
		frames = int(payload[1] & 0x3F)
	}
	if ticks := frames * opusFrameTicks(payload[0]>>3); ticks <= maxOpusTicks {
		return ticks
	}
	return 0
}

// opusFrameTicks returns the length of a frame of a configuration (RFC 6716 table 2).
func opusFrameTicks(config byte) int {
	const ms = 48
	switch {
	case config < 12: // SILK
		return [...]int{10 * ms, 20 * ms, 40 * ms, 60 * ms}[config%4]
	case config < 16: // hybrid
		return [...]int{10 * ms, 20 * ms}[config%2]
	}
	return [...]int{5 * ms / 2, 5 * ms, 10 * ms, 20 * ms}[config%4] // CELT
}
