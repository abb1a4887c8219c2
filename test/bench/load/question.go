package load

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

const (
	lookEvery  = 20 * time.Millisecond
	quietTime  = 120 * time.Millisecond // without a packet of the question: it is over
	pressAgain = 3 * time.Second        // a key that came before the question's end does not count
)

// Connect hears the question to its end, presses key, and returns once an agent
// has taken the call.
func (c *Call) Connect(ctx context.Context, key byte) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var pressed time.Time
	heard, since := uint32(0), time.Now()
	for {
		select {
		case <-c.bridged:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("call %s was not connected; it heard %d packets of the question", c.Number, heard)
		case <-ticker.C:
		}
		if n := c.legs[caller].plain.Load(); n != heard {
			heard, since = n, time.Now()
		}
		if heard > 0 && time.Since(since) > quietTime && time.Since(pressed) > pressAgain {
			c.legs[caller].key.Store(uint32(key))
			pressed = time.Now()
		}
	}
}

// Prompted returns once the question has begun.
func (c *Call) Prompted(ctx context.Context) error {
	return c.until(ctx, "the question", func() bool { return c.legs[caller].plain.Load() > 0 })
}

// Talk returns once each party has heard so many frames of the other.
func (c *Call) Talk(ctx context.Context, frames int) error {
	return c.until(ctx, "the talk", func() bool {
		return min(c.legs[caller].passed.Load(), c.legs[agent].passed.Load()) >= uint32(frames)
	})
}

func (c *Call) until(ctx context.Context, what string, ready func() bool) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for !ready() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("call %s waited in vain for %s: %w", c.Number, what, ctx.Err())
		case <-ticker.C:
		}
	}
	return nil
}

// Prompt renders a soft tone of so many packets, to be the question: a WAV file
// of 16-bit PCM at 8 kHz.
func Prompt(packets int) string {
	var data []byte
	for i := range packets * frameBytes {
		data = binary.LittleEndian.AppendUint16(data, uint16(int16(3000*math.Sin(float64(i)/3))))
	}
	file := []byte("RIFF")
	file = binary.LittleEndian.AppendUint32(file, uint32(36+len(data)))
	file = append(file, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"...)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(data)))
	return string(append(file, data...))
}
