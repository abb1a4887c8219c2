package recorder

import "encoding/binary"

// freeze decides everything before edge: what is not placed by now is a gap,
// and no sample may change any more.
func (t *timeline) freeze(edge int64) {
	if edge <= t.frozen {
		return
	}
	for c := range t.tracks {
		t.settle(c, edge)
		t.tracks[c].cover.trim(edge)
	}
	t.frozen = edge
	t.gaps.due(uint32(edge), func(g gap) { t.journal = append(t.journal, gapEntry(g)) })
}

// settle types the silence of one channel between frozen and edge.
func (t *timeline) settle(channel int, edge int64) {
	tr := &t.tracks[channel]
	pos := t.frozen
	for _, s := range tr.cover.spans() {
		if s.from >= edge {
			break
		}
		if s.from > pos {
			t.hole(channel, pos, s.from)
		}
		to := min(s.to, edge)
		if s.kind.gap() {
			t.gaps.add(gap{uint32(s.from), uint32(to), uint8(channel), s.kind, false})
		}
		if s.kind == kindAudio && !tr.told {
			tr.told = true
			t.journal = append(t.journal, audioEntry(channel, s.from))
		}
		pos = to
	}
	if pos < edge {
		t.gaps.add(gap{uint32(pos), uint32(edge), uint8(channel), kindUnplaced, false})
	}
}

// hole handles [from, to) between two placed stretches: the trace of a slip is
// closed, anything longer is a gap.
func (t *timeline) hole(channel int, from, to int64) {
	if to-from > seam || from == 0 || !t.repeat(channel, from, to) {
		t.gaps.add(gap{uint32(from), uint32(to), uint8(channel), kindUnplaced, false})
	}
}

// repeat fills [from, to) with the sample before it, if that is still in memory.
func (t *timeline) repeat(channel int, from, to int64) bool {
	source := t.ring.at(from - 1)
	if source == nil || from <= t.frozen {
		return false
	}
	last := binary.LittleEndian.Uint16(source[int((from-1)%chunkFrames)*frameBytes+channel*2:])
	for pos := from; pos < to; pos++ {
		c := t.ring.ensure(pos)
		if c == nil {
			return false
		}
		binary.LittleEndian.PutUint16(c[int(pos%chunkFrames)*frameBytes+channel*2:], last)
	}
	return true
}

// copyOut copies frozen frames that are not written yet into b, which holds
// whole frames, and returns the bytes copied.
func (t *timeline) copyOut(b []byte) int {
	pos, n := t.base, 0
	for pos < t.frozen && n < len(b) {
		offset := int(pos % chunkFrames)
		size := min((chunkFrames-offset)*frameBytes, len(b)-n, int(min(t.frozen-pos, chunkFrames))*frameBytes)
		if c := t.ring.at(pos); c != nil {
			copy(b[n:n+size], c[offset*frameBytes:])
		} else {
			clear(b[n : n+size])
		}
		n += size
		pos += int64(size / frameBytes)
	}
	return n
}

// silentRun returns how many frozen frames from base on are silence without
// memory behind it.
func (t *timeline) silentRun() int64 {
	pos := t.base
	for pos < t.frozen && t.ring.at(pos) == nil {
		if pos/chunkFrames >= t.ring.first+ringChunks {
			return t.frozen - t.base
		}
		pos = (pos/chunkFrames + 1) * chunkFrames
	}
	return min(pos, t.frozen) - t.base
}

// commit says that n more frames are written and gives their memory back.
func (t *timeline) commit(n int64) {
	t.base += n
	t.ring.release(t.base)
}
