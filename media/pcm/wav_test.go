package pcm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// wavFile describes a file to be written for a test.
type wavFile struct {
	tag, channels, bits uint16
	rateHz              uint32
	data                []byte
	before, after       []byte // whole chunks around the data
	extensible          bool
	claim               uint32 // the data chunk's size, if it lies
	unpatched           bool   // the sizes are 0: the writer streamed
}

func (w wavFile) bytes() []byte {
	var format []byte
	tag := w.tag
	if w.extensible {
		tag = tagExtensible
	}
	block := w.channels * (w.bits / 8)
	format = binary.LittleEndian.AppendUint16(format, tag)
	format = binary.LittleEndian.AppendUint16(format, w.channels)
	format = binary.LittleEndian.AppendUint32(format, w.rateHz)
	format = binary.LittleEndian.AppendUint32(format, w.rateHz*uint32(block))
	format = binary.LittleEndian.AppendUint16(format, block)
	format = binary.LittleEndian.AppendUint16(format, w.bits)
	if w.extensible {
		format = append(format, 22, 0, byte(w.bits), 0, 4, 0, 0, 0, byte(w.tag), byte(w.tag>>8))
		format = append(format, make([]byte, 14)...)
	}
	data := chunk("data", w.data)
	if w.claim != 0 {
		binary.LittleEndian.PutUint32(data[4:], w.claim)
	}
	body := slices.Concat([]byte("WAVE"), chunk("fmt ", format), w.before, data, w.after)
	file := chunk("RIFF", body)
	if w.unpatched {
		clear(file[4:8])
		clear(file[len(file)-len(w.after)-len(data)+4:][:4])
	}
	return file
}

func chunk(name string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func TestDecodeWAVReadsEveryEncoding(t *testing.T) {
	for _, c := range []struct {
		name string
		file wavFile
		want []int16
	}{
		{"pcm8", wavFile{tag: 1, bits: 8, data: []byte{0, 128, 255}}, []int16{-32768, 0, 32512}},
		{"pcm16", wavFile{tag: 1, bits: 16, data: []byte{0, 128, 1, 0, 255, 127}}, []int16{-32768, 1, 32767}},
		{"pcm24", wavFile{tag: 1, bits: 24, data: []byte{9, 0, 128, 9, 1, 0}}, []int16{-32768, 1}},
		{"pcm32", wavFile{tag: 1, bits: 32, data: []byte{9, 9, 0, 128, 9, 9, 1, 0}}, []int16{-32768, 1}},
		{"ulaw", wavFile{tag: 7, bits: 8, data: []byte{0xFF, 0x80, 0x00}}, []int16{0, 32124, -32124}},
		{"alaw", wavFile{tag: 6, bits: 8, data: []byte{0xD5, 0xAA, 0x2A}}, []int16{8, 32256, -32256}},
	} {
		for _, extensible := range []bool{false, true} {
			c.file.channels, c.file.rateHz, c.file.extensible = 1, 16000, extensible
			audio, err := DecodeWAV(c.file.bytes())
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if audio.Format != c.name || audio.RateHz != 16000 || !slices.Equal(audio.Samples, c.want) {
				t.Errorf("%s: %+v, want %v", c.name, audio, c.want)
			}
		}
	}
}

func TestDecodeWAVSkipsOtherChunks(t *testing.T) {
	file := wavFile{tag: 1, bits: 16, channels: 1, rateHz: 8000, data: []byte{1, 0, 2, 0}}
	file.before, file.after = chunk("LIST", []byte("odd")), chunk("cue ", make([]byte, 9))
	audio, err := DecodeWAV(file.bytes())
	if err != nil || !slices.Equal(audio.Samples, []int16{1, 2}) {
		t.Errorf("%+v, %v", audio, err)
	}
}

// A writer that streams leaves the size at 0 or at its greatest. Half a sample at the end is no sample.
func TestDecodeWAVReadsWhatAStreamingWriterLeftToItsEnd(t *testing.T) {
	for _, claim := range []uint32{0, 0x7FFFF000, 0x7FFFFFFF, 0x7FFFFFFF - 36, 0x80000000, 0xFFFFFFFF - 36, 0xFFFFFFFF} {
		file := wavFile{tag: 1, bits: 16, channels: 1, rateHz: 8000, data: []byte{1, 0, 2, 0, 3}, claim: claim, unpatched: claim == 0}
		b := file.bytes()
		audio, err := DecodeWAV(b[:len(b)-1])
		if err != nil || !slices.Equal(audio.Samples, []int16{1, 2}) {
			t.Errorf("%#x: %+v, %v", claim, audio, err)
		}
	}
}

func TestDecodeWAVTakesAnEmptyChunkBeforeOthersForEmpty(t *testing.T) {
	file := wavFile{tag: 1, bits: 16, channels: 1, rateHz: 8000, after: chunk("LIST", []byte("no samples"))}
	audio, err := DecodeWAV(file.bytes())
	if err != nil || len(audio.Samples) != 0 {
		t.Errorf("%+v, %v", audio, err)
	}
}

// An interrupted copy keeps the size that the whole had, wherever it ended.
func TestDecodeWAVRefusesAFileThatWasCut(t *testing.T) {
	file := wavFile{tag: 1, bits: 16, channels: 1, rateHz: 8000, data: make([]byte, 320), after: chunk("LIST", make([]byte, 20))}
	b := file.bytes()
	for size := range len(b) {
		_, err := DecodeWAV(b[:size])
		if whole := size >= 44+320; whole != (err == nil) {
			t.Errorf("%d of %d bytes: error %v", size, len(b), err)
		}
	}
}

func TestDecodeWAVSaysWhatIsWrong(t *testing.T) {
	good := wavFile{tag: 1, bits: 16, channels: 1, rateHz: 8000, data: []byte{1, 0}}
	with := func(change func(*wavFile)) []byte {
		file := good
		change(&file)
		return file.bytes()
	}
	for _, c := range []struct {
		file []byte
		want string
	}{
		{nil, "no RIFF/WAVE header"},
		{[]byte("OggS and so on and on"), "no RIFF/WAVE header"},
		{chunk("RIFF", []byte("WAVE")), "no fmt chunk"},
		{good.bytes()[:36], "no data chunk"},
		{chunk("RIFF", append([]byte("WAVE"), append(chunk("fmt ", []byte{1}), chunk("data", nil)...)...)), "want 16"},
		{with(func(f *wavFile) { f.claim = 32000 }), "declares 32000 bytes, and the file has 2 of them: it was cut; want the whole file"},
		{with(func(f *wavFile) { f.channels = 2 }), "2 channels; want 1"},
		{with(func(f *wavFile) { f.channels = 0 }), "0 channels; want 1"},
		{with(func(f *wavFile) { f.rateHz = 4000 }), "4000 Hz; want 8000 to 48000"},
		{with(func(f *wavFile) { f.rateHz = 96000 }), "96000 Hz"},
		{with(func(f *wavFile) { f.tag = 3 }), "format tag 3"},
		{with(func(f *wavFile) { f.tag, f.bits = 7, 16 }), "format tag 7 with 16 bits"},
		{make([]byte, MaxWAV+1), "want at most"},
	} {
		_, err := DecodeWAV(c.file)
		if !errors.Is(err, ErrWAV) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("error %v; want %q in it", err, c.want)
		}
	}
}

