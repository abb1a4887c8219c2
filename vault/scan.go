package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// source is a sealed file that is read.
type source struct {
	raw  io.ReaderAt
	key  *Key
	head []byte
}

// scanned is what a walk through a sealed file finds.
type scanned struct {
	source
	layout   layout
	seq      uint64 // number of the record that would come next
	end      int64  // of the last whole record
	endAt    int64  // where the end record begins
	finished bool
	steps    []step
	opens    bool
}

// step is a state between two records that a cut may go back to.
type step struct {
	seq  uint64
	end  int64 // of the stored file
	size int64 // of the plain file
	kind kind  // of the record that follows
	at   int64 // of the record that follows
}

// begin checks how a sealed file begins.
func begin(raw io.ReaderAt, size int64, key *Key, role Role) (source, error) {
	s := source{raw, key, head(key.Recording(), role)}
	b := make([]byte, len(s.head))
	if size < int64(len(b)) {
		return s, fmt.Errorf("%w: it has %d bytes", ErrForeign, size)
	}
	if _, err := raw.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return s, err
	}
	if !bytes.Equal(b, s.head) {
		return s, fmt.Errorf("%w: its header", ErrForeign)
	}
	return s, nil
}

// scan walks through all records of a file of size stored bytes. With open it opens
// each, so what it returns is authentic up to the first that is not; without, only
// frames are read, and whoever reads the texts later finds out. The error is
// ErrDamaged or, for a file without an end, ErrUnfinished.
func scan(raw io.ReaderAt, size int64, key *Key, role Role, open bool) (scanned, error) {
	src, err := begin(raw, size, key, role)
	s := scanned{source: src, end: int64(len(src.head)), opens: open}
	if err != nil {
		return s, err
	}
	in := &window{raw: raw, size: size}
	for s.end < size {
		if err := s.step(in, size); err != nil {
			return s, err
		}
		if s.finished && s.end < size {
			return s, fmt.Errorf("%w: %d bytes follow its end", ErrDamaged, size-s.end)
		}
	}
	if !s.finished {
		return s, ErrUnfinished
	}
	return s, nil
}

// Check opens every record of a finished file of size stored bytes, also those
// that a later one has written over. The error names the first that is not what
// was written.
func Check(raw io.ReaderAt, size int64, key *Key, role Role) error {
	s, err := scan(raw, size, key, role, true)
	if err != nil {
		return err
	}
	indexed, err := s.index(size)
	if err != nil {
		return err
	}
	if !bytes.Equal(indexed.encode(), s.layout.encode()) {
		return fmt.Errorf("%w: its index is not that of its records", ErrDamaged)
	}
	return nil
}

// step takes one record. One that the file is too short for is torn: unfinished.
func (s *scanned) step(in *window, size int64) error {
	b, err := in.at(s.end, frameBytes)
	if err != nil {
		return err
	}
	f, err := parseFrame(b)
	if err != nil {
		return fmt.Errorf("record %d, at byte %d: %w", s.seq, s.end, err)
	}
	text, err := in.at(s.end+frameBytes, f.length)
	if err != nil {
		return err
	}
	if s.opens {
		if _, err := s.unseal(text, place{s.seq, f.kind, f.at}); err != nil {
			return fmt.Errorf("record %d, at byte %d: %w", s.seq, s.end, err)
		}
	}
	stored := s.end + frameBytes
	s.steps = append(s.steps, step{s.seq, s.end, s.layout.size, f.kind, f.at})
	s.endAt = s.end
	s.end = stored + int64(f.length)
	s.seq++
	switch f.kind {
	case kindData:
		s.layout.write(extent{f.at, f.at + int64(f.length-sealBytes), f.at, s.seq - 1, stored, f.length})
	case kindSize:
		s.layout.resize(f.at)
	case kindEnd:
		return s.finish(in, f)
	}
	return nil
}

// finish takes the tail behind the end record.
func (s *scanned) finish(in *window, f frame) error {
	b, err := in.at(s.end, tailBytes)
	if err != nil {
		s.seq, s.end = s.seq-1, s.endAt // torn within its tail: there is no end
		return err
	}
	if want := (tailOf{s.end - s.endAt, s.seq - 1}); f.at != s.layout.size || parseTail(b) != want {
		return fmt.Errorf("at byte %d: %w: its tail", s.end, ErrDamaged)
	}
	s.end += tailBytes
	s.finished = true
	return nil
}

// spine returns the earliest state behind which all records lie beyond size, set
// the size, or wrote over what was there.
func (s *scanned) spine(size int64) step {
	at := step{s.seq, s.end, s.layout.size, 0, 0}
	for i := len(s.steps) - 1; i >= 0; i-- {
		before := s.steps[i]
		if before.kind == kindData && before.at < size && before.at >= before.size {
			break // it made the file longer, below size
		}
		if before.kind == kindSize && min(before.at, before.size) < size {
			break // it made zeros below size
		}
		at = before
	}
	return at
}

// unseal opens the text of a record.
func (s *source) unseal(sealed []byte, p place) ([]byte, error) {
	plain, err := s.key.aead.Decrypt(sealed, p.associated(nil, s.head))
	if err != nil {
		return nil, fmt.Errorf("%w: not authentic", ErrDamaged)
	}
	return plain, nil
}

// open reads and opens the record of an extent.
func (s *source) open(e extent) ([]byte, error) {
	b := make([]byte, e.length)
	if n, err := s.raw.ReadAt(b, e.stored); n < len(b) {
		return nil, noEOF(err)
	}
	plain, err := s.unseal(b, place{e.seq, kindData, e.start})
	if err != nil {
		return nil, fmt.Errorf("record %d, at byte %d: %w", e.seq, e.stored-frameBytes, err)
	}
	return plain, nil
}

func noEOF(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// window reads ahead, so that a walk asks the file in large pieces.
type window struct {
	raw  io.ReaderAt
	size int64
	from int64
	b    []byte
}

// readAhead is the size of such a piece.
const readAhead = 1 << 20

// at returns n bytes, which are good until the next call; ErrUnfinished where the
// file ends before.
func (w *window) at(from int64, n int) ([]byte, error) {
	if from+int64(n) > w.size {
		return nil, ErrUnfinished
	}
	if from < w.from || from+int64(n) > w.from+int64(len(w.b)) {
		want := int(min(int64(max(n, readAhead)), w.size-from))
		if cap(w.b) < want {
			w.b = make([]byte, want)
		}
		w.b, w.from = w.b[:want], from
		if got, err := w.raw.ReadAt(w.b, from); got < want {
			w.b = w.b[:0]
			return nil, noEOF(err)
		}
	}
	return w.b[from-w.from:][:n], nil
}
