package media

import (
	"sync"
	"sync/atomic"
	"time"

	"assent/media/codec"
	"assent/media/pcm"
)

// renditionKey names one encoding of a clip.
type renditionKey struct {
	format codec.Format
	ptime  time.Duration
}

// rendition is a clip as packets of one format and length. Each is encoded once, when the first stream comes to it, and
// shared by all that come after: whoever plays a long piece of music pays for it as it plays, and only the first one.
type rendition struct {
	// set once
	key    renditionKey
	frames [][]byte // written once each, below done
	done   atomic.Int64

	mu    sync.Mutex // held by whoever encodes the next frame
	maker *maker     // nil once all frames are there
}

// maker encodes a clip from its beginning to its end.
type maker struct {
	encoder   codec.Encoder
	resampler *pcm.Resampler // nil where the rates are equal
	rest      []int16        // of the clip
	piece     int            // of the clip's samples, for stepOf
	ready     []int16        // samples at the encoder's rate
	frame     int            // samples in a packet
	payload   [codec.MaxPayload]byte
}

// rendition returns the clip in a format. It waits for nobody but another that asks for the same.
func (c *Clip) rendition(key renditionKey) *rendition {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.renditions[key]
	if !ok {
		t = &rendition{key: key, maker: newMaker(c.wide, key)}
		if t.maker != nil {
			packet := int(key.ptime / tick)
			t.frames = make([][]byte, (c.samples()+packet-1)/packet)
		}
		c.renditions[key] = t
	}
	return t
}

// newMaker returns nil if this build can't encode the format.
func newMaker(audio pcm.Audio, key renditionKey) *maker {
	rate := key.format.RateFor(audio.RateHz)
	encoder, err := codec.NewEncoder(key.format, rate)
	if err != nil {
		return nil
	}
	m := &maker{
		encoder: encoder, rest: audio.Samples, piece: int(clockRate(audio.RateHz).ticks(stepOf)), frame: int(clockRate(rate).ticks(key.ptime)),
	}
	if rate != audio.RateHz {
		if m.resampler, err = pcm.NewResampler(audio.RateHz, rate); err != nil {
			return nil
		}
	}
	return m
}

// frame returns the payload of a packet, which is shared and not to be changed; nil behind the end.
func (t *rendition) frame(i int) []byte {
	if i >= len(t.frames) {
		return nil
	}
	if int64(i) >= t.done.Load() {
		t.make(i)
	}
	return t.frames[i]
}

// make encodes up to a frame.
func (t *rendition) make(i int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for n := int(t.done.Load()); n <= i; n++ {
		t.frames[n] = t.maker.next()
		t.done.Store(int64(n + 1))
	}
	if int(t.done.Load()) == len(t.frames) {
		t.maker = nil
	}
}

// next encodes the next packet; behind the clip's end there is silence.
func (m *maker) next() []byte {
	for len(m.ready) < m.frame {
		piece := make([]int16, m.piece)
		m.rest = m.rest[copy(piece, m.rest):]
		if m.resampler == nil {
			m.ready = append(m.ready, piece...)
			continue
		}
		room := make([]int16, m.resampler.Room(len(piece)))
		m.ready = append(m.ready, room[:m.resampler.Write(room, piece)]...)
	}
	n, err := m.encoder.Encode(m.payload[:], m.ready[:m.frame])
	m.ready = m.ready[:copy(m.ready, m.ready[m.frame:])]
	if err != nil {
		return nil // a packet is missing; nothing of ours makes such a frame
	}
	return append([]byte(nil), m.payload[:n]...)
}
