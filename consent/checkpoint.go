package consent

import (
	"fmt"
	"strconv"
	"strings"
)

// String writes the checkpoint as INDEX:HASH, as ParseCheckpoint reads it.
func (c Checkpoint) String() string { return strconv.FormatInt(c.Index, 10) + ":" + c.Hash }

// ParseCheckpoint reads INDEX:HASH.
func ParseCheckpoint(s string) (Checkpoint, error) {
	index, hash, ok := strings.Cut(s, ":")
	n, err := strconv.ParseInt(index, 10, 64)
	if !ok || err != nil || n < 0 || len(hash) != 64 {
		return Checkpoint{}, fmt.Errorf("checkpoint %q: want INDEX:HASH, the hash as 64 hex digits", s)
	}
	return Checkpoint{Index: n, Hash: hash}, nil
}
