package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"assent/event"
)

// cdrFile appends one JSON line a call; safe for concurrent use.
type cdrFile struct {
	path string

	mu       sync.Mutex
	file     *os.File
	watchers []func(event.CDR)
}

func openCDRFile(path string) (*cdrFile, error) {
	c := &cdrFile{path: path}
	return c, c.Reopen()
}

// Reopen opens the file by its name again, as after its rotation.
func (c *cdrFile) Reopen() error {
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(c.path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := endLine(file); err != nil {
		return errors.Join(err, file.Close())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file != nil {
		_ = c.file.Close() // every line was written by one complete write
	}
	c.file = file
	return nil
}

// endLine ends a line that a full disk or a power failure cut short, so that it
// spoils no other.
func endLine(file *os.File) error {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := file.ReadAt(last, size-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = file.Write([]byte{'\n'})
	return err
}

// Write appends the record as one line with one system call.
func (c *cdrFile) Write(cdr event.CDR) error {
	line, err := json.Marshal(cdr)
	if err != nil {
		return fmt.Errorf("encode CDR %s: %w", cdr.ID, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, err := c.file.Write(append(line, '\n')); err != nil {
		if n > 0 {
			err = errors.Join(err, endLine(c.file))
		}
		return fmt.Errorf("write %s: %w", c.path, err)
	}
	for _, watch := range c.watchers {
		watch(cdr)
	}
	return nil
}

// Watch calls f with every record written from now on; f must not block.
func (c *cdrFile) Watch(f func(event.CDR)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers = append(c.watchers, f)
}

// find looks for a call's record at the end of the file: a crash may have come
// between its line and the note in the store that it is written.
func (c *cdrFile) find(id string) (cdr event.CDR, found bool) {
	const tail = 1 << 20
	file, err := os.Open(c.path)
	if err != nil {
		return cdr, false
	}
	defer file.Close()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return cdr, false
	}
	b := make([]byte, min(size, tail))
	if _, err := file.ReadAt(b, size-int64(len(b))); err != nil {
		return cdr, false
	}
	for line := range bytes.Lines(b) {
		if bytes.Contains(line, []byte(`"id":"`+id+`"`)) && json.Unmarshal(line, &cdr) == nil && cdr.ID == id {
			return cdr, true
		}
	}
	return event.CDR{}, false
}

// Close closes the file.
func (c *cdrFile) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.file.Close()
}
