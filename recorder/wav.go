package recorder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

const (
	// reservedBytes are kept as JUNK, to become ds64 past 4 GiB (EBU Tech 3306).
	reservedBytes = 28
	// bextBytes is a broadcast extension without a coding history (EBU Tech 3285).
	bextBytes = 602
	// bextVersion has a UMID field and no loudness.
	bextVersion = 1
	// The format tags of linear PCM and of the two laws of G.711 (RFC 2361).
	pcmTag, aLawTag, muLawTag = 1, 6, 7
	// sizeInDS64 stands in a 32-bit size field of an RF64 file.
	sizeInDS64 = math.MaxUint32
)

// origin is what the header tells of where a recording comes from: its names
// and the wall-clock time of its first sample. No number and no name of a party
// is in the audio file itself.
type origin struct {
	id, call string
	start    time.Time
}

// originOf returns the origin of a recording, its time as the sidecar has it.
func originOf(s Spec) origin {
	return origin{s.ID, s.Call, s.StartedAt.UTC().Truncate(time.Millisecond)}
}

// headerBytes returns the size of everything before the audio.
func (l layout) headerBytes() int64 {
	const common = 12 + 8 + reservedBytes + 8 + bextBytes + 8 + 16 + 8
	if l.codec == codecPCM {
		return common
	}
	return common + 2 + 8 + 4 // cbSize, and the chunk `fact`
}

// header returns everything before the audio of a file with dataBytes of audio
// and trailer bytes behind it: RIFF, a reserved chunk, bext, fmt, data.
func (l layout) header(o origin, dataBytes, trailer int64) []byte {
	total := l.headerBytes() - 8 + dataBytes + trailer
	frames := dataBytes / int64(l.frameBytes())
	big := total > sizeInDS64
	le := binary.LittleEndian
	b := make([]byte, 0, l.headerBytes())
	b = append(b, "RIFF"...)
	b = le.AppendUint32(b, size32(total, big))
	b = append(b, "WAVEJUNK"...)
	b = le.AppendUint32(b, reservedBytes)
	var sizes [reservedBytes]byte
	if big {
		copy(b, "RF64")
		copy(b[12:], "ds64")
		le.PutUint64(sizes[0:], uint64(total))
		le.PutUint64(sizes[8:], uint64(dataBytes))
		le.PutUint64(sizes[16:], uint64(frames))
	}
	b = append(b, sizes[:]...)
	b = l.appendBext(b, o)
	b = l.appendFormat(b, frames, big)
	b = append(b, "data"...)
	return le.AppendUint32(b, size32(dataBytes, big))
}

// size32 returns what stands in a 32-bit size field.
func size32(n int64, big bool) uint32 {
	if big {
		return sizeInDS64
	}
	return uint32(n)
}

// appendBext appends the broadcast extension (EBU Tech 3285, section 2.3): the
// time reference counts samples since midnight, UTC.
func (l layout) appendBext(b []byte, o origin) []byte {
	var x [bextBytes]byte
	midnight := o.start.Truncate(24 * time.Hour)
	copy(x[0:256], "recording "+o.id+" of call "+o.call)
	copy(x[256:288], "assent")
	copy(x[288:320], o.id)
	copy(x[320:338], o.start.Format("2006-01-0215:04:05"))
	binary.LittleEndian.PutUint64(x[338:], uint64(l.frames(o.start.Sub(midnight).Milliseconds())))
	binary.LittleEndian.PutUint16(x[346:], bextVersion)
	b = binary.LittleEndian.AppendUint32(append(b, "bext"...), bextBytes)
	return append(b, x[:]...)
}

// appendFormat appends `fmt `, and what other codecs than PCM need with it.
func (l layout) appendFormat(b []byte, frames int64, big bool) []byte {
	le := binary.LittleEndian
	tag, size := uint16(pcmTag), uint32(16)
	switch l.codec {
	case codecPCMU:
		tag, size = muLawTag, 18
	case codecPCMA:
		tag, size = aLawTag, 18
	}
	b = le.AppendUint32(append(b, "fmt "...), size)
	b = le.AppendUint16(b, tag)
	b = le.AppendUint16(b, uint16(l.channels))
	b = le.AppendUint32(b, uint32(l.rateHz))
	b = le.AppendUint32(b, uint32(l.rateHz*l.frameBytes()))
	b = le.AppendUint16(b, uint16(l.frameBytes()))
	b = le.AppendUint16(b, uint16(8*l.sampleBytes()))
	if tag == pcmTag {
		return b
	}
	b = le.AppendUint16(b, 0) // cbSize
	b = le.AppendUint32(append(b, "fact"...), 4)
	return le.AppendUint32(b, size32(frames, big))
}

// parseHeader returns the bytes of audio, and those behind it, that a header of
// ours states. Every byte must be as this package writes it for that recording.
func (l layout) parseHeader(b []byte, o origin) (dataBytes, trailer int64, err error) {
	n := l.headerBytes()
	if int64(len(b)) < n {
		return 0, 0, fmt.Errorf("the header is %d bytes long, want %d", len(b), n)
	}
	le := binary.LittleEndian
	total := int64(le.Uint32(b[4:]))
	dataBytes = int64(le.Uint32(b[n-4:]))
	if string(b[:4]) == "RF64" {
		total, dataBytes = int64(le.Uint64(b[20:])), int64(le.Uint64(b[28:]))
	}
	trailer = total - (n - 8) - dataBytes
	if dataBytes < 0 || trailer < 0 || string(l.header(o, dataBytes, trailer)) != string(b[:n]) {
		return 0, 0, errors.New("the header is not that of this recording: " + l.String() + " in RIFF/WAVE, with its names and its time")
	}
	return dataBytes, trailer, nil
}

// String describes the layout in messages.
func (l layout) String() string {
	return fmt.Sprintf("%s, %d Hz, channels: %d", l.codec, l.rateHz, l.channels)
}
