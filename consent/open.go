package consent

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"go.uber.org/zap"
)

const (
	// fileName is the ledger's file in its folder.
	fileName = "ledger.jsonl"
	// tailWindow is how much of the end Open verifies before it appends. Reading all is the work of Verify.
	tailWindow = 1 << 20
)

// ErrInUse means that another writer, here or in another process, has the ledger open.
var ErrInUse = errors.New("the ledger has a writer already")

// Torn is an end of the ledger without a line end: a write that a crash, or a reader's glance, caught half done.
type Torn struct {
	File  string `json:"file"`
	Line  int64  `json:"line"`  // the line that it would have become
	Bytes int64  `json:"bytes"` // 0: nothing is torn
}

// Path returns the ledger file of a ledger folder.
func Path(dir string) string { return filepath.Join(dir, fileName) }

// Open opens the ledger in dir for appending, and makes folder and file if they are not there. It cuts off a last line
// that a crash left half written (see Cut), and verifies the lines near the end. It returns ErrInUse if there is another
// writer, and a *BadLine if the end is damaged in a way that a crash can't explain. The caller owns the ledger and closes
// it.
func Open(dir string, log *zap.Logger) (*Ledger, error) {
	f, err := openLocked(dir)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	tail, err := repair(f, log)
	if err != nil {
		f.Close() // the error that matters is err
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	d, err := newLedgerFile(f)
	if err != nil {
		f.Close() // the error that matters is err
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	return start(d, tail, log), nil
}

// start begins to serve a ledger whose file ends with tail.
func start(d disk, t tail, log *zap.Logger) *Ledger {
	l := &Ledger{
		log: log, cut: t.torn, disk: d,
		wake: make(chan struct{}, 1), over: make(chan struct{}),
		next: t.last.Index + 1, prev: t.leaf, durable: t.last,
	}
	go l.run() // ends in Close
	return l
}

// openLocked makes the folder and the file, durably, and takes the writer's lock.
func openLocked(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(Path(dir), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		f.Close() // nothing was written
		return nil, err
	}
	for _, d := range []string{dir, filepath.Dir(filepath.Clean(dir))} {
		if err := syncDir(d); err != nil {
			f.Close() // nothing was written
			return nil, err
		}
	}
	return f, nil
}

func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("%s: %w", f.Name(), ErrInUse)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return nil
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync folder %s: %w", dir, err)
	}
	return nil
}

// tail is where the next entry goes on.
type tail struct {
	last Checkpoint
	leaf Hash
	torn Torn
}

// repair verifies the end of the ledger and cuts a torn last line.
func repair(f *os.File, log *zap.Logger) (tail, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return tail{}, err
	}
	s, err := scanTail(f, size)
	if err != nil {
		return tail{}, err
	}
	t := tail{last: s.last(), leaf: s.leaf, torn: s.torn}
	if t.torn.Bytes == 0 {
		return t, nil
	}
	log.Warn("cut a half-written entry off the consent ledger", zap.String("file", t.torn.File),
		zap.Int64("line", t.torn.Line), zap.Int64("bytes", t.torn.Bytes))
	if err := f.Truncate(size - t.torn.Bytes); err != nil {
		return tail{}, err
	}
	return t, f.Sync()
}

// scanTail reads the lines that lie whole in the last tailWindow bytes.
func scanTail(f *os.File, size int64) (*scanner, error) {
	from := max(0, size-tailWindow)
	s := newScanner(io.NewSectionReader(f, from, size-from), f.Name())
	if from > 0 {
		if err := s.skipPartial(); err != nil {
			return nil, err
		}
	}
	for {
		_, err := s.next()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// last returns the newest entry read.
func (s *scanner) last() Checkpoint {
	if s.index == 0 {
		return Checkpoint{Index: -1}
	}
	return Checkpoint{Index: s.index - 1, Hash: hex.EncodeToString(s.leaf[:])}
}
