package demo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"assent/demo/phone"
)

const (
	presentDB = -22 // a tone that was said is louder than this
	absentDB  = -50 // one that may not be there is softer
)

// readWAV splits a two-channel 16-bit recording into its channels.
func readWAV(path string) (left, right []int16, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, nil, errors.New("no WAV file")
	}
	var format []byte
	for b = b[12:]; len(b) >= 8; {
		size := int(binary.LittleEndian.Uint32(b[4:]))
		if size > len(b)-8 {
			return nil, nil, fmt.Errorf("chunk %q is cut", b[:4])
		}
		body := b[8 : 8+size]
		switch string(b[:4]) {
		case "fmt ":
			format = body
		case "data":
			if len(format) < 16 || binary.LittleEndian.Uint16(format) != 1 || binary.LittleEndian.Uint16(format[2:]) != 2 ||
				binary.LittleEndian.Uint32(format[4:]) != 8000 || binary.LittleEndian.Uint16(format[14:]) != 16 {
				return nil, nil, fmt.Errorf("not two channels of 16 bits at 8 kHz: %v", format)
			}
			for ; len(body) >= 4; body = body[4:] {
				left = append(left, int16(binary.LittleEndian.Uint16(body)))
				right = append(right, int16(binary.LittleEndian.Uint16(body[2:])))
			}
			return left, right, nil
		}
		b = b[8+size+size%2:]
	}
	return nil, nil, errors.New("no data in the WAV file")
}

// heard holds one channel against what it must and may not have in it.
func heard(what string, samples []int16, present, absent []float64) error {
	for _, hz := range present {
		if level := phone.Level(samples, hz); level < presentDB {
			return fmt.Errorf("%s: %.0f Hz is missing (%.0f dB)", what, hz, level)
		}
	}
	for _, hz := range absent {
		if level := phone.Level(samples, hz); level > absentDB {
			return fmt.Errorf("%s: %.0f Hz is in it (%.0f dB), and may not be", what, hz, level)
		}
	}
	return nil
}

// checkRecording listens to a recording: only what the caller said after the
// consent on the left, only the agent on the right.
func checkRecording(path string) error {
	left, right, err := readWAV(path)
	if err != nil {
		return err
	}
	return errors.Join(
		heard("the caller's channel", left, []float64{toneAfter}, []float64{toneBefore, toneAgent}),
		heard("the agent's channel", right, []float64{toneAgent}, []float64{toneBefore, toneAfter}))
}
