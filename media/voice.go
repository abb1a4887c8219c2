package media

import (
	"assent/media/codec"
	"assent/media/pcm"
)

// voice decodes the packets of one source, in order, to samples at one rate.
type voice struct {
	format    codec.Format
	rate      clockRate // of the samples that come out
	decoded   clockRate // of the decoder's
	decoder   codec.Decoder
	resampler *pcm.Resampler // nil where both rates are the same
}

// tune makes v ready for payloads of a format; where it was ready for another one, it begins anew. It is false if this
// build can't decode the format.
func (v *voice) tune(f codec.Format, rate clockRate) bool {
	if v.decoder != nil && v.format == f && v.rate == rate {
		return true
	}
	*v = voice{format: f, rate: rate, decoded: clockRate(f.RateFor(int(rate)))}
	d, err := codec.NewDecoder(f, int(v.decoded))
	if err != nil {
		return false
	}
	if v.decoded != rate {
		if v.resampler, err = pcm.NewResampler(int(v.decoded), int(rate)); err != nil {
			return false
		}
	}
	v.decoder = d
	return true
}

// decode returns the samples of a payload, which lie in space; none if it is no payload of the format.
func (v *voice) decode(space *workspace, payload []byte) []int16 {
	n, err := v.decoder.Decode(space.pcm[:], payload)
	if err != nil {
		return nil
	}
	return space.pcm[:n]
}

// convert returns samples at v's rate. Where that is another than the decoder's, some of them come with the next call or
// with flush. They lie in space.
func (v *voice) convert(space *workspace, samples []int16) []int16 {
	if v.resampler == nil {
		return samples
	}
	return space.pcm2[:v.resampler.Write(space.pcm2[:], samples)]
}

// flush returns what convert still holds, as if silence followed.
func (v *voice) flush(space *workspace) []int16 {
	if v.resampler == nil {
		return nil
	}
	return space.pcm2[:v.resampler.Flush(space.pcm2[:])]
}

// needsOrder tells whether payloads of a format must be decoded in order to become samples at a rate.
func needsOrder(f codec.Format, rate clockRate) bool {
	return f.HasMemory() || clockRate(f.RateHz) != rate
}
