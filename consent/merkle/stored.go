package merkle

import (
	"fmt"
	"io"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Stored is a tree whose nodes stand one behind the other in the order in which Tree.AddTo completes them: two hashes a
// leaf, read at random. A proof reads one hash for each level.
type Stored struct{ r io.ReaderAt }

// NewStored reads nodes from r, whose first byte is the first of the first leaf's hash. It keeps r.
func NewStored(r io.ReaderAt) Stored { return Stored{r} }

// StoredBytes returns how long the nodes of a tree of size leaves are.
func StoredBytes(size int64) int64 { return tlog.StoredHashCount(size) * HashBytes }

// ReadHashes returns the nodes at the places, as tlog.HashReader asks for them.
func (s Stored) ReadHashes(places []int64) ([]Hash, error) {
	hashes := make([]Hash, len(places))
	for i, place := range places {
		if _, err := s.r.ReadAt(hashes[i][:], place*HashBytes); err != nil {
			return nil, fmt.Errorf("read tree node %d: %w", place, err)
		}
	}
	return hashes, nil
}

// Leaf returns the leaf at index.
func (s Stored) Leaf(index int64) (Hash, error) {
	hashes, err := s.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	return hashes[0], err
}

// Resume returns the tree of the first size leaves, to be added to.
func (s Stored) Resume(size int64) (Tree, error) {
	var places []int64
	for rest, from := size, int64(0); rest > 0; {
		level := bits.Len64(uint64(rest)) - 1
		places = append(places, tlog.StoredHashIndex(level, from>>level))
		from += 1 << level
		rest -= 1 << level
	}
	roots, err := s.ReadHashes(places)
	return Tree{size: size, roots: roots}, err
}

// Inclusion proves that the leaf at index is in the tree of the first size leaves (RFC 6962 section 2.1.1), from the leaf's
// sibling up.
func (s Stored) Inclusion(size, index int64) ([]Hash, error) {
	return tlog.ProveRecord(size, index, s)
}

// Consistency proves that the tree of the first old leaves is the beginning of the tree of the first size leaves (RFC 6962
// section 2.1.2).
func (s Stored) Consistency(size, old int64) ([]Hash, error) {
	return tlog.ProveTree(size, old, s)
}

// CheckConsistency holds a consistency proof against the two checkpoints that it joins.
func CheckConsistency(path []Hash, newer, older Checkpoint) error {
	switch {
	case newer.Origin != older.Origin:
		return fmt.Errorf("checkpoints of two logs: %s and %s", newer.Origin, older.Origin)
	case newer.Size < older.Size:
		return fmt.Errorf("the checkpoint of %d entries is not newer than the one of %d", newer.Size, older.Size)
	case older.Size == 0: // everything begins with nothing
		return nil
	}
	if err := tlog.CheckTree(path, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("the log of %d entries does not begin with the %d that were signed before: %w", newer.Size, older.Size, err)
	}
	return nil
}
