package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"go.uber.org/zap"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// queueLength bounds the writes in line: some seconds of a busy node.
	queueLength = 4096
	// maxBatch bounds the writes of one transaction, and so the time that one of them waits for the others.
	maxBatch = 256
)

// job is one write in line.
type job struct {
	do   func(*tx) error
	done func(error) // called once, by the writer, after the commit; nil if nobody waits
	bare bool        // outside of any transaction, and no proof that writes succeed
}

func (j job) finish(err error) {
	if j.done != nil {
		j.done(err)
	}
}

// do puts a write in line and waits for its commit. If ctx ends first the write may still take place.
func (s *Store) do(ctx context.Context, f func(*tx) error) error {
	return s.await(ctx, job{do: f})
}

func (s *Store) await(ctx context.Context, j job) error {
	result := make(chan error, 1) // one result is ever sent
	j.done = func(err error) { result <- err }
	if err := s.submit(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// submit puts j in line and waits for a place there.
func (s *Store) submit(ctx context.Context, j job) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.refusal(); err != nil {
		return err
	}
	select {
	case s.queue <- j:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// offer puts j in line if there is a place.
func (s *Store) offer(j job) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.refusal(); err != nil {
		return err
	}
	select {
	case s.queue <- j:
		return nil
	default:
		return ErrBusy
	}
}

// refusal says why nothing can be written at all. The caller holds mu.
func (s *Store) refusal() error {
	switch {
	case s.write == nil:
		return ErrReadOnly
	case s.closed:
		return ErrClosed
	}
	return nil
}

// run is the writer: it commits whatever has come together while it was committing before.
func (s *Store) run() {
	defer close(s.stopped)
	for j := range s.queue {
		s.commit(s.gather(j))
	}
}

// gather returns first and the jobs already in line behind it.
func (s *Store) gather(first job) []job {
	batch := []job{first}
	for len(batch) < maxBatch {
		select {
		case j, ok := <-s.queue:
			if !ok {
				return batch
			}
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// commit runs the batch and tells each job how it ended. A bare job parts the batch.
func (s *Store) commit(batch []job) {
	for len(batch) > 0 {
		n := 0
		for n < len(batch) && !batch[n].bare {
			n++
		}
		if n > 0 {
			s.transact(batch[:n])
			batch = batch[n:]
			continue
		}
		batch[0].finish(batch[0].do(s.tx()))
		batch = batch[1:]
	}
}

// transact commits jobs as one transaction. A job that fails is undone alone; a transaction that fails fails them all.
func (s *Store) transact(jobs []job) {
	results := make([]error, len(jobs))
	err := s.transaction(jobs, results)
	if err != nil {
		s.rollback()
	} else {
		s.commits.Add(1)
	}
	s.note(err)
	for i, j := range jobs {
		if err != nil {
			results[i] = fmt.Errorf("write to the store: %w", err)
		}
		j.finish(results[i])
	}
}

func (s *Store) transaction(jobs []job, results []error) error {
	t := s.tx()
	if err := t.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	for i, j := range jobs {
		err := t.isolated(j.do)
		if err != nil && broken(err) {
			return err
		}
		results[i] = err
	}
	return t.exec(`COMMIT`)
}

func (s *Store) rollback() {
	// SQLite has rolled back by itself after some errors and then refuses; both leave no transaction open.
	_ = s.tx().exec(`ROLLBACK`)
}

// note keeps for Ready how the last transaction ended.
func (s *Store) note(err error) {
	if err == nil {
		if s.failure.Swap(nil) != nil {
			s.log.Info("store writes again")
		}
		return
	}
	if s.failure.Swap(&err) == nil {
		s.log.Error("store can't write", zap.Error(err))
	}
}

// broken tells an error of the database from one of a single write.
func broken(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return errors.Is(err, sql.ErrConnDone)
	}
	switch e.Code() & 0xff { // the primary code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_PROTOCOL:
		return true
	}
	return false
}
