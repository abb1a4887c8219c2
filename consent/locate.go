package consent

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"assent/consent/merkle"
)

// located is one line of a ledger file, found by its index.
type located struct {
	raw  []byte // without its end
	leaf Hash
	end  int64 // of the line: where the next begins
}

// lineOf finds the line of an entry in the first size bytes of a ledger. It checks the line and not its chain: that a proof
// of it leads to a signed root is more than that.
func lineOf(f io.ReaderAt, size, index int64) (located, error) {
	at, err := locate(f, size, index)
	if err != nil {
		return located{}, err
	}
	b := make([]byte, min(maxLine, size-at))
	if _, err := f.ReadAt(b, at); err != nil {
		return located{}, err
	}
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return located{}, fmt.Errorf("entry %d has no end", index)
	}
	if _, err := parseLine(b[:end]); err != nil {
		return located{}, fmt.Errorf("entry %d: %w", index, err)
	}
	return located{b[:end], merkle.LeafHash(b[:end]), at + int64(end) + 1}, nil
}

// locate returns where in the first size bytes of a ledger the line of the entry begins. It halves the file, reading some
// twenty lines of the largest: each line tells its index, so no list of places needs to be kept, or believed.
func locate(f io.ReaderAt, size, index int64) (int64, error) {
	low, high := int64(0), size
	for high-low > maxLine {
		middle := low + (high-low)/2
		start, err := lineAfter(f, middle, high)
		if err != nil {
			return 0, err
		}
		if start >= high { // one long line to the end
			high = middle
			continue
		}
		at, err := indexAt(f, start)
		if err != nil {
			return 0, err
		}
		if at <= index {
			low = start
		} else {
			high = start
		}
	}
	return walk(f, low, high, size, index)
}

// walk goes line by line from low to the entry, which begins before high or nowhere.
func walk(f io.ReaderAt, low, high, size, index int64) (int64, error) {
	r := bufio.NewReaderSize(io.NewSectionReader(f, low, size-low), maxLine)
	for at := low; at < min(high+maxLine, size); {
		raw, err := r.ReadSlice('\n')
		if err != nil {
			break
		}
		if found, ok := lineIndex(raw); ok && found == index {
			return at, nil
		}
		at += int64(len(raw))
	}
	return 0, fmt.Errorf("entry %d is not where the ledger's lines lead: it was removed, or a line was changed", index)
}

// lineAfter returns where the first line begins that begins behind from, or high if none does before it.
func lineAfter(f io.ReaderAt, from, high int64) (int64, error) {
	b := make([]byte, min(maxLine, high-from))
	n, err := f.ReadAt(b, from)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	end := bytes.IndexByte(b[:n], '\n')
	if end < 0 {
		return high, nil
	}
	return from + int64(end) + 1, nil
}

// indexAt reads the index of the line that begins at the place.
func indexAt(f io.ReaderAt, at int64) (int64, error) {
	b := make([]byte, 64) // version and index
	n, err := f.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	index, ok := lineIndex(b[:n])
	if !ok {
		return 0, fmt.Errorf("byte %d of the ledger should begin an entry, and does not", at)
	}
	return index, nil
}

// lineIndex reads the index at the beginning of a line.
func lineIndex(line []byte) (int64, bool) {
	rest, ok := bytes.CutPrefix(line, fmt.Appendf(nil, `{"v":%d,"index":`, version))
	end := bytes.IndexByte(rest, ',')
	if !ok || end < 0 {
		return 0, false
	}
	index, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	return index, err == nil
}
