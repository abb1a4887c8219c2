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

	"assent/consent/merkle"
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
	Torn    Torn             `json:"torn"`   // not an error: a crash, or a write under way
	Signed  int64            `json:"signed"` // entries that the heads cover which it was held against
}

// Against is what a ledger is held against beside itself.
type Against struct {
	// Entries must be found in the ledger.
	Entries []Checkpoint
	// Heads are checkpoints whose signatures the caller has checked: the ledger must begin with what they signed.
	Heads []merkle.Checkpoint
}

// Verify reads the ledger in dir from its first line and checks every line and its link. It needs no lock and may run
// beside the writer: it reads what was there when it began. Each expected checkpoint must be found, which is how a caller
// that kept one learns of a removed tail. The error is a *BadLine if a line is not what was written; the report then
// covers the lines before it.
func Verify(dir string, expected ...Checkpoint) (Report, error) {
	return VerifyAgainst(dir, Against{Entries: expected})
}

// VerifyAgainst is Verify that also holds the ledger against signed heads, and against the tree's file where there is one.
// Its memory does not grow with the ledger.
func VerifyAgainst(dir string, against Against) (Report, error) {
	report := Report{File: Path(dir), Head: Checkpoint{Index: -1}}
	f, size, err := openToRead(dir)
	if err != nil {
		return report, err
	}
	defer f.Close()
	tree, treeSize, err := readNodes(dir)
	if err != nil {
		return report, err
	}
	var stored io.Reader
	if tree != nil {
		defer tree.Close()
		stored = io.NewSectionReader(tree, 0, treeSize)
	}
	return verify(io.NewSectionReader(f, 0, size), f.Name(), stored, against)
}

// verify reads a whole ledger from r, whose name in errors is file, beside its tree's nodes, if there are any.
func verify(r io.Reader, file string, stored io.Reader, against Against) (Report, error) {
	report := Report{File: file, Types: map[string]int64{}, Head: Checkpoint{Index: -1}}
	hashes := byIndex(against.Entries)
	s := newScanner(r, file)
	a := newAudit(file, stored, against.Heads)
	e, err := s.next()
	for ; err == nil; e, err = s.next() {
		report.count(e, s.leaf)
		if err = s.check(report.Head, hashes); err == nil {
			err = a.add(s.leaf)
		}
		if err != nil {
			break
		}
	}
	root := a.tree.Root()
	report.Root, report.Torn, report.Signed = hex.EncodeToString(root[:]), s.torn, a.signed
	if !errors.Is(err, io.EOF) {
		return report, err
	}
	if err := a.end(); err != nil {
		return report, err
	}
	return report, missing(report, against.Entries)
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
