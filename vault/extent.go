package vault

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
)

// extent is a stretch of the plain file, and the record that it is read from.
type extent struct {
	from, to int64 // in the plain file
	start    int64 // of the record's text in the plain file: from, unless a later write cut it
	seq      uint64
	stored   int64 // where the sealed text lies in the stored file
	length   int   // of the sealed text
}

// layout is the plain file by extents, in order and without overlap; between them
// are zeros.
type layout struct {
	extents []extent
	size    int64
}

// write lays an extent over what was there.
func (l *layout) write(e extent) {
	if n := len(l.extents); n == 0 || l.extents[n-1].to <= e.from {
		l.extents = append(l.extents, e)
	} else {
		l.cover(e)
	}
	l.size = max(l.size, e.to)
}

// cover is write where something may be below.
func (l *layout) cover(e extent) {
	first := sort.Search(len(l.extents), func(i int) bool { return l.extents[i].to > e.from })
	last := first
	var with []extent
	for ; last < len(l.extents) && l.extents[last].from < e.to; last++ {
		old := l.extents[last]
		if old.from < e.from {
			left := old
			left.to = e.from
			with = append(with, left)
		}
		if last == first {
			with = append(with, e)
		}
		if old.to > e.to {
			right := old
			right.from = e.to
			with = append(with, right)
		}
	}
	if last == first {
		with = append(with, e)
	}
	l.extents = slices.Replace(l.extents, first, last, with...)
}

// resize cuts what lies beyond size; a longer file gets zeros.
func (l *layout) resize(size int64) {
	n := sort.Search(len(l.extents), func(i int) bool { return l.extents[i].from >= size })
	l.extents = l.extents[:n]
	if n > 0 {
		l.extents[n-1].to = min(l.extents[n-1].to, size)
	}
	l.size = size
}

// find returns the index of the first extent that ends behind pos.
func (l *layout) find(pos int64) int {
	return sort.Search(len(l.extents), func(i int) bool { return l.extents[i].to > pos })
}

// encode writes the extents: each as what it differs by from the one before.
func (l *layout) encode() []byte {
	b := binary.AppendUvarint(nil, uint64(len(l.extents)))
	var end, stored, seq int64
	for _, e := range l.extents {
		b = binary.AppendUvarint(b, uint64(e.from-end))
		b = binary.AppendUvarint(b, uint64(e.to-e.from))
		b = binary.AppendUvarint(b, uint64(e.from-e.start))
		b = binary.AppendVarint(b, e.stored-stored)
		b = binary.AppendUvarint(b, uint64(e.length))
		b = binary.AppendVarint(b, int64(e.seq)-seq)
		end, stored, seq = e.to, e.stored+int64(e.length), int64(e.seq)
	}
	return b
}

// decodeLayout reads what encode writes. size is the plain size, stored that of the
// file up to its end record: nothing may reach beyond them.
func decodeLayout(b []byte, size, stored int64) (layout, error) {
	d := decoder{b: b}
	n := d.unsigned(int64(len(b)))
	l := layout{size: size, extents: make([]extent, 0, n)}
	var end, at, seq int64
	for range n {
		var e extent
		e.from = end + d.unsigned(maxSize)
		e.to = e.from + d.unsigned(maxSize)
		e.start = e.from - d.unsigned(maxData)
		e.stored = at + d.signed()
		e.length = int(d.unsigned(maxData + sealBytes))
		seq += d.signed()
		e.seq = uint64(seq)
		text := int64(e.length) - sealBytes
		if d.bad || e.to > size || e.start < 0 || e.to > e.start+text || e.stored < 0 || e.stored+int64(e.length) > stored || seq < 0 {
			return l, fmt.Errorf("%w: its index", ErrDamaged)
		}
		l.extents = append(l.extents, e)
		end, at = e.to, e.stored+int64(e.length)
	}
	if len(d.b) > 0 {
		return l, fmt.Errorf("%w: its index", ErrDamaged)
	}
	return l, nil
}

// decoder reads numbers; the first that is not one spoils the rest.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) unsigned(limit int64) int64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > uint64(limit) {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return int64(v)
}

func (d *decoder) signed() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 || v > maxSize || v < -maxSize {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}
