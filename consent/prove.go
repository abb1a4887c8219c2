package consent

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"assent/consent/merkle"
)

// Prover proves entries of a ledger folder. It only reads, and may run beside the writer.
type Prover struct {
	ledger *os.File
	size   int64
	tree   *os.File
	stored merkle.Stored
}

// Proven is a line of the ledger and the proof that it is there.
type Proven struct {
	Line  []byte // without its end
	Proof merkle.Proof
}

// OpenProver opens a ledger folder for proofs. The caller closes it.
func OpenProver(dir string) (*Prover, error) {
	ledger, size, err := openToRead(dir)
	if err != nil {
		return nil, err
	}
	tree, _, err := readNodes(dir)
	if err == nil && tree == nil {
		err = fmt.Errorf("%s is not there: the next start of the service makes it from the ledger", nodesPath(dir))
	}
	if err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	return &Prover{ledger: ledger, size: size, tree: tree, stored: merkle.NewStored(tree)}, nil
}

// Close closes the files.
func (p *Prover) Close() error { return errors.Join(p.ledger.Close(), p.tree.Close()) }

// Prove proves that the ledger has the entry, by a checkpoint that covers it.
func (p *Prover) Prove(index int64, by Signed) (Proven, error) {
	if index < 0 || index >= by.Size {
		return Proven{}, fmt.Errorf("entry %d is not among the %d that the checkpoint covers", index, by.Size)
	}
	line, err := lineOf(p.ledger, p.size, index)
	if err != nil {
		return Proven{}, err
	}
	path, err := p.stored.Inclusion(by.Size, index)
	if err != nil {
		return Proven{}, fmt.Errorf("prove entry %d: %w", index, err)
	}
	proof := merkle.Proof{Index: index, Path: path, Checkpoint: by.Note}
	if err := proof.Check(line.leaf, by.Checkpoint); err != nil { // a proof that would not convince anybody
		return Proven{}, fmt.Errorf("%w; assent consent verify finds which", err)
	}
	return Proven{Line: line.raw, Proof: proof}, nil
}

// EntriesOf returns the indices of a call's entries. It looks at the lines and not at their chain: each is to be proved.
func (p *Prover) EntriesOf(call string) ([]int64, error) {
	var indexes []int64
	wanted := appendString([]byte(`,"call":`), call)
	r := bufio.NewReaderSize(io.NewSectionReader(p.ledger, 0, p.size), maxLine)
	for {
		raw, err := r.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return indexes, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		if !bytes.Contains(raw, wanted) {
			continue
		}
		if e, err := parseLine(raw[:len(raw)-1]); err == nil && e.call == call {
			indexes = append(indexes, e.index)
		}
	}
}

// Consistency proves that the ledger of the newer checkpoint begins with that of the older one.
func (p *Prover) Consistency(newer, older merkle.Checkpoint) ([]Hash, error) {
	if older.Size == 0 {
		return nil, nil
	}
	path, err := p.stored.Consistency(newer.Size, older.Size)
	if err != nil {
		return nil, fmt.Errorf("prove that %d entries begin with %d: %w", newer.Size, older.Size, err)
	}
	return path, merkle.CheckConsistency(path, newer, older)
}
