package consent

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"assent/consent/merkle"
)

// Record is one line of the ledger as read.
type Record struct {
	Version int       `json:"v"`
	Index   int64     `json:"index"`
	Type    string    `json:"type"`
	Call    string    `json:"call"`
	Time    time.Time `json:"time"`
	Prev    string    `json:"prev"` // leaf hash of the line before, hex
	Hash    string    `json:"hash"` // leaf hash of this line, hex; not in the line itself
	Line    int64     `json:"line"` // 1 is the first; not in the line itself
	Data    any       `json:"data"` // the data struct of the type, by value
}

// Filter chooses entries. Zero fields choose all.
type Filter struct {
	Call  string
	Type  string
	Since time.Time // not before
	Until time.Time // before
}

func (f Filter) matches(e fields) bool {
	return (f.Call == "" || f.Call == e.call) &&
		(f.Type == "" || f.Type == e.typ) &&
		(f.Since.IsZero() || !e.time.Before(f.Since)) &&
		(f.Until.IsZero() || e.time.Before(f.Until))
}

// Entries yields the entries of the ledger in dir that f chooses, oldest first, and checks the chain as it goes: the
// first line that does not fit is yielded as a *BadLine, and ends the sequence. It may run beside the writer.
func Entries(dir string, f Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		file, size, err := openToRead(dir)
		if err != nil {
			yield(Record{}, err)
			return
		}
		defer file.Close()
		s := newScanner(io.NewSectionReader(file, 0, size), file.Name())
		for {
			e, err := s.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil && !f.matches(e) {
				continue
			}
			r, err := s.record(e, err)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// ParseLine reads one line of a ledger, without its end, which it copies. That the line belongs to a ledger is shown by its
// proof, not by this.
func ParseLine(line []byte) (Record, error) {
	f, err := parseLine(line)
	if err != nil {
		return Record{}, err
	}
	return f.record(f.index+1, merkle.LeafHash(line))
}

// ByCall returns the entries of one call, oldest first; none is not an error.
func ByCall(dir, call string) ([]Record, error) {
	var records []Record
	for r, err := range Entries(dir, Filter{Call: call}) {
		if err != nil {
			return records, err
		}
		records = append(records, r)
	}
	return records, nil
}

// OfCalls returns the entries of some calls, oldest first. It passes over other calls' lines without a look at them, so that
// it is fast, and sees no chain: Verify does.
func OfCalls(dir string, calls map[string]bool) (map[string][]Record, error) {
	file, size, err := openToRead(dir)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	found := map[string][]Record{}
	r := bufio.NewReaderSize(io.NewSectionReader(file, 0, size), maxLine)
	for line := int64(1); ; line++ {
		raw, err := r.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		if call, ok := lineCall(raw); ok && calls[call] {
			record, err := ParseLine(raw[:len(raw)-1])
			if err != nil {
				return nil, &BadLine{File: file.Name(), Line: line, Why: err.Error()}
			}
			found[call] = append(found[call], record)
		}
	}
}

// lineCall reads the call of a line that appendLine wrote; false where it can't be read so fast.
func lineCall(line []byte) (string, bool) {
	at := bytes.Index(line, []byte(`,"call":"`))
	if at < 0 {
		return "", false
	}
	rest := line[at+len(`,"call":"`):]
	end := bytes.IndexByte(rest, '"')
	if end < 0 || bytes.IndexByte(rest[:end], '\\') >= 0 {
		return "", false
	}
	return string(rest[:end]), true
}

// record returns the record of the line just read, unless err says that there is none.
func (s *scanner) record(e fields, err error) (Record, error) {
	if err != nil {
		return Record{}, err
	}
	r, err := e.record(s.line, s.leaf)
	if err != nil {
		return Record{}, s.bad(err.Error())
	}
	return r, nil
}

// record completes f, whose data it copies.
func (f fields) record(line int64, leaf Hash) (Record, error) {
	data, err := decodeData(f.typ, f.data)
	if err != nil {
		return Record{}, err
	}
	return Record{
		Version: version, Index: f.index, Type: f.typ, Call: f.call, Time: f.time, Data: data,
		Prev: hex.EncodeToString(f.prev[:]), Hash: hex.EncodeToString(leaf[:]), Line: line,
	}, nil
}

// decodeData returns the data struct of the type, by value.
func decodeData(typ string, data []byte) (any, error) {
	switch typ {
	case TypeConsent:
		return decode[ConsentData](data)
	case TypeBarrier:
		return decode[BarrierData](data)
	case TypeStarted:
		return decode[StartedData](data)
	case TypeSealed:
		return decode[SealedData](data)
	case TypeWithdrawn:
		return decode[WithdrawnData](data)
	case TypeErased:
		return decode[ErasedData](data)
	case TypeUsed:
		return decode[UsedData](data)
	}
	return nil, fmt.Errorf("it has the unknown type %q", typ)
}

func decode[T any](b []byte) (any, error) {
	var data T
	if err := json.Unmarshal(b, &data); err != nil {
		return nil, fmt.Errorf("its data can't be read: %w", err)
	}
	return data, nil
}
