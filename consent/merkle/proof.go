package merkle

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// proofHeader is the first line of a proof.
	proofHeader = "c2sp.org/tlog-proof@v1"
	// maxPath is the height of the tallest tree whose size a checkpoint can name.
	maxPath = 63
)

// Proof says that a leaf is in a log, to somebody who knows nothing of the log but its key (C2SP tlog-proof).
type Proof struct {
	Index      int64
	Path       []Hash // from the leaf's sibling up to the root's child
	Checkpoint []byte // the signed note, with its witnesses' lines
}

// Text returns the proof as ParseProof reads it.
func (p Proof) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nindex %d\n", proofHeader, p.Index)
	for _, h := range p.Path {
		fmt.Fprintf(&b, "%s\n", h)
	}
	fmt.Fprintf(&b, "\n%s", p.Checkpoint)
	return b.String()
}

// ParseProof reads a proof without extra data, in the one form that Text gives it.
func ParseProof(text string) (Proof, error) {
	head, checkpoint, found := strings.Cut(text, "\n\n")
	if !found || len(text) > maxNote+(maxPath+3)*64 {
		return Proof{}, errors.New("proof: no empty line before a checkpoint")
	}
	lines := strings.Split(head, "\n")
	if len(lines) < 2 || lines[0] != proofHeader || len(lines) > maxPath+2 {
		return Proof{}, fmt.Errorf("proof: want %s, an index, and at most %d hashes", proofHeader, maxPath)
	}
	p := Proof{Checkpoint: []byte(checkpoint)}
	index, ok := strings.CutPrefix(lines[1], "index ")
	var err error
	if p.Index, err = strconv.ParseInt(index, 10, 64); !ok || err != nil || p.Index < 0 {
		return Proof{}, fmt.Errorf("proof: %q is no index", lines[1])
	}
	for i, line := range lines[2:] {
		h, err := strict.DecodeString(line)
		if err != nil || len(h) != HashBytes {
			return Proof{}, fmt.Errorf("proof: hash %d is none: %q", i+1, line)
		}
		p.Path = append(p.Path, Hash(h))
	}
	if p.Text() != text {
		return Proof{}, errors.New("proof: not written as a log writes it")
	}
	return p, nil
}

// Verify checks that the leaf is in the log whose key is given, and returns the checkpoint that says so.
func (p Proof) Verify(leaf Hash, keys Keys) (Seen, error) {
	seen, err := OpenCheckpoint(p.Checkpoint, keys)
	if err != nil {
		return Seen{}, err
	}
	return seen, p.Check(leaf, seen.Checkpoint)
}

// Check is Verify with a checkpoint whose signatures the caller knows to be good.
func (p Proof) Check(leaf Hash, c Checkpoint) error {
	if p.Index >= c.Size {
		return fmt.Errorf("proof: entry %d is not among the %d of its checkpoint", p.Index, c.Size)
	}
	if err := tlog.CheckRecord(p.Path, c.Size, c.Root, p.Index, leaf); err != nil {
		return fmt.Errorf("proof: entry %d does not lead to the checkpoint's root: the entry or the proof was changed", p.Index)
	}
	return nil
}

// SplitNotes takes apart notes that stand one behind the other: each is a text, an empty line, and signature lines. What
// does not end as a note is returned as rest.
func SplitNotes(b []byte) (notes [][]byte, rest []byte) {
	for len(b) > 0 {
		gap := bytes.Index(b, []byte("\n\n"))
		if gap < 0 {
			return notes, b
		}
		end := gap + 2
		for bytes.HasPrefix(b[end:], []byte("— ")) {
			n := bytes.IndexByte(b[end:], '\n')
			if n < 0 {
				return notes, b
			}
			end += n + 1
		}
		if end == gap+2 {
			return notes, b
		}
		notes, b = append(notes, b[:end]), b[end:]
	}
	return notes, nil
}
