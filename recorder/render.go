package recorder

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"assent/media/codec"
)

// blockFrames is what is read of a recording at a time while it is rendered.
const blockFrames = 1 << 14

// rewrite reads frames [from, to) of the audio, lets change alter them, and
// writes them back, block by block.
func (p *part) rewrite(from, to int64, change func(pos int64, frames []byte)) error {
	frame := int64(p.layout.frameBytes())
	buf := make([]byte, blockFrames*frame)
	for from < to {
		n := min(to-from, blockFrames)
		b, at := buf[:n*frame], p.layout.headerBytes()+from*frame
		if _, err := p.wav.ReadAt(b, at); err != nil {
			return fmt.Errorf("read audio: %w", err)
		}
		change(from, b)
		if _, err := p.wav.WriteAt(b, at); err != nil {
			return fmt.Errorf("write audio: %w", err)
		}
		from += n
	}
	p.dirty.Store(true)
	return nil
}

// read calls f for the frames of the audio that e keeps, in order.
func (p *part) read(ctx context.Context, e edit, frames int64, f func(b []byte) error) error {
	frame := int64(p.layout.frameBytes())
	buf := make([]byte, blockFrames*frame)
	return e.kept(frames, func(from, to int64) error {
		for from < to {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			n := min(to-from, blockFrames)
			b := buf[:n*frame]
			if _, err := p.wav.ReadAt(b, p.layout.headerBytes()+from*frame); err != nil {
				return fmt.Errorf("read audio: %w", err)
			}
			if err := f(b); err != nil {
				return err
			}
			from += n
		}
		return nil
	})
}

// rendered reports whether the stored file is another one than the file that grew.
func (s Spec) rendered(gaps string) bool { return s.Format == FormatOpus || gaps == GapsOmit }

// render makes the stored file of a recording from the one that grew, and
// returns it, whole and durable. What an earlier attempt left is made anew.
func (p *part) render(ctx context.Context, f *facts) (product, error) {
	f.edit = f.editOf(f.rendering)
	if f.spec.Format == FormatOpus {
		f.stored = FormatOpus
	}
	path := p.names.rendered(f.stored)
	if err := removeAll(p.disk, path); err != nil {
		return product{}, err
	}
	out, err := p.disk.Create(path)
	if err != nil {
		return product{}, err
	}
	to := &appender{to: out}
	if f.stored == FormatOpus {
		err = p.renderOpus(ctx, to, f)
	} else {
		err = p.renderWAV(ctx, to, f)
	}
	if err := errors.Join(err, out.Sync()); err != nil {
		return product{}, errors.Join(err, out.Close(), removeAll(p.disk, path))
	}
	return product{out, path, to.size}, nil
}

// renderWAV copies what the edit keeps of the audio.
func (p *part) renderWAV(ctx context.Context, to io.Writer, f *facts) error {
	behind := trailer(f.cues())
	size := f.edit.length(f.frames) * int64(p.layout.frameBytes())
	if _, err := to.Write(p.layout.header(p.origin, size, int64(len(behind)))); err != nil {
		return err
	}
	err := p.read(ctx, f.edit, f.frames, func(b []byte) error {
		_, err := to.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	_, err = to.Write(behind)
	return err
}

// renderOpus encodes what the edit keeps of the audio, which is linear PCM.
func (p *part) renderOpus(ctx context.Context, to io.Writer, f *facts) error {
	if _, g711 := p.layout.law(); g711 {
		return errors.New("opus: the recording is kept as G.711")
	}
	out, err := newOpusFile(to, p.layout, p.origin, f.cues())
	if err != nil {
		return err
	}
	samples := make([]int16, blockFrames*p.layout.channels)
	err = p.read(ctx, f.edit, f.frames, func(b []byte) error {
		n := len(b) / 2
		for i := range n {
			samples[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		return out.write(samples[:n])
	})
	if err != nil {
		return err
	}
	return out.close()
}

// appender writes to the end of a new file, in order.
type appender struct {
	to   file
	size int64
}

func (a *appender) Write(b []byte) (int, error) {
	n, err := a.to.WriteAt(b, a.size)
	a.size += int64(n)
	return n, err
}

// CanEncode returns why a format can't be made by this build, nil if it can.
func CanEncode(format string) error {
	if format == FormatOpus && !codec.HasOpus {
		return codec.ErrNoOpus
	}
	return nil
}
