package pcm

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxWAV bounds the files that DecodeWAV reads: six minutes at 48 kHz.
const MaxWAV = 36 << 20

// ErrWAV is in every error of DecodeWAV.
var ErrWAV = errors.New("unusable WAV file")

// Audio is the sound of a file.
type Audio struct {
	Samples []int16
	RateHz  int
	Format  string // as in the file: pcm8, pcm16, pcm24, pcm32, ulaw or alaw
}

// DecodeWAV reads a WAV file of one channel with 8 to 48 kHz, in PCM of 8 to 32 bits or G.711. It borrows b; the
// caller owns the result.
func DecodeWAV(b []byte) (Audio, error) {
	if len(b) > MaxWAV {
		return Audio{}, fmt.Errorf("%w: %d bytes; want at most %d", ErrWAV, len(b), MaxWAV)
	}
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return Audio{}, fmt.Errorf("%w: no RIFF/WAVE header", ErrWAV)
	}
	format, data, err := findChunks(b)
	if err != nil {
		return Audio{}, err
	}
	f, err := parseFormat(format)
	if err != nil {
		return Audio{}, err
	}
	return Audio{Samples: f.decode(data), RateHz: f.rateHz, Format: f.name}, nil
}

// At8k returns the audio's samples at RateHz; see Resample.
func (a Audio) At8k() ([]int16, error) {
	return Resample(a.Samples, a.RateHz, RateHz)
}

// findChunks returns the bodies of the "fmt " and the "data" chunk of a whole file, in whichever order with whatever
// between. A data chunk that declares more than the file has was cut, unless a streaming writer left it so.
func findChunks(file []byte) (format, data []byte, err error) {
	for b := file[12:]; len(b) >= 8; {
		name, size := string(b[:4]), uint64(binary.LittleEndian.Uint32(b[4:8]))
		b = b[8:]
		if name == "data" && streamed(file, len(file)-len(b), size) {
			size = uint64(len(b))
		}
		body := b[:min(size, uint64(len(b)))]
		switch {
		case name == "fmt " && format == nil:
			format = body
		case name == "data" && data == nil && size > uint64(len(b)):
			return nil, nil, fmt.Errorf("%w: its data chunk declares %d bytes, and the file has %d of them: it was cut; want the whole file",
				ErrWAV, size, len(b))
		case name == "data" && data == nil:
			data = body
		}
		b = b[min(size+size&1, uint64(len(b))):]
	}
	switch {
	case format == nil:
		return nil, nil, fmt.Errorf("%w: no fmt chunk", ErrWAV)
	case data == nil:
		return nil, nil, fmt.Errorf("%w: no data chunk", ErrWAV)
	}
	return format, data, nil
}

// endless is the least of the sizes that a writer which can't go back leaves in a header, 0 aside: 0x7FFFF000,
// 0x7FFFFFFF, 0x80000000 or 0xFFFFFFFF, some with the header's bytes taken off. No file of MaxWAV bytes has them.
const endless = 0x7FFFF000

// streamed reports whether a data chunk of that size, whose body begins at offset start, ends with the file, because its
// writer never learnt the length. An empty chunk does only if the file's own size ends before it as well.
func streamed(file []byte, start int, size uint64) bool {
	whole := uint64(binary.LittleEndian.Uint32(file[4:8]))
	return size >= endless || size == 0 && (whole >= endless || whole+8 <= uint64(start))
}

// Format tags (RFC 2361); an extensible header carries one of them in its GUID.
const (
	tagPCM        = 0x0001
	tagALaw       = 0x0006
	tagMuLaw      = 0x0007
	tagExtensible = 0xFFFE
)

type format struct {
	name   string
	rateHz int
	bytes  int // of a sample
	read   func(b []byte) int16
}

func parseFormat(b []byte) (format, error) {
	if len(b) < 16 {
		return format{}, fmt.Errorf("%w: fmt chunk of %d bytes; want 16 at least", ErrWAV, len(b))
	}
	tag := binary.LittleEndian.Uint16(b)
	channels := binary.LittleEndian.Uint16(b[2:])
	rate := binary.LittleEndian.Uint32(b[4:])
	bits := binary.LittleEndian.Uint16(b[14:])
	if tag == tagExtensible && len(b) >= 26 {
		tag = binary.LittleEndian.Uint16(b[24:])
	}
	if channels != 1 {
		return format{}, fmt.Errorf("%w: %d channels; want 1", ErrWAV, channels)
	}
	if rate < 8000 || rate > 48000 {
		return format{}, fmt.Errorf("%w: sample rate %d Hz; want 8000 to 48000", ErrWAV, rate)
	}
	f, ok := readers[encoding{tag, bits}]
	if !ok {
		return format{}, fmt.Errorf("%w: format tag %d with %d bits; want PCM of 8, 16, 24 or 32 bits, or G.711",
			ErrWAV, tag, bits)
	}
	f.rateHz = int(rate)
	return f, nil
}

type encoding struct{ tag, bits uint16 }

// readers holds what a sample looks like in each encoding. Samples of more than 16 bits lose their lowest ones.
var readers = map[encoding]format{
	{tagPCM, 8}:   {name: "pcm8", bytes: 1, read: func(b []byte) int16 { return int16(b[0]^0x80) << 8 }},
	{tagPCM, 16}:  {name: "pcm16", bytes: 2, read: func(b []byte) int16 { return upper(b[0], b[1]) }},
	{tagPCM, 24}:  {name: "pcm24", bytes: 3, read: func(b []byte) int16 { return upper(b[1], b[2]) }},
	{tagPCM, 32}:  {name: "pcm32", bytes: 4, read: func(b []byte) int16 { return upper(b[2], b[3]) }},
	{tagMuLaw, 8}: {name: "ulaw", bytes: 1, read: func(b []byte) int16 { return MuLaw[b[0]] }},
	{tagALaw, 8}:  {name: "alaw", bytes: 1, read: func(b []byte) int16 { return ALaw[b[0]] }},
}

func upper(low, high byte) int16 { return int16(uint16(high)<<8 | uint16(low)) }

// decode reads all whole samples.
func (f format) decode(data []byte) []int16 {
	samples := make([]int16, len(data)/f.bytes)
	for i := range samples {
		samples[i] = f.read(data[i*f.bytes:])
	}
	return samples
}
