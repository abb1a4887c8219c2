package recorder

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"assent/media/codec"
)

// The renderings of a pause in the stored file, for Config.Gaps. The sidecar's
// times are those of the recording, whichever it is.
const (
	// GapsSilence keeps the time of a pause as silence.
	GapsSilence = "silence"
	// GapsTone keeps it as a quiet tone, so that a listener hears that something is left out.
	GapsTone = "tone"
	// GapsOmit leaves out the time in which both parties are paused.
	GapsOmit = "omit"
)

// Gaps lists the values of Config.Gaps.
func Gaps() []string { return []string{GapsSilence, GapsTone, GapsOmit} }

const (
	// toneHz divides every rate; tonePeak is -30 dB of full scale.
	toneHz   = 400
	tonePeak = 1036
)

// edit says how the time of a recording becomes the time of its file: the
// stretches that are left out, whole milliseconds, in order.
type edit struct{ omitted []span }

// editOf returns the edit of a recording whose pauses are rendered that way.
func (f *facts) editOf(gaps string) edit {
	if gaps != GapsOmit {
		return edit{}
	}
	ms := int64(f.layout.rateHz / 1000)
	var out edit
	for _, s := range f.pauses() {
		if s.from, s.to = (s.from+ms-1)/ms*ms, s.to/ms*ms; s.from < s.to {
			out.omitted = append(out.omitted, s)
		}
	}
	return out
}

// pauses returns the stretches of the file in which both channels are paused, in order.
func (f *facts) pauses() []span {
	var by [channels][]span
	for _, g := range f.resolved() {
		if g.kind.paused() && int64(g.from) < f.frames {
			by[g.channel] = append(by[g.channel], span{int64(g.from), min(int64(g.to), f.frames), g.kind})
		}
	}
	var both []span
	for _, a := range by[0] {
		for _, b := range by[1] {
			if from, to := max(a.from, b.from), min(a.to, b.to); from < to {
				both = append(both, span{from, to, a.kind})
			}
		}
	}
	slices.SortFunc(both, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return both
}

// locate returns where in the file a position of the recording is; inside what
// is left out it is the cut.
func (e edit) locate(pos int64) int64 {
	at := pos
	for _, s := range e.omitted {
		if pos <= s.from {
			break
		}
		at -= min(pos, s.to) - s.from
	}
	return at
}

// length returns the length of the file of a recording of that many frames.
func (e edit) length(frames int64) int64 { return e.locate(frames) }

// kept calls f for each stretch of [0, frames) that the file holds, in order.
func (e edit) kept(frames int64, f func(from, to int64) error) error {
	pos := int64(0)
	for _, s := range append(slices.Clone(e.omitted), span{from: frames, to: frames}) {
		if pos < s.from {
			if err := f(pos, s.from); err != nil {
				return err
			}
		}
		pos = s.to
	}
	return nil
}

// tone returns one second of frames of the pause tone, as the file holds one
// channel. It begins with the phase that position 0 of a recording has.
func (l layout) tone() []byte {
	law, g711 := l.law()
	out := make([]byte, 0, l.rateHz*l.sampleBytes())
	for i := range l.rateHz {
		s := int16(math.Round(tonePeak * math.Sin(2*math.Pi*toneHz*float64(i)/float64(l.rateHz))))
		switch {
		case !g711:
			out = binary.LittleEndian.AppendUint16(out, uint16(s))
		case law == codec.PCMA:
			out = append(out, codec.EncodeALaw(s))
		default:
			out = append(out, codec.EncodeULaw(s))
		}
	}
	return out
}

// toned is a stretch of one channel of the file that holds the pause tone.
type toned struct {
	channel  int
	from, to int64
}

// tones returns where the file holds the tone: in each channel's own pauses, or
// in a mix where both are paused.
func (f *facts) tones(gaps string) (out []toned) {
	switch {
	case gaps != GapsTone:
	case f.layout.channels == 1:
		for _, s := range f.pauses() {
			out = append(out, toned{0, s.from, s.to})
		}
	default:
		for _, g := range f.resolved() {
			if to := min(int64(g.to), f.frames); g.kind.paused() && int64(g.from) < to {
				out = append(out, toned{int(g.channel), int64(g.from), to})
			}
		}
	}
	return out
}

// overlay writes the tone over silence. It can be repeated: what it writes
// follows from the position alone.
func (p *part) overlay(list []toned) error {
	if len(list) == 0 {
		return nil
	}
	tone := p.layout.tone()
	for _, t := range list {
		err := p.rewrite(t.from, t.to, func(pos int64, frames []byte) {
			p.layout.mixIn(frames, t.channel, tone, pos)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mixIn puts one channel of the tone into frames of the file that begin at pos.
func (l layout) mixIn(frames []byte, channel int, tone []byte, pos int64) {
	size, frame := l.sampleBytes(), l.frameBytes()
	for i := 0; i < len(frames); i += frame {
		at := int(pos%int64(l.rateHz)) * size
		copy(frames[i+channel*size:i+(channel+1)*size], tone[at:at+size])
		pos++
	}
}
