package consent

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"

	"assent/consent/merkle"
)

// audit holds a ledger that is read line by line against what was signed of it, and against its tree's nodes.
type audit struct {
	file   string
	tree   merkle.Tree
	heads  []merkle.Checkpoint // not reached yet, smallest first
	signed int64               // entries under the last head that held

	nodes  *bufio.Reader // nil: there are none, or no more
	fresh  []byte        // the nodes that the last leaf completed; reused
	stored []byte        // what the file has there; reused
	differ int64         // the first entry whose nodes the file has otherwise, 1 is the first; 0 none
}

func newAudit(file string, nodes io.Reader, heads []merkle.Checkpoint) *audit {
	heads = slices.Clone(heads)
	slices.SortStableFunc(heads, func(a, b merkle.Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	a := &audit{file: file, heads: heads}
	if nodes != nil {
		a.nodes = bufio.NewReaderSize(nodes, nodesBuffer)
	}
	return a
}

// add takes the next line's leaf.
func (a *audit) add(leaf Hash) error {
	a.fresh = a.tree.AddTo(a.fresh[:0], leaf)
	a.compare()
	for len(a.heads) > 0 && a.heads[0].Size <= a.tree.Size() {
		head := a.heads[0]
		a.heads = a.heads[1:]
		if head.Size == 0 {
			continue
		}
		if head.Size < a.tree.Size() || head.Root != a.tree.Root() {
			return a.rewritten(head)
		}
		a.signed = head.Size
	}
	return nil
}

// compare reads the nodes that the file should have now.
func (a *audit) compare() {
	if a.nodes == nil {
		return
	}
	a.stored = append(a.stored[:0], a.fresh...)
	if _, err := io.ReadFull(a.nodes, a.stored); err != nil { // the tree follows the ledger, and may be behind
		a.nodes = nil
		return
	}
	if a.differ == 0 && string(a.stored) != string(a.fresh) {
		a.differ = a.tree.Size()
	}
}

// rewritten names the entries that are not those that were signed. Where the tree's file still has the old leaf it says
// which is the first.
func (a *audit) rewritten(head merkle.Checkpoint) error {
	line := a.signed + 1
	if a.differ >= line {
		return &BadLine{File: a.file, Line: a.differ, Why: fmt.Sprintf(
			"it is not the entry that was signed: the checkpoint of %d entries has another root, and the tree another leaf here", head.Size)}
	}
	return &BadLine{File: a.file, Line: line, Why: fmt.Sprintf(
		"from here on, up to line %d, is not what was signed: the checkpoint of %d entries has another root", head.Size, head.Size)}
}

// end says what was signed and is not there, and where the tree's file is wrong.
func (a *audit) end() error {
	for _, head := range a.heads {
		if head.Size > a.tree.Size() {
			return &BadLine{File: a.file, Line: a.tree.Size() + 1, Why: fmt.Sprintf(
				"the ledger ends here, and %d entries were signed: its end was removed", head.Size)}
		}
	}
	if a.differ > 0 {
		return fmt.Errorf("tree: the node of entry %d is not that of its line: the file was changed; "+
			"remove it, and the next start makes it again from the ledger", a.differ-1)
	}
	return nil
}
