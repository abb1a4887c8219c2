package consent

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"assent/consent/merkle"
)

// nodesName is the file of the tree's nodes. It says nothing that the ledger's lines don't: who removes it loses time.
const nodesName = "tree"

// nodesPath returns the file of the tree's nodes of a ledger folder.
func nodesPath(dir string) string { return filepath.Join(dir, nodesName) }

// nodes is the tree over a ledger's lines, written as it grows. Only the notary uses it.
type nodes struct {
	file *os.File
	tree merkle.Tree
	buf  []byte // completed and not written
}

// nodesBuffer is how much is collected before it is written.
const nodesBuffer = 1 << 20

// openNodes opens the tree's file and takes up the tree of the first size leaves; where the file does not hold them it
// begins with none.
func openNodes(dir string, size int64) (*nodes, error) {
	f, err := os.OpenFile(nodesPath(dir), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	n := &nodes{file: f}
	if tree, err := merkle.NewStored(f).Resume(size); err == nil {
		n.tree = tree
	}
	// What a crash left behind it is not signed, and may not be whole.
	if err := f.Truncate(merkle.StoredBytes(n.tree.Size())); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return n, nil
}

// forget begins the tree again.
func (n *nodes) forget() error {
	n.tree, n.buf = merkle.Tree{}, n.buf[:0]
	return n.file.Truncate(0)
}

// add appends a leaf.
func (n *nodes) add(leaf Hash) error {
	n.buf = n.tree.AddTo(n.buf, leaf)
	if len(n.buf) < nodesBuffer {
		return nil
	}
	return n.flush()
}

// flush writes what was completed.
func (n *nodes) flush() error {
	at := merkle.StoredBytes(n.tree.Size()) - int64(len(n.buf))
	if _, err := n.file.WriteAt(n.buf, at); err != nil {
		return fmt.Errorf("write tree: %w", err)
	}
	n.buf = n.buf[:0]
	return nil
}

// sync makes durable what was added: a checkpoint is on disk only with its tree.
func (n *nodes) sync() error {
	if err := n.flush(); err != nil {
		return err
	}
	return fdatasync(n.file)
}

// fdatasync brings a file's data and size to stable storage.
func fdatasync(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err != syscall.EINTR {
			return err
		}
	}
}

// readNodes opens the tree's file for reading; none is no error, and no tree.
func readNodes(dir string) (*os.File, int64, error) {
	f, err := os.Open(nodesPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read tree: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close() // only read
		return nil, 0, fmt.Errorf("read tree: %w", err)
	}
	return f, info.Size(), nil
}
