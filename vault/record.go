package vault

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Role says what a sealed file is to its recording, so that none of its files can
// stand in for another.
type Role byte

// The roles.
const (
	Audio Role = 1
	Facts Role = 2
)

const (
	// magic begins every sealed file: name and version.
	magic = "assent\x00\x01"
	// maxID is the longest id of a recording.
	maxID = 64

	// frameBytes precede each record: kind, place, length.
	frameBytes = 1 + 8 + 4
	// sealBytes is what sealing adds to a record: nonce and tag of AES-GCM.
	sealBytes = 12 + 16
	// maxData is the most that one record of data holds; longer writes take several.
	maxData = 256 << 10
	// maxEnd bounds the record that ends a file: the index of 12 hours written every 150 ms.
	maxEnd = 8 << 20
	// maxSize bounds the plain size that a file may claim.
	maxSize = 1 << 44
)

// kind says what a record does.
type kind byte

const (
	kindData kind = 1 // its text lies at its place
	kindSize kind = 2 // the plain file is as long as its place says
	kindEnd  kind = 3 // nothing follows; its place is the plain size, its text the index
)

var (
	// ErrForeign says that a file is not a sealed file of this recording.
	ErrForeign = errors.New("is no sealed file of this recording")
	// ErrDamaged says that a sealed file is not what was written.
	ErrDamaged = errors.New("is damaged")
	// ErrUnfinished says that a sealed file has no end: it grows, or was cut.
	ErrUnfinished = errors.New("is unfinished")
)

// head returns the bytes that a sealed file begins with.
func head(recording string, role Role) []byte {
	b := append(make([]byte, 0, len(magic)+2+len(recording)), magic...)
	b = append(b, byte(role), byte(len(recording)))
	return append(b, recording...)
}

// HeadBytes is the length of what a sealed file of a key begins with.
func HeadBytes(key *Key) int64 { return int64(len(head(key.Recording(), Audio))) }

// place is where a record stands and what it does: all that is authentic beside its text.
type place struct {
	seq  uint64
	kind kind
	at   int64 // place in the plain file, or its size
}

// associated returns the associated data of a record; room is scratch.
func (p place) associated(room, head []byte) []byte {
	room = append(room[:0], head...)
	room = binary.BigEndian.AppendUint64(room, p.seq)
	room = append(room, byte(p.kind))
	return binary.BigEndian.AppendUint64(room, uint64(p.at))
}

// frame is what stands in clear before a record.
type frame struct {
	kind   kind
	at     int64
	length int // of the sealed text
}

// append writes a frame.
func (f frame) append(b []byte) []byte {
	b = append(b, byte(f.kind))
	b = binary.BigEndian.AppendUint64(b, uint64(f.at))
	return binary.BigEndian.AppendUint32(b, uint32(f.length))
}

// parseFrame reads a frame. What it returns is bounded, and not yet authentic.
func parseFrame(b []byte) (frame, error) {
	f := frame{kind(b[0]), int64(binary.BigEndian.Uint64(b[1:])), int(binary.BigEndian.Uint32(b[9:]))}
	limit := 0
	switch f.kind {
	case kindData:
		limit = maxData
	case kindEnd:
		limit = maxEnd
	case kindSize:
	default:
		return f, fmt.Errorf("%w: a record of kind %d", ErrDamaged, f.kind)
	}
	if f.length < sealBytes || f.length > limit+sealBytes || f.at < 0 || f.at > maxSize {
		return f, fmt.Errorf("%w: a record of %d bytes at %d", ErrDamaged, f.length, f.at)
	}
	return f, nil
}
