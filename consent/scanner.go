package consent

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"assent/consent/merkle"
)

// BadLine names the first line of a ledger that is not what was written there.
type BadLine struct {
	File string
	Line int64 // 1 is the first
	Why  string
}

// Error returns "file:line: why".
func (e *BadLine) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Why) }

// scanner reads a ledger line by line and holds each against the one before.
type scanner struct {
	r    *bufio.Reader
	file string

	line     int64 // lines read
	length   int64 // of the line last read, its end included
	index    int64 // the index that the next line must have
	leaf     Hash  // leaf hash of the line last read
	torn     Torn  // set at the end
	floating bool  // began inside the file and has read no line yet
}

func newScanner(r io.Reader, file string) *scanner {
	return &scanner{r: bufio.NewReaderSize(r, maxLine), file: file, leaf: genesis}
}

// skipPartial goes to the first line that begins after the current place, and trusts that line's index and link.
func (s *scanner) skipPartial() error {
	s.floating = true
	_, err := s.r.ReadSlice('\n')
	if err != nil {
		return s.bad(fmt.Sprintf("no line end within %d bytes", maxLine))
	}
	return nil
}

// next returns the next line's fields, valid until the next call. At the end it returns io.EOF and sets torn; for a line that does not fit, a *BadLine.
func (s *scanner) next() (fields, error) {
	raw, err := s.r.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF):
		s.torn = Torn{File: s.file, Line: s.line + 1, Bytes: int64(len(raw))}
		return fields{}, io.EOF
	case errors.Is(err, bufio.ErrBufferFull):
		s.line++
		return fields{}, s.bad(fmt.Sprintf("it is longer than %d bytes", maxLine))
	case err != nil:
		return fields{}, fmt.Errorf("read %s after line %d: %w", s.file, s.line, err)
	}
	s.length = int64(len(raw))
	return s.take(raw[:len(raw)-1])
}

// take checks one whole line and moves on behind it.
func (s *scanner) take(raw []byte) (fields, error) {
	f, err := parseLine(raw)
	if s.floating && err == nil {
		s.floating = false // the first line says where in the ledger we are
		s.line, s.index, s.leaf = f.index, f.index, f.prev
	}
	s.line++
	if err != nil {
		return fields{}, s.bad(err.Error())
	}
	if f.index != s.index {
		return fields{}, s.bad(fmt.Sprintf("it is entry %d and should be entry %d: lines were %s", f.index, s.index, movedOrRemoved(f.index, s.index)))
	}
	if f.prev != s.leaf {
		return fields{}, s.unlinked(raw)
	}
	s.leaf = merkle.LeafHash(raw)
	s.index++
	return f, nil
}

func movedOrRemoved(got, want int64) string {
	if got > want {
		return "removed or moved before it"
	}
	return "moved, or repeated"
}

// unlinked says which of two lines was rewritten when the later one is not chained to the earlier: if the line after
// still holds on to the later one, then the later one is what was written and the earlier is not.
func (s *scanner) unlinked(raw []byte) error {
	leaf := merkle.LeafHash(raw)
	if s.line > 1 && (s.atEnd() || s.nextHolds(leaf)) {
		s.line--
		return s.bad(fmt.Sprintf("it is not the entry that line %d was chained to: it was rewritten", s.line+1))
	}
	return s.bad(fmt.Sprintf("it is not chained to the line before it (hash %x): one of the two was rewritten", s.leaf[:]))
}

func (s *scanner) atEnd() bool {
	_, err := s.r.Peek(1)
	return err != nil
}

// nextHolds reports whether the next line is chained to leaf.
func (s *scanner) nextHolds(leaf Hash) bool {
	raw, err := s.r.ReadSlice('\n')
	if err != nil {
		return false
	}
	f, err := parseLine(raw[:len(raw)-1])
	return err == nil && f.prev == leaf
}

func (s *scanner) bad(why string) error {
	return &BadLine{File: s.file, Line: s.line, Why: why}
}
