package media

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"assent/media/codec"
	"assent/media/pcm"
)

// Clip is audio to be played, encoded once for each format that it is wanted in. It may be shared by any number of
// streams.
type Clip struct {
	// set once
	encoded [2][]byte // G.711, by codec.ID: any packet begins at any sample
	wide    pcm.Audio // what other codecs are made of
	sha256  string

	mu         sync.Mutex
	renditions map[renditionKey]*rendition
}

// maxWide is the rate that is kept of a clip: prompts are speech.
const maxWide = 16000

// NewClip makes a clip of samples at 8 kHz, which it copies.
func NewClip(samples []int16) *Clip {
	return newClip(samples, pcm.Audio{Samples: slices.Clone(samples), RateHz: pcm.RateHz})
}

// newClip makes a clip of the same audio at 8 kHz, which it borrows, and at a rate of its own, which it keeps.
func newClip(samples []int16, wide pcm.Audio) *Clip {
	c := &Clip{wide: wide, renditions: map[renditionKey]*rendition{}}
	for id := range c.encoded {
		c.encoded[id] = make([]byte, len(samples))
		codec.Encode(codec.ID(id), c.encoded[id], samples)
	}
	return c
}

// LoadClip reads a WAV file of one channel, 8 to 48 kHz, PCM or G.711, of at most pcm.MaxWAV bytes. A file without a
// sample is an error: whoever is asked a question must be able to hear it.
func LoadClip(path string) (*Clip, error) {
	b, err := readPrompt(path)
	if err != nil {
		return nil, err
	}
	c, err := DecodeClip(b)
	if err != nil {
		return nil, fmt.Errorf("prompt %s: %w", path, err)
	}
	return c, nil
}

// DecodeClip is LoadClip of a file that is in memory, which it borrows.
func DecodeClip(b []byte) (*Clip, error) {
	audio, err := pcm.DecodeWAV(b)
	if err != nil {
		return nil, err
	}
	samples, err := audio.At8k()
	if err != nil {
		return nil, err
	}
	if len(samples) == 0 {
		return nil, errors.New("it has no sound; want a file of one sample at least")
	}
	if audio.RateHz > maxWide {
		if audio.Samples, err = pcm.Resample(audio.Samples, audio.RateHz, maxWide); err != nil {
			return nil, err
		}
		audio.RateHz = maxWide
	}
	c := newClip(samples, audio)
	sum := sha256.Sum256(b)
	c.sha256 = hex.EncodeToString(sum[:])
	return c, nil
}

// readPrompt reads a regular file. Opening anything else could wait for ever, for whoever writes into a pipe.
func readPrompt(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("prompt %s: it is %s; want a WAV file", path, kindOf(info.Mode()))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, pcm.MaxWAV+1))
	if err != nil {
		return nil, fmt.Errorf("read prompt %s: %w", path, err)
	}
	return b, nil
}

// kindOf names what is no regular file.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "no regular file"
}

// SHA256 returns the hash of the file that the clip was loaded from, in hex; "" for a clip without a file.
func (c *Clip) SHA256() string { return c.sha256 }

// Duration returns how long the clip lasts.
func (c *Clip) Duration() time.Duration { return time.Duration(c.samples()) * tick }

func (c *Clip) samples() int { return len(c.encoded[0]) }
