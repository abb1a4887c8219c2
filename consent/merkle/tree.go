package merkle

import (
	"crypto/sha256"

	"golang.org/x/mod/sumdb/tlog"
)

// HashBytes is the length of a Hash.
const HashBytes = sha256.Size

// Hash is a node of the tree.
type Hash = tlog.Hash

// LeafHash returns the RFC 6962 section 2.1 leaf hash of data: SHA-256 of 0x00 and data.
func LeafHash(data []byte) Hash { return tlog.RecordHash(data) }

// Tree computes the Merkle tree hash of leaves that come one by one, in memory that grows with the logarithm of their
// number. The zero Tree is empty.
type Tree struct {
	size  int64
	roots []Hash // of the complete subtrees, largest first: one for each bit set in size
}

// Size returns how many leaves the tree has.
func (t *Tree) Size() int64 { return t.size }

// Add appends a leaf.
func (t *Tree) Add(leaf Hash) { t.complete(leaf, func(Hash) {}) }

// AddTo appends a leaf, and to b the nodes that the leaf completes, itself first: the order in which Stored reads them.
func (t *Tree) AddTo(b []byte, leaf Hash) []byte {
	t.complete(leaf, func(node Hash) { b = append(b, node[:]...) })
	return b
}

// complete appends a leaf and tells of every node that has all its leaves now.
func (t *Tree) complete(leaf Hash, done func(Hash)) {
	node := leaf
	done(node)
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.roots) - 1
		node = tlog.NodeHash(t.roots[last], node)
		t.roots = t.roots[:last]
		done(node)
	}
	t.roots = append(t.roots, node)
	t.size++
}

// Root returns the Merkle tree hash (RFC 6962 section 2.1) of the leaves added so far; of none it is SHA-256 of nothing.
func (t *Tree) Root() Hash {
	if len(t.roots) == 0 {
		return sha256.Sum256(nil)
	}
	last := len(t.roots) - 1
	root := t.roots[last]
	for i := last - 1; i >= 0; i-- {
		root = tlog.NodeHash(t.roots[i], root)
	}
	return root
}
