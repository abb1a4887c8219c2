package recorder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

const (
	// headerBytes is the whole header: RIFF, a reserved chunk, fmt, data.
	headerBytes = 12 + 8 + reservedBytes + 8 + 16 + 8
	// reservedBytes are kept as JUNK, to become ds64 past 4 GiB (EBU Tech 3306).
	reservedBytes = 28
	// pcmTag is the format tag of linear PCM.
	pcmTag = 1
	// sizeInDS64 stands in a 32-bit size field of an RF64 file.
	sizeInDS64 = math.MaxUint32
)

// header returns the header of a file with dataBytes of audio.
func header(fileChannels int, dataBytes int64) [headerBytes]byte {
	var h [headerBytes]byte
	le := binary.LittleEndian
	riff, data := uint32(headerBytes-8+dataBytes), uint32(dataBytes)
	copy(h[0:], "RIFF")
	copy(h[8:], "WAVEJUNK")
	le.PutUint32(h[16:], reservedBytes)
	if dataBytes > sizeInDS64-headerBytes {
		riff, data = sizeInDS64, sizeInDS64
		copy(h[0:], "RF64")
		copy(h[12:], "ds64")
		le.PutUint64(h[20:], uint64(headerBytes-8+dataBytes))
		le.PutUint64(h[28:], uint64(dataBytes))
		le.PutUint64(h[36:], uint64(dataBytes)/uint64(2*fileChannels))
	}
	le.PutUint32(h[4:], riff)
	copy(h[48:], "fmt ")
	le.PutUint32(h[52:], 16)
	le.PutUint16(h[56:], pcmTag)
	le.PutUint16(h[58:], uint16(fileChannels))
	le.PutUint32(h[60:], rateHz)
	le.PutUint32(h[64:], uint32(rateHz*2*fileChannels))
	le.PutUint16(h[68:], uint16(2*fileChannels))
	le.PutUint16(h[70:], 16)
	copy(h[72:], "data")
	le.PutUint32(h[76:], data)
	return h
}

// parseHeader returns the channels and the audio bytes that a header of ours
// states. Every byte must be as this package writes it.
func parseHeader(b []byte) (fileChannels int, dataBytes int64, err error) {
	if len(b) < headerBytes {
		return 0, 0, fmt.Errorf("the header is %d bytes long, want %d", len(b), headerBytes)
	}
	le := binary.LittleEndian
	fileChannels = int(le.Uint16(b[58:]))
	if fileChannels != 1 && fileChannels != channels {
		return 0, 0, fmt.Errorf("the header states %d channels, want 1 or %d", fileChannels, channels)
	}
	dataBytes = int64(le.Uint32(b[76:]))
	if string(b[:4]) == "RF64" {
		dataBytes = int64(le.Uint64(b[28:]))
	}
	if want := header(fileChannels, dataBytes); dataBytes < 0 || string(want[:]) != string(b[:headerBytes]) {
		return 0, 0, errors.New("the header is not one of a recording: 16-bit PCM, 8 kHz, in RIFF/WAVE")
	}
	return fileChannels, dataBytes, nil
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
