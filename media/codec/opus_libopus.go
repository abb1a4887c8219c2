//go:build cgo && nolibopusfile

package codec

import (
	"errors"
	"fmt"

	"github.com/hraban/opus"
)

// HasOpus tells whether this build has Opus. The build tag is the binding's own: it leaves out its reader of files, and
// with that a second library.
const HasOpus = true

// OpusVersion returns what libopus calls itself.
func OpusVersion() string { return opus.Version() }

// OpusEncoder is libopus' encoder. Its frames have one of OpusFrames' lengths.
type OpusEncoder struct {
	state *opus.Encoder
	dtx   bool
}

// NewOpusEncoder returns an encoder. Errors are of c, or wrap ErrNoOpus.
func NewOpusEncoder(c OpusConfig) (*OpusEncoder, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	application := opus.AppVoIP
	if c.Music {
		application = opus.AppAudio
	}
	e, err := opus.NewEncoder(c.RateHz, c.Channels, application)
	if err != nil {
		return nil, fmt.Errorf("opus encoder: %w", err)
	}
	settings := []error{e.SetVBR(!c.CBR), e.SetInBandFEC(c.FEC), e.SetPacketLossPerc(c.LossPercent), e.SetDTX(c.DTX)}
	if c.BitrateBPS > 0 {
		settings = append(settings, e.SetBitrate(c.BitrateBPS))
	}
	if c.Complexity > 0 {
		settings = append(settings, e.SetComplexity(c.Complexity))
	}
	if err := errors.Join(settings...); err != nil {
		return nil, fmt.Errorf("opus encoder: %w", err)
	}
	return &OpusEncoder{e, c.DTX}, nil
}

// Encode writes the packet of a frame, whose channels are interleaved, to dst; see Encoder.
func (e *OpusEncoder) Encode(dst []byte, frame []int16) (int, error) {
	n, err := e.state.Encode(frame, dst[:len(dst):len(dst)]) // the binding takes all of dst's capacity
	if err != nil {
		return 0, fmt.Errorf("encode opus: %w", err)
	}
	if e.dtx && n <= dtxBytes {
		return 0, nil
	}
	return n, nil
}

// dtxBytes is the longest packet that says nothing (opus_encode: "if the return value is 2 bytes or less").
const dtxBytes = 2

// opusDecoder is libopus' decoder to one channel.
type opusDecoder struct {
	state  *opus.Decoder
	rateHz int
}

func newOpusDecoder(rateHz int) (Decoder, error) {
	d, err := opus.NewDecoder(rateHz, 1)
	if err != nil {
		return nil, fmt.Errorf("opus decoder: %w", err)
	}
	return &opusDecoder{d, rateHz}, nil
}

func (d *opusDecoder) Decode(dst []int16, payload []byte) (int, error) {
	n := opusTicks(payload) * d.rateHz / FormatOpus.RateHz
	switch {
	case n == 0:
		return 0, errors.New("decode opus: no packet")
	case n > len(dst):
		return 0, tooLong(Opus, n, len(dst))
	}
	n, err := d.state.Decode(payload, dst[:len(dst):len(dst)])
	if err != nil {
		return 0, fmt.Errorf("decode opus: %w", err)
	}
	return n, nil
}

// Conceal takes the audio out of next's redundancy (RFC 6716 section 2.1.7), else goes on from what was heard.
func (d *opusDecoder) Conceal(dst []int16, next []byte) bool {
	dst = dst[:len(dst):len(dst)] // the binding fills all of dst's capacity
	if len(dst) == 0 {
		return false
	}
	if len(next) > 0 {
		return d.state.DecodeFEC(next, dst) == nil
	}
	return d.state.DecodePLC(dst) == nil
}
