package consent

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strconv"

	"assent/consent/merkle"
)

const (
	// version is the format of a line. A reader refuses any other.
	version = 1
	// timeLayout is RFC 3339 in UTC with milliseconds, always of the same length.
	timeLayout = "2006-01-02T15:04:05.000Z"
	// maxLine bounds a line, its end included, for writers and readers alike.
	maxLine = 64 << 10
	// crcField opens the last field of a line: CRC-32C of all that stands before it.
	crcField = `,"crc":"`
	crcLen   = len(crcField) + 8 + len(`"}`)
)

// castagnoli is CRC-32C: it finds every change of up to 32 bits in a row, so each single changed byte.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Hash is the leaf hash of a line, and every other node of the tree over the lines.
type Hash = merkle.Hash

// genesis stands where the first line has no line before it: the hash of the empty tree (RFC 6962 section 2.1).
var genesis = Hash(sha256.Sum256(nil))

// appendLine appends the entry's line, with its end, to b.
func appendLine(b []byte, index int64, prev Hash, e Entry, data []byte) []byte {
	start := len(b)
	b = append(b, `{"v":`...)
	b = strconv.AppendInt(b, version, 10)
	b = append(b, `,"index":`...)
	b = strconv.AppendInt(b, index, 10)
	b = append(b, `,"type":`...)
	b = appendString(b, e.Type)
	b = append(b, `,"call":`...)
	b = appendString(b, e.Call)
	b = append(b, `,"time":"`...)
	b = e.Time.UTC().AppendFormat(b, timeLayout)
	b = append(b, `","prev":"`...)
	b = hex.AppendEncode(b, prev[:])
	b = append(b, `","data":`...)
	b = append(b, data...)
	sum := crc32.Checksum(b[start:], castagnoli)
	b = append(b, crcField...)
	b = fmt.Appendf(b, "%08x", sum)
	return append(b, '"', '}', '\n')
}

// appendString appends s as a JSON string. The names that come here are short and plain.
func appendString(b []byte, s string) []byte {
	quoted, err := marshal(s)
	if err != nil {
		return append(b, `""`...) // a string always has a JSON form
	}
	return append(b, quoted...)
}
