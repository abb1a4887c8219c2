package recorder

import (
	"encoding/binary"
	"fmt"
)

// cue marks a gap in the stored file, in frames of that file.
type cue struct {
	from, length uint32
	label        string
}

// cues returns a marker for each gap, where the edit puts it in the file.
func (f *facts) cues() []cue {
	var out []cue
	for _, g := range f.resolved() {
		from, to := f.edit.locate(min(int64(g.from), f.frames)), f.edit.locate(min(int64(g.to), f.frames))
		out = append(out, cue{uint32(from), uint32(to - from), fmt.Sprintf("%s, channel %d, %d ms",
			g.kind, g.channel, f.layout.milliseconds(int64(g.to-g.from)))})
	}
	return out
}

// trailer returns the chunks behind the audio: cue points, and what each of them
// is called and how long it lasts; nothing if there are none.
func trailer(cues []cue) []byte {
	if len(cues) == 0 {
		return nil
	}
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("cue "), uint32(4+24*len(cues)))
	b = le.AppendUint32(b, uint32(len(cues)))
	for i, c := range cues {
		b = le.AppendUint32(le.AppendUint32(b, uint32(i+1)), c.from)
		b = append(b, "data"...)
		b = le.AppendUint32(append(b, make([]byte, 8)...), c.from)
	}
	list := []byte("adtl")
	for i, c := range cues {
		text := append([]byte(c.label), 0)
		list = le.AppendUint32(append(list, "labl"...), uint32(4+len(text)))
		list = append(le.AppendUint32(list, uint32(i+1)), text...)
		if len(text)%2 == 1 {
			list = append(list, 0)
		}
		list = le.AppendUint32(append(list, "ltxt"...), 20)
		list = le.AppendUint32(le.AppendUint32(list, uint32(i+1)), c.length)
		list = append(append(list, "rgn "...), make([]byte, 8)...)
	}
	b = le.AppendUint32(append(b, "LIST"...), uint32(len(list)))
	return append(b, list...)
}
