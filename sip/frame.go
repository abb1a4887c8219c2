package sip

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

var (
	errFrameTooLong = errors.New("message too long")
	errFrameLength  = errors.New("no usable Content-Length")
)

// framer cuts a TCP stream into messages by Content-Length (section 18.3). It holds at most one message and one read.
type framer struct {
	buf  []byte
	ping int // line ends seen between messages, of a double-CRLF keep-alive (RFC 5626 section 3.5.1)
}

// write appends what was read. It copies b.
func (f *framer) write(b []byte) { f.buf = append(f.buf, b...) }

// partial reports whether the rest of a begun message is awaited.
func (f *framer) partial() bool { return len(f.buf) > 0 }

// next returns the next whole message, which is valid until the next write, or nil if more must come. After an error
// the stream has no boundary any more and must be closed.
func (f *framer) next() ([]byte, error) {
	f.skipLineEnds()
	if len(f.buf) == 0 {
		f.buf = nil
		return nil, nil
	}
	head, rest, whole := cutHead(f.buf)
	if !whole {
		if len(f.buf) > maxMessage {
			return nil, errFrameTooLong
		}
		return nil, nil
	}
	n, err := contentLength(head)
	if err != nil {
		return nil, err
	}
	size := len(f.buf) - len(rest) + n
	if size > maxMessage {
		return nil, errFrameTooLong
	}
	if size > len(f.buf) {
		return nil, nil
	}
	msg := f.buf[:size:size]
	f.buf = f.buf[size:]
	return msg, nil
}

func (f *framer) skipLineEnds() {
	i := 0
	for i < len(f.buf) && (f.buf[i] == '\r' || f.buf[i] == '\n') {
		if f.buf[i] == '\n' {
			f.ping++
		}
		i++
	}
	f.buf = f.buf[i:]
	if len(f.buf) > 0 {
		f.ping = 0
	}
}

// pong reports whether a double CRLF is to be answered.
func (f *framer) pong() bool {
	if f.ping < 2 {
		return false
	}
	f.ping = 0
	return true
}

// contentLength reads the header from a message's head. A message without one has no body; two that differ are no
// length at all.
func contentLength(head []byte) (int, error) {
	found := -1
	for _, l := range bytes.Split(head, []byte("\n")) {
		name, value, ok := bytes.Cut(l, []byte(":"))
		if !ok || longName(strings.TrimRight(string(name), " \t")) != "content-length" {
			continue
		}
		n, err := strconv.ParseUint(strings.Trim(string(value), " \t\r"), 10, 31)
		if err != nil || found >= 0 && found != int(n) {
			return 0, errFrameLength
		}
		found = int(n)
	}
	return max(found, 0), nil
}
