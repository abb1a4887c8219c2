package vault

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a file in memory. With room set, writes beyond it fail halfway.
type memory struct {
	b    []byte
	room int
}

var errFull = errors.New("no space left")

func (m *memory) ReadAt(b []byte, at int64) (int, error) {
	if at >= int64(len(m.b)) {
		return 0, io.EOF
	}
	n := copy(b, m.b[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (m *memory) WriteAt(b []byte, at int64) (int, error) {
	end := int(at) + len(b)
	if m.room > 0 && end > m.room {
		n := max(0, m.room-int(at))
		m.put(b[:n], at)
		return n, errFull
	}
	m.put(b, at)
	return len(b), nil
}

func (m *memory) put(b []byte, at int64) {
	if end := int(at) + len(b); end > len(m.b) {
		m.b = append(m.b, make([]byte, end-len(m.b))...)
	}
	copy(m.b[at:], b)
}

func (m *memory) Truncate(size int64) error {
	if size > int64(len(m.b)) {
		m.put(nil, size)
	}
	m.b = m.b[:size]
	return nil
}

func (m *memory) Sync() error  { return nil }
func (m *memory) Close() error { return nil }

// clone returns a copy that begins with n bytes of m.
func (m *memory) clone(n int) *memory { return &memory{b: slices.Clone(m.b[:n])} }

// ringOf returns a ring of fresh keys, the first one current.
func ringOf(t testing.TB, texts ...string) *Ring {
	t.Helper()
	r, err := OpenRing(Config{Key: texts[0], OldKeys: texts[1:]})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// keyOf returns a data key for a recording, and the key itself.
func keyOf(t testing.TB, recording string) (*Key, []byte) {
	t.Helper()
	k, err := fresh(context.Background(), ringOf(t, NewKeyText()))
	if err != nil {
		t.Fatal(err)
	}
	k.wrapped.Recording = recording
	key, err := newKey(k.wrapped, k.key)
	if err != nil {
		t.Fatal(err)
	}
	return key, k.key
}

func plain(t testing.TB, f *File) []byte {
	t.Helper()
	b := make([]byte, f.Size())
	if n, err := f.ReadAt(b, 0); n < len(b) {
		t.Fatalf("read %d of %d: %v", n, len(b), err)
	}
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// afterRetry yields in a moment: what waits for a condition looks again then.
func afterRetry() <-chan time.Time { return time.After(20 * time.Millisecond) }
