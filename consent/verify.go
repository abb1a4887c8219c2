package consent

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// Report is what Verify found.
type Report struct {
	File    string           `json:"file"`
	Entries int64            `json:"entries"`
	Types   map[string]int64 `json:"types"`
	Head    Checkpoint       `json:"head"` // worth keeping elsewhere: see Checkpoint
	Root    string           `json:"root"` // RFC 6962 Merkle tree hash over all lines, hex
	First   time.Time        `json:"first"`
	Last    time.Time        `json:"last"`
	Torn    Torn             `json:"torn"` // not an error: a crash, or a write under way
}

// Verify reads the ledger in dir from its first line and checks every line and its link. It needs no lock and may run
// beside the writer: it reads what was there when it began. Each expected checkpoint must be found, which is how a caller
// that kept one learns of a removed tail. The error is a *BadLine if a line is not what was written; the report then
// covers the lines before it.
func Verify(dir string, expected ...Checkpoint) (Report, error) {
	f, size, err := openToRead(dir)
	if err != nil {
		return Report{File: Path(dir), Head: Checkpoint{Index: -1}}, err
	}
	defer f.Close()
	return verify(io.NewSectionReader(f, 0, size), f.Name(), expected)
}

// verify reads a whole ledger from r; file is its name in errors.
func verify(r io.Reader, file string, expected []Checkpoint) (Report, error) {
	report := Report{File: file, Types: map[string]int64{}, Head: Checkpoint{Index: -1}}
	hashes := byIndex(expected)
	s := newScanner(r, file)
	var tree Tree
	e, err := s.next()
	for ; err == nil; e, err = s.next() {
		tree.Add(s.leaf)
		report.count(e, s.leaf)
		if err = s.check(report.Head, hashes); err != nil {
			break
		}
	}
	root := tree.Root()
	report.Root, report.Torn = hex.EncodeToString(root[:]), s.torn
	if !errors.Is(err, io.EOF) {
		return report, err
	}
	return report, missing(report, expected)
}

func (r *Report) count(e fields, leaf Hash) {
	if r.Entries == 0 {
		r.First = e.time
	}
	r.Entries++
	r.Types[e.typ]++
	r.Last = e.time
	r.Head = Checkpoint{Index: e.index, Hash: hex.EncodeToString(leaf[:])}
}

// checkpoints is the hashes that a caller expects to find, by index.
type checkpoints map[int64][]string

func byIndex(expected []Checkpoint) checkpoints {
	hashes := checkpoints{}
	for _, c := range expected {
		hashes[c.Index] = append(hashes[c.Index], c.Hash)
	}
	return hashes
}

// check holds the line just read against the checkpoints of its index.
func (s *scanner) check(read Checkpoint, expected checkpoints) error {
	for _, hash := range expected[read.Index] {
		if hash != "" && hash != read.Hash {
			return s.bad(fmt.Sprintf("it has the hash %s and had %s when the checkpoint was taken: the ledger was rewritten, here or before",
				read.Hash, hash))
		}
	}
	return nil
}

// missing says that the ledger ends before a checkpoint.
func missing(r Report, expected []Checkpoint) error {
	if len(expected) == 0 {
		return nil
	}
	last := slices.MaxFunc(expected, func(a, b Checkpoint) int { return cmp.Compare(a.Index, b.Index) })
	if last.Index < r.Entries {
		return nil
	}
	return &BadLine{File: r.File, Line: r.Entries + 1, Why: fmt.Sprintf(
		"the ledger ends here, but had an entry %d when the checkpoint was taken: its end was removed", last.Index)}
}

// openToRead opens the ledger file and fixes the size up to which it is read.
func openToRead(dir string) (*os.File, int64, error) {
	f, err := os.Open(Path(dir))
	if err != nil {
		return nil, 0, fmt.Errorf("read ledger: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close() // only read
		return nil, 0, fmt.Errorf("read ledger: %w", err)
	}
	return f, info.Size(), nil
}
