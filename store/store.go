package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

// Errors that callers tell apart.
var (
	// ErrNotFound means that there is no such row, or none that still counts.
	ErrNotFound = errors.New("not found in the store")
	// ErrAnonymous means that the caller has no number to go by. It is also an ErrNotFound.
	ErrAnonymous = fmt.Errorf("%w: the caller has no number", ErrNotFound)
	// ErrReadOnly means that the store was opened for reading only.
	ErrReadOnly = errors.New("the store is open for reading only")
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrBusy means that too many writes wait already.
	ErrBusy = errors.New("the store is too slow: too many writes wait")
)

const (
	// busyTimeout is how long a connection waits for a lock that another process holds.
	busyTimeout = 5 * time.Second
	// readers is the size of the read pool: reads are short, and SQLite runs them beside the writer.
	readers = 4
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	// set once
	log     *zap.Logger
	write   *sql.DB // one connection, used by run alone; nil if read-only
	read    *sql.DB
	queue   chan job
	stopped chan struct{} // closed when run has ended

	// owned by run
	conn       *sql.Conn
	statements map[string]*sql.Stmt

	// shared
	failure atomic.Pointer[error] // why the last transaction failed; nil while writes succeed
	probing atomic.Bool           // a probe is in the queue
	commits atomic.Int64

	mu     sync.RWMutex // guards closed, and sends on queue against its closing
	closed bool
}

// Open opens the store at url ("sqlite:PATH") for reading and writing, makes the file and its folder if they are not
// there, and brings the schema up to date. The caller closes it.
func Open(ctx context.Context, url string, log *zap.Logger) (*Store, error) {
	return open(ctx, url, log, busyTimeout)
}

func open(ctx context.Context, url string, log *zap.Logger, busy time.Duration) (*Store, error) {
	path, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{log: log, queue: make(chan job, queueLength), stopped: make(chan struct{}), statements: map[string]*sql.Stmt{}}
	if err := s.connect(ctx, path, busy); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), s.disconnect())
	}
	go s.run() // ends in Close
	return s, nil
}

// OpenReadOnly opens the store at url for reading, beside a running service or without one. It makes and migrates
// nothing. The caller closes it.
func OpenReadOnly(ctx context.Context, url string, log *zap.Logger) (*Store, error) {
	path, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{log: log, closed: true}
	s.read, err = sql.Open("sqlite", dsn(path, "rw", busyTimeout, "query_only(1)"))
	if err == nil {
		err = checkSchema(ctx, s.read)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), s.disconnect())
	}
	return s, nil
}

// create makes folder and file before SQLite would, so that nobody else can read them; SQLite gives its other files the
// same mode.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// connect opens both pools and migrates between the two.
func (s *Store) connect(ctx context.Context, path string, busy time.Duration) (err error) {
	s.write, err = sql.Open("sqlite", dsn(path, "rw", busy,
		"journal_mode(WAL)", "synchronous(FULL)", "secure_delete(1)"))
	if err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := migrate(ctx, s.write); err != nil {
		return err
	}
	if s.conn, err = s.write.Conn(ctx); err != nil {
		return err
	}
	s.read, err = sql.Open("sqlite", dsn(path, "rw", busy, "query_only(1)"))
	if err != nil {
		return err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	return s.read.PingContext(ctx)
}

// Ready returns nil while writes succeed, else why the last one failed. It never blocks: in the bad state it puts one
// small write in line, whose success makes a later Ready return nil.
func (s *Store) Ready() error {
	failure := s.failure.Load()
	if failure == nil {
		return nil
	}
	if s.probing.CompareAndSwap(false, true) {
		if err := s.offer(job{do: probe, done: s.probed}); err != nil {
			s.probing.Store(false)
		}
	}
	return fmt.Errorf("store: the last write failed: %w", *failure)
}

// probe writes for the sake of writing.
func probe(t *tx) error {
	return t.exec(`INSERT INTO probe (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at`, millis(time.Now()))
}

func (s *Store) probed(error) { s.probing.Store(false) }

// Flush waits until everything that was put in line before has been committed or has failed.
func (s *Store) Flush(ctx context.Context) error {
	if s.write == nil {
		return nil
	}
	return s.await(ctx, job{do: func(*tx) error { return nil }, bare: true})
}

// Close commits what waits, ends the writer and closes the database. A second Close does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	if first {
		close(s.queue)
	}
	s.mu.Unlock()
	if first {
		<-s.stopped
	}
	return s.disconnect()
}

// disconnect closes whatever of the database is open.
func (s *Store) disconnect() error {
	var errs []error
	if s.conn != nil {
		errs = append(errs, ignoreDone(s.conn.Close()))
	}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// ignoreDone drops the error of closing a connection a second time.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}
