package consent

import "crypto/sha256"

// Hash is a node of the Merkle tree over the ledger's lines.
type Hash = [sha256.Size]byte

// LeafHash returns the RFC 6962 section 2.1 leaf hash of one ledger line: SHA-256 of 0x00 and the line without its end.
func LeafHash(line []byte) Hash {
	h := sha256.New()
	h.Write([]byte{0x00})
	h.Write(line)
	return Hash(h.Sum(nil))
}

// nodeHash returns the RFC 6962 section 2.1 hash of an inner node.
func nodeHash(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 0x01
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// Tree computes the Merkle tree hash of leaves that come one by one, in memory that grows with the logarithm of their
// number. The zero Tree is empty.
type Tree struct {
	size  uint64
	roots []Hash // of the complete subtrees, largest first: one for each bit set in size
}

// Add appends a leaf hash.
func (t *Tree) Add(leaf Hash) {
	node := leaf
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.roots) - 1
		node = nodeHash(t.roots[last], node)
		t.roots = t.roots[:last]
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
		root = nodeHash(t.roots[i], root)
	}
	return root
}

// MerkleRoot returns the Merkle tree hash of the given leaf hashes, which it borrows.
func MerkleRoot(leaves []Hash) Hash {
	var t Tree
	for _, leaf := range leaves {
		t.Add(leaf)
	}
	return t.Root()
}
