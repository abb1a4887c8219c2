package vault

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Reader reads plain bytes of a sealed file, anywhere and as few as are asked for.
// Every byte that it returns is authentic. It is not safe for concurrent use.
type Reader struct {
	source
	layout layout
	at     int    // the extent that was opened last, and its text
	text   []byte // nil if there is none
}

func newReader(s scanned) *Reader { return &Reader{source: s.source, layout: s.layout} }

// NewReader opens a finished file of size stored bytes by its index: it reads the
// beginning and the end, and nothing between. A file that was cut, or that still
// grows, is ErrUnfinished.
func NewReader(raw io.ReaderAt, size int64, key *Key, role Role) (*Reader, error) {
	src, err := begin(raw, size, key, role)
	if err != nil {
		return nil, err
	}
	r := &Reader{source: src}
	r.layout, err = src.index(size)
	return r, err
}

// index reads the end record, which the tail leads to.
func (s *source) index(size int64) (layout, error) {
	var l layout
	var b [tailBytes]byte
	if size < int64(len(s.head)+frameBytes+sealBytes+tailBytes) {
		return l, ErrUnfinished
	}
	if n, err := s.raw.ReadAt(b[:], size-tailBytes); n < tailBytes {
		return l, noEOF(err)
	}
	t := parseTail(b[:])
	at := size - tailBytes - t.length
	if t.length < frameBytes+sealBytes || t.length > frameBytes+sealBytes+maxEnd || at < int64(len(s.head)) {
		return l, fmt.Errorf("%w, or its tail is damaged", ErrUnfinished)
	}
	record := make([]byte, t.length)
	if n, err := s.raw.ReadAt(record, at); n < len(record) {
		return l, noEOF(err)
	}
	f, err := parseFrame(record)
	if err != nil || f.kind != kindEnd || f.length != len(record)-frameBytes {
		return l, fmt.Errorf("%w, or its tail is damaged", ErrUnfinished)
	}
	text, err := s.unseal(record[frameBytes:], place{t.seq, kindEnd, f.at})
	if err != nil {
		return l, fmt.Errorf("end record, at byte %d: %w", at, err)
	}
	return decodeLayout(text, f.at, at)
}

// Size is the length of the plain file.
func (r *Reader) Size() int64 { return r.layout.size }

// ReadAt reads plain bytes, as io.ReaderAt wants it.
func (r *Reader) ReadAt(b []byte, at int64) (int, error) {
	if at < 0 {
		return 0, fmt.Errorf("sealed file: read at %d", at)
	}
	n := 0
	for n < len(b) && at < r.layout.size {
		got, err := r.some(b[n:min(int64(len(b)), int64(n)+r.layout.size-at)], at)
		if err != nil {
			return n, err
		}
		n, at = n+got, at+int64(got)
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// some reads from one extent, or from the zeros before it.
func (r *Reader) some(b []byte, at int64) (int, error) {
	i := r.layout.find(at)
	if i == len(r.layout.extents) {
		clear(b)
		return len(b), nil
	}
	e := r.layout.extents[i]
	if at < e.from {
		b = b[:min(int64(len(b)), e.from-at)]
		clear(b)
		return len(b), nil
	}
	if r.text == nil || r.at != i {
		text, err := r.open(e)
		if err != nil {
			return 0, err
		}
		r.at, r.text = i, text
	}
	return copy(b, r.text[at-e.start:e.to-e.start]), nil
}

// tailOf is what stands behind an end record, so that it is found from the end.
type tailOf struct {
	length int64 // of the end record, frame and all
	seq    uint64
}

const tailBytes = 4 + 8

func (t tailOf) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(t.length))
	return binary.BigEndian.AppendUint64(b, t.seq)
}

func parseTail(b []byte) tailOf {
	return tailOf{int64(binary.BigEndian.Uint32(b)), binary.BigEndian.Uint64(b[4:])}
}
