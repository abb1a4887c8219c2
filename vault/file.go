package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Raw is the file that sealed bytes go to.
type Raw interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	// Sync makes data and size durable.
	Sync() error
	Close() error
}

// File is a sealed file that is written. It is used like the file below it, and
// is safe for concurrent use; each write is one record, and one write below.
type File struct {
	// set once
	raw  Raw
	key  *Key
	head []byte

	// guarded by mu
	mu    sync.Mutex
	next  uint64  // number of the next record
	end   int64   // of the stored file: where the next record goes
	size  int64   // of the plain file
	over  bool    // the end record is written
	view  *Reader // of what is written, once somebody reads; kept up to date
	frame []byte  // scratch
	ad    []byte  // scratch
}

// Create begins a sealed file in raw, which is empty. Close closes raw too.
func Create(raw Raw, key *Key, role Role) (*File, error) {
	id := key.Recording()
	if id == "" || len(id) > maxID {
		return nil, fmt.Errorf("seal a file: the recording id %q has no length from 1 to %d", id, maxID)
	}
	f := &File{raw: raw, key: key, head: head(id, role)}
	if _, err := raw.WriteAt(f.head, 0); err != nil {
		return nil, err
	}
	f.end = int64(len(f.head))
	return f, nil
}

// Reopen takes up a sealed file of size stored bytes where a killed process left
// it: what follows the last whole record is overwritten. It returns ErrForeign for
// a file that does not begin as one of ours, and the file beside ErrDamaged where
// it goes on behind that record with something that is not what was written.
func Reopen(raw Raw, size int64, key *Key, role Role) (*File, error) {
	s, err := scan(raw, size, key, role, true)
	if errors.Is(err, ErrUnfinished) {
		err = nil // as a kill leaves it
	}
	if err != nil && !errors.Is(err, ErrDamaged) {
		return nil, err
	}
	f := &File{raw: raw, key: key, head: s.head, next: s.seq, end: s.end, size: s.layout.size}
	if s.finished { // an end that a crash left behind; what follows writes another
		f.next, f.end = s.seq-1, s.endAt
	}
	return f, err
}

// WriteAt seals b as one or more records. It returns how much of b they hold.
func (f *File) WriteAt(b []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at < 0 || at > maxSize-int64(len(b)) {
		return 0, fmt.Errorf("sealed file: no place for %d bytes at %d", len(b), at)
	}
	n := 0
	for n < len(b) {
		part := b[n:min(n+maxData, len(b))]
		if err := f.record(kindData, at+int64(n), part); err != nil {
			return n, err
		}
		n += len(part)
		f.size = max(f.size, at+int64(n))
	}
	return n, nil
}

// record appends one record; mu is held. A record that fails leaves nothing that
// the next one does not overwrite.
func (f *File) record(k kind, at int64, text []byte) error {
	if f.over {
		return errors.New("sealed file: it is finished")
	}
	f.ad = place{f.next, k, at}.associated(f.ad, f.head)
	sealed, err := f.key.aead.Encrypt(text, f.ad)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	f.frame = append(frame{k, at, len(sealed)}.append(f.frame[:0]), sealed...)
	if k == kindEnd {
		f.frame = tailOf{int64(len(f.frame)), f.next}.append(f.frame)
	}
	if _, err := f.raw.WriteAt(f.frame, f.end); err != nil {
		return err
	}
	f.follow(extent{at, at + int64(len(text)), at, f.next, f.end + frameBytes, len(sealed)}, k)
	f.end += int64(len(f.frame))
	f.next++
	return nil
}

// follow tells the view of a record.
func (f *File) follow(e extent, k kind) {
	if f.view == nil {
		return
	}
	f.view.text = nil
	switch k {
	case kindData:
		f.view.layout.write(e)
	case kindSize:
		f.view.layout.resize(e.from)
	}
}

// Truncate makes the plain file size bytes long. One that grows gets zeros; one
// that shrinks gives back the room of what is gone, so that a full disk has some.
func (f *File) Truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if size < 0 || size > maxSize {
		return fmt.Errorf("sealed file: no size: %d", size)
	}
	if f.over {
		if err := f.reopen(); err != nil {
			return err
		}
	}
	if size < f.size {
		return f.cut(size)
	}
	if size > f.size {
		if err := f.record(kindSize, size, nil); err != nil {
			return err
		}
		f.size = size
	}
	return f.raw.Truncate(f.end) // what a torn write left
}

// reopen takes the end record away.
func (f *File) reopen() error {
	s, err := f.scan()
	if err != nil {
		return err
	}
	f.next, f.end, f.over = s.seq-1, s.endAt, false
	return f.raw.Truncate(f.end)
}

func (f *File) scan() (scanned, error) {
	id := f.key.Recording()
	s, err := scan(f.raw, f.end, f.key, Role(f.head[len(magic)]), false)
	if err != nil && !errors.Is(err, ErrUnfinished) {
		return s, fmt.Errorf("sealed file of %s: %w", id, err)
	}
	return s, nil
}

// cut goes back to where everything later lies beyond size or was written over
// what stays, and writes the latter again.
func (f *File) cut(size int64) error {
	s, err := f.scan()
	if err != nil {
		return err
	}
	f.view = nil // it would show what goes now
	keep := s.spine(size)
	s.layout.resize(size)
	var again []extent
	for _, e := range s.layout.extents {
		if e.seq >= keep.seq {
			again = append(again, e)
		}
	}
	texts := make([][]byte, len(again))
	for i, e := range again {
		text, err := s.open(e)
		if err != nil {
			return err
		}
		texts[i] = bytes.Clone(text[e.from-e.start : e.to-e.start])
	}
	if err := f.raw.Truncate(keep.end); err != nil {
		return err
	}
	f.next, f.end, f.size = keep.seq, keep.end, min(size, keep.size)
	for i, e := range again {
		if err := f.record(kindData, e.from, texts[i]); err != nil {
			return err
		}
		f.size = max(f.size, e.to)
	}
	if f.size == size && keep.size <= size {
		return nil
	}
	f.size = size
	return f.record(kindSize, size, nil)
}

// Finish ends the file with its index; nothing can be written any more, until it
// is truncated. It can be repeated.
func (f *File) Finish() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return nil
	}
	if err := f.look(); err != nil {
		return err
	}
	index := f.view.layout.encode()
	if len(index) > maxEnd {
		return fmt.Errorf("sealed file: its index of %d bytes is longer than %d", len(index), maxEnd)
	}
	if err := f.record(kindEnd, f.view.layout.size, index); err != nil {
		return err
	}
	f.over = true
	return f.raw.Truncate(f.end)
}

// Size is the length of the plain file.
func (f *File) Size() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.size
}

// Stored reads the sealed bytes as they are stored so far.
func (f *File) Stored() *io.SectionReader {
	f.mu.Lock()
	defer f.mu.Unlock()
	return io.NewSectionReader(f.raw, 0, f.end)
}

// ReadAt reads plain bytes. The first read walks through the file to find out
// where they are; what is written from then on costs memory until Close.
func (f *File) ReadAt(b []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.look(); err != nil {
		return 0, err
	}
	return f.view.ReadAt(b, at)
}

// look makes the view.
func (f *File) look() error {
	if f.view != nil {
		return nil
	}
	s, err := f.scan()
	if err == nil {
		f.view = newReader(s)
	}
	return err
}

// Sync makes what was written durable. Writers go on meanwhile.
func (f *File) Sync() error { return f.raw.Sync() }

// Close closes the file below.
func (f *File) Close() error { return f.raw.Close() }
