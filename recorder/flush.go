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
	t.gaps.due(uint32(edge), uint32(t.rate), func(g gap) { t.journal = append(t.journal, gapEntry(g)) })
}

// settle types the silence of one channel between frozen and edge.
func (t *timeline) settle(channel int, edge int64) {
	t.closeSeams(channel)
	tr := &t.tracks[channel]
	pos := t.frozen
	for _, s := range tr.cover.spans() {
		if s.from >= edge {
			break
		}
		t.unplaced(channel, pos, s.from)
		pos = min(s.to, edge)
		if s.kind.gap() {
			t.gaps.add(gap{uint32(s.from), uint32(pos), uint8(channel), s.kind, false})
		}
		if s.kind == kindAudio && !tr.told {
			tr.told = true
			t.journal = append(t.journal, audioEntry(channel, s.from))
		}
		tr.joined = pos == edge && s.kind == kindAudio
	}
	t.unplaced(channel, pos, edge)
	if pos < edge {
		tr.joined = false
	}
	if c := t.ring.at(edge - 1); tr.joined && c != nil {
		tr.last = binary.LittleEndian.Uint16(c[sampleAt(edge-1, channel):])
	}
}

// unplaced notes that nothing came in [from, to).
func (t *timeline) unplaced(channel int, from, to int64) {
	if from < to {
		t.gaps.add(gap{uint32(from), uint32(to), uint8(channel), kindUnplaced, false})
	}
}

// closeSeams fills holes of at most one seam between two stretches of audio:
// a clock slip left them, nothing was lost.
func (t *timeline) closeSeams(channel int) {
	tr := &t.tracks[channel]
	before, last, joined := t.frozen, tr.last, tr.joined
	for i := 0; i < tr.cover.n; i++ {
		s := tr.cover.s[i]
		if joined && s.kind == kindAudio && s.from > before && s.from-before <= t.rate/seamsPerSecond && t.repeat(channel, before, s.from, last) {
			tr.cover.paint(before, s.from, kindAudio)
			i = -1
			before, last, joined = t.frozen, tr.last, tr.joined
			continue
		}
		before, joined = s.to, s.kind == kindAudio
		if c := t.ring.at(s.to - 1); joined && c != nil {
			last = binary.LittleEndian.Uint16(c[sampleAt(s.to-1, channel):])
		}
	}
}

// repeat puts one value into [from, to), if there is memory for it.
func (t *timeline) repeat(channel int, from, to int64, value uint16) bool {
	for pos := from; pos < to; pos++ {
		c := t.ring.ensure(pos)
		if c == nil {
			return false
		}
		binary.LittleEndian.PutUint16(c[sampleAt(pos, channel):], value)
	}
	return true
}

// sampleAt returns where in its chunk the sample of a position stands.
func sampleAt(pos int64, channel int) int {
	return int(pos%chunkFrames)*frameBytes + channel*2
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
		if pos/chunkFrames >= t.ring.first+t.ring.size() {
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