func TestTheSpeechSampleResamplesToItself(t *testing.T) {
	file, err := os.ReadFile("testdata/speech.wav")
	if err != nil {
		t.Fatal(err)
	}
	audio, err := DecodeWAV(file)
	if err != nil {
		t.Fatal(err)
	}
	samples, err := audio.At8k()
	if err != nil || !slices.Equal(samples, audio.Samples) || audio.Format != "ulaw" {
		t.Errorf("%s, %d samples, %v", audio.Format, len(samples), err)
	}
}

func FuzzDecodeWAV(f *testing.F) {
	for _, tag := range []uint16{1, 6, 7} {
		bits := uint16(8)
		f.Add(wavFile{tag: tag, bits: bits, channels: 1, rateHz: 8000, data: []byte{1, 2, 3}}.bytes())
		f.Add(wavFile{tag: tag, bits: bits, channels: 1, rateHz: 44100, data: []byte{1, 2}, extensible: true}.bytes())
	}
	f.Add(wavFile{tag: 1, bits: 24, channels: 1, rateHz: 48000, data: make([]byte, 300), claim: 1 << 31}.bytes())
	f.Add(wavFile{tag: 1, bits: 16, channels: 1, rateHz: 8000, data: make([]byte, 20), claim: 400}.bytes())
	f.Add(wavFile{tag: 1, bits: 16, channels: 1, rateHz: 8000, data: make([]byte, 20), unpatched: true}.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		audio, err := DecodeWAV(b)
		if !bytes.Equal(before, b) {
			t.Fatal("the file was changed")
		}
		if err != nil {
			if !errors.Is(err, ErrWAV) {
				t.Fatalf("error %v is not of ErrWAV", err)
			}
			return
		}
		if len(audio.Samples) > len(b) || audio.RateHz < 8000 || audio.RateHz > 48000 {
			t.Fatalf("%d samples at %d Hz from %d bytes", len(audio.Samples), audio.RateHz, len(b))
		}
		if samples, err := audio.At8k(); err == nil && len(samples) > len(audio.Samples) {
			t.Fatalf("%d samples became %d", len(audio.Samples), len(samples))
		}
	})
}
