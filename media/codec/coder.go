package codec

import "fmt"

// MaxPayload bounds what an Encoder makes of one frame, and what a Decoder is given: the payload of an Ethernet frame.
const MaxPayload = 1460

// Decoder turns the payloads of one stream, in the order of their RTP time, into samples of one channel. It borrows
// what it is given, allocates nothing, and belongs to one goroutine.
type Decoder interface {
	// Decode writes the samples of payload to dst and returns how many; none with an error, when the payload is not of
	// the format or dst is too short for it.
	Decode(dst []int16, payload []byte) (int, error)
	// Conceal fills dst, a whole number of 2.5 ms long, with what the codec itself makes of audio that was lost: of next,
	// the payload behind the gap, where it carries that audio once more, or of what it decoded last. next is nil if it is
	// not there. It is false if the codec has no such means.
	Conceal(dst []int16, next []byte) bool
}

// Encoder turns frames of samples of one stream into payloads. It borrows what it is given, allocates nothing, and
// belongs to one goroutine.
type Encoder interface {
	// Encode writes the payload of a frame to dst, which has room for MaxPayload bytes, and returns its length; 0 is
	// silence that needs no packet.
	Encode(dst []byte, frame []int16) (int, error)
}

// NewDecoder returns a decoder of f that gives samples at rateHz, which f.RateFor must have named. Errors wrap
// ErrFormat or ErrNoOpus.
func NewDecoder(f Format, rateHz int) (Decoder, error) {
	if err := f.check(rateHz); err != nil {
		return nil, err
	}
	switch f.ID {
	case G722:
		return newG722Decoder(), nil
	case L16:
		return linear{}, nil
	case Opus:
		return newOpusDecoder(rateHz)
	}
	return law{f.ID}, nil
}

// NewEncoder returns an encoder of f for a call, which takes samples at rateHz, which f.RateFor must have named. Its
// Opus is mono speech with in-band FEC; NewOpusEncoder makes any other. Errors wrap ErrFormat or ErrNoOpus.
func NewEncoder(f Format, rateHz int) (Encoder, error) {
	if err := f.check(rateHz); err != nil {
		return nil, err
	}
	switch f.ID {
	case G722:
		return newG722Encoder(), nil
	case L16:
		return linear{}, nil
	case Opus:
		return NewOpusEncoder(callOpus(rateHz))
	}
	return law{f.ID}, nil
}

func (f Format) check(rateHz int) error {
	if !f.Known() || f.RateFor(rateHz) != rateHz {
		return fmt.Errorf("%w: %v with samples at %d Hz", ErrFormat, f.ID, rateHz)
	}
	return nil
}
