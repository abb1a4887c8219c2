package recorder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"

	"assent/media/codec"
)

const (
	// opusRate is the rate of granule positions, whatever the audio's (RFC 7845 section 4).
	opusRate = 48000
	// packetsPerSecond: a packet holds 20 ms, a page a second.
	packetsPerSecond = 50
	// opusComplexity costs half of libopus' own 9, and is not told apart by ear on speech.
	opusComplexity = 5
)

// opusBitrate returns the bit rate of one channel, by the rate of its audio.
func opusBitrate(rateHz int) int {
	switch {
	case rateHz <= 8000:
		return 16000
	case rateHz <= 16000:
		return 24000
	}
	return 32000
}

// opusFile writes an Ogg Opus file (RFC 7845). Each party has an encoder and a
// stream of its own: a coupled pair of channels would share their sound, and
// one party's words could be heard on the other one's channel.
type opusFile struct {
	// set once
	rateHz   int
	channels int
	ogg      *oggWriter
	encoders []*codec.OpusEncoder

	frames  int64     // taken so far
	packets int64     // made so far
	pending [][]int16 // by channel: what is not yet a packet
	packet  []byte
	one     []byte
}

// newOpusFile returns a file of new encoders, with its two header packets written.
func newOpusFile(to io.Writer, l layout, o origin, cues []cue) (*opusFile, error) {
	f := &opusFile{rateHz: l.rateHz, channels: l.channels, ogg: newOggWriter(to, serialOf(o.id)), one: make([]byte, codec.MaxPayload)}
	for range l.channels {
		e, err := codec.NewOpusEncoder(codec.OpusConfig{
			RateHz: l.rateHz, Channels: 1, BitrateBPS: opusBitrate(l.rateHz), Complexity: opusComplexity,
		})
		if err != nil {
			return nil, err
		}
		f.encoders = append(f.encoders, e)
		f.pending = append(f.pending, make([]int16, 0, l.rateHz/packetsPerSecond))
	}
	for _, header := range [][]byte{opusHead(l), opusTags(l, o, cues)} {
		if err := f.header(header); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// serialOf returns the serial number of a recording's stream.
func serialOf(id string) uint32 {
	serial := fnv.New32a()
	_, _ = io.WriteString(serial, id) // a hash takes everything
	return serial.Sum32()
}

// header writes a header packet, on pages of its own. Only the comments may
// need more than one.
func (f *opusFile) header(packet []byte) error {
	for i := 0; ; i++ {
		n := min(len(packet), maxSegments*maxSegment)
		whole := n < maxSegments*maxSegment
		if whole {
			if err := f.ogg.add(packet, 0); err != nil {
				return err
			}
		} else {
			f.ogg.lacing = append(f.ogg.lacing, slices.Repeat([]byte{maxSegment}, maxSegments)...)
			f.ogg.body = append(f.ogg.body, packet[:n]...)
		}
		if i > 0 {
			f.ogg.flags |= oggContinued
		}
		if err := f.ogg.flush(false); err != nil || whole {
			return err
		}
		packet = packet[n:]
	}
}

// opusHead returns the identification header (RFC 7845 section 5.1). Two
// parties are channel mapping family 1 with two streams, none of them coupled.
func opusHead(l layout) []byte {
	le := binary.LittleEndian
	b := append([]byte("OpusHead"), 1, byte(l.channels))
	b = le.AppendUint16(b, codec.OpusLookahead)
	b = le.AppendUint32(b, uint32(l.rateHz))
	b = le.AppendUint16(b, 0) // gain
	if l.channels == 1 {
		return append(b, 0)
	}
	return append(b, 1, 2, 0, 0, 1) // family, streams, coupled, mapping
}

// opusTags returns the comment header (RFC 7845 section 5.2): names, time, and a
// chapter for each marker.
func opusTags(l layout, o origin, cues []cue) []byte {
	comments := []string{"ENCODER=assent", "RECORDING=" + o.id, "CALL=" + o.call, "DATE=" + o.start.Format(timestampLayout)}
	for i, c := range cues {
		ms := l.milliseconds(int64(c.from))
		comments = append(comments,
			fmt.Sprintf("CHAPTER%03d=%02d:%02d:%02d.%03d", i, ms/3600000, ms/60000%60, ms/1000%60, ms%1000),
			fmt.Sprintf("CHAPTER%03dNAME=%s", i, c.label))
	}
	le, vendor := binary.LittleEndian, "assent, "+codec.OpusVersion()
	b := le.AppendUint32([]byte("OpusTags"), uint32(len(vendor)))
	b = le.AppendUint32(append(b, vendor...), uint32(len(comments)))
	for _, c := range comments {
		b = append(le.AppendUint32(b, uint32(len(c))), c...)
	}
	return b
}

// write takes interleaved frames.
func (f *opusFile) write(samples []int16) error {
	size := f.rateHz / packetsPerSecond
	for i := 0; i+f.channels <= len(samples); i += f.channels {
		for c := range f.pending {
			f.pending[c] = append(f.pending[c], samples[i+c])
		}
		f.frames++
		if len(f.pending[0]) == size {
			if err := f.emit(f.granule(f.packets + 1)); err != nil {
				return err
			}
			if f.packets%packetsPerSecond == 0 {
				if err := f.ogg.flush(false); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// granule returns the position after that many packets.
func (f *opusFile) granule(packets int64) uint64 {
	return uint64(packets * (opusRate / packetsPerSecond))
}

// emit encodes what is pending, a whole packet of each channel, and puts it on the page.
func (f *opusFile) emit(granule uint64) error {
	f.packet = f.packet[:0]
	for c, e := range f.encoders {
		n, err := e.Encode(f.one, f.pending[c])
		if err != nil {
			return err
		}
		if f.packet, err = appendStream(f.packet, f.one[:n], c == len(f.encoders)-1); err != nil {
			return err
		}
		f.pending[c] = f.pending[c][:0]
	}
	f.packets++
	return f.ogg.add(f.packet, granule)
}

// appendStream appends the packet of one stream; all but the last one say their
// own length (RFC 6716 appendix B). A packet of ours holds one frame.
func appendStream(to, packet []byte, last bool) ([]byte, error) {
	if len(packet) == 0 || packet[0]&3 != 0 {
		return nil, errors.New("opus: the encoder made a packet of more than one frame")
	}
	if last {
		return append(to, packet...), nil
	}
	to = append(to, packet[0])
	n := len(packet) - 1
	if n >= 252 { // RFC 6716 section 3.2.1
		first := 252 + n%4
		to = append(to, byte(first), byte((n-first)/4))
	} else {
		to = append(to, byte(n))
	}
	return append(to, packet[1:]...), nil
}

// close pads the last packet, lets the encoders' delay out, and ends the stream
// where the audio ends (RFC 7845 section 4.4).
func (f *opusFile) close() error {
	end := codec.OpusLookahead + uint64(f.frames*opusRate/int64(f.rateHz))
	size := f.rateHz / packetsPerSecond
	for f.granule(f.packets) < end {
		for c := range f.pending {
			f.pending[c] = append(f.pending[c], make([]int16, size-len(f.pending[c]))...)
		}
		if err := f.emit(min(end, f.granule(f.packets+1))); err != nil {
			return err
		}
	}
	return f.ogg.flush(true)
}
