package consent

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"
)

// fields is one line of the ledger, taken apart.
type fields struct {
	index int64
	typ   string
	call  string
	time  time.Time
	prev  Hash
	data  []byte // borrowed from the line
}

// parseLine takes apart one line without its end, which it borrows. It reads exactly what appendLine writes: a line has
// one form, so JSON that says the same in another form is not an entry.
func parseLine(line []byte) (fields, error) {
	body, err := checkCRC(line)
	if err != nil {
		return fields{}, err
	}
	c := cursor{rest: body}
	if v := c.number(`{"v":`); c.err == nil && v != version {
		return fields{}, fmt.Errorf("it has format version %d; this program reads version %d", v, version)
	}
	f := fields{index: c.number(`,"index":`)}
	f.typ = c.text(`,"type":`)
	f.call = c.text(`,"call":`)
	f.time = c.time(`,"time":`)
	f.prev = c.hash(`,"prev":`)
	f.data = c.object(`,"data":`)
	if c.err != nil {
		return fields{}, fmt.Errorf("it is not an entry: %w", c.err)
	}
	if !knownType(f.typ) {
		return fields{}, fmt.Errorf("it has the unknown type %q", f.typ)
	}
	return f, nil
}

// checkCRC returns the part of line that its checksum covers.
func checkCRC(line []byte) ([]byte, error) {
	if len(line) < crcLen {
		return nil, errors.New("it is too short to be an entry")
	}
	body, tail := line[:len(line)-crcLen], line[len(line)-crcLen:]
	if !bytes.HasPrefix(tail, []byte(crcField)) || !bytes.HasSuffix(tail, []byte(`"}`)) {
		return nil, errors.New("it has no checksum at its end: it was changed or cut")
	}
	want := fmt.Sprintf("%08x", crc32.Checksum(body, castagnoli))
	if got := string(tail[len(crcField) : len(crcField)+8]); got != want {
		return nil, fmt.Errorf("its checksum is %s and should be %s: it was changed after it was written", got, want)
	}
	return body, nil
}

// cursor reads the fields of a line in their order, and keeps the first error.
type cursor struct {
	rest []byte
	err  error
}

// key goes past a field's name and says whether it stood there.
func (c *cursor) key(name string) bool {
	if c.err != nil {
		return false
	}
	rest, ok := bytes.CutPrefix(c.rest, []byte(name))
	if !ok {
		c.err = fmt.Errorf("no %s where it belongs", name)
	}
	c.rest = rest
	return ok
}

func (c *cursor) number(name string) int64 {
	if !c.key(name) {
		return 0
	}
	end := max(0, bytes.IndexByte(c.rest, ','))
	n, err := strconv.ParseInt(string(c.rest[:end]), 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != string(c.rest[:end]) {
		c.err = fmt.Errorf("no number after %s", name)
	}
	c.rest = c.rest[end:]
	return n
}

func (c *cursor) text(name string) string {
	if !c.key(name) {
		return ""
	}
	end := endOfString(c.rest)
	s, ok := unquote(c.rest[:end])
	if !ok {
		c.err = fmt.Errorf("no text after %s", name)
	}
	c.rest = c.rest[end:]
	return s
}

func (c *cursor) time(name string) time.Time {
	s := c.text(name)
	t, err := time.Parse(timeLayout, s)
	if err != nil || t.Format(timeLayout) != s {
		c.fail(errors.New("no time after " + name))
	}
	return t
}

func (c *cursor) hash(name string) Hash {
	var h Hash
	s := c.text(name)
	if len(s) != hex.EncodedLen(len(h)) {
		c.fail(errors.New("no hash after " + name))
		return h
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil || hex.EncodeToString(h[:]) != s {
		c.fail(errors.New("no hash after " + name))
	}
	return h
}

// object takes all that is left.
func (c *cursor) object(name string) []byte {
	if !c.key(name) {
		return nil
	}
	if !bytes.HasPrefix(c.rest, []byte("{")) || !json.Valid(c.rest) {
		c.err = errors.New("no JSON object after " + name)
	}
	return c.rest
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// endOfString returns how many bytes the JSON string at the beginning of b takes; if there is none the result does not
// parse as one.
func endOfString(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// unquote reads a JSON string that stands in the one form that appendString gives it.
func unquote(quoted []byte) (string, bool) {
	if len(quoted) < 2 || quoted[0] != '"' {
		return "", false
	}
	if inner := quoted[1 : len(quoted)-1]; plain(inner) {
		return string(inner), true
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return "", false
	}
	return s, bytes.Equal(appendString(nil, s), quoted)
}

// plain reports whether b stands for itself in a JSON string.
func plain(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
