package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

// saltBytes is the length of a caller's salt: as long as the hash that it keys.
const saltBytes = 32

const selectSalt = `SELECT salt FROM subjects WHERE caller = ?`

// Subject returns the salt of the caller's number, and makes one at its first use. The salt hides the number in the
// ledger until Erase. For an anonymous caller the error is ErrAnonymous.
func (s *Store) Subject(ctx context.Context, number string) ([]byte, error) {
	caller, err := normalise(number)
	if err != nil {
		return nil, fmt.Errorf("salt: %w", err)
	}
	salt, err := queryOne(ctx, s, scanSalt, selectSalt, caller)
	if errors.Is(err, ErrNotFound) {
		salt, err = s.newSubject(ctx, caller)
	}
	if err != nil {
		return nil, fmt.Errorf("salt: %w", err)
	}
	return salt, nil
}

// newSubject makes a salt, unless another call was faster, and returns the one that counts.
func (s *Store) newSubject(ctx context.Context, caller string) ([]byte, error) {
	fresh := make([]byte, saltBytes)
	if _, err := rand.Read(fresh); err != nil {
		return nil, err
	}
	found := make(chan []byte, 1) // one salt; the writer may come after ctx has ended
	err := s.do(ctx, func(t *tx) error {
		err := t.exec(`INSERT INTO subjects (caller, salt, created_at) VALUES (?, ?, ?) ON CONFLICT (caller) DO NOTHING`,
			caller, fresh, millis(time.Now()))
		if err != nil {
			return err
		}
		var salt []byte
		if err := t.row(selectSalt, []any{caller}, &salt); err != nil {
			return err
		}
		found <- salt
		return nil
	})
	if err != nil {
		return nil, err
	}
	return <-found, nil
}

func scanSalt(scan func(...any) error) ([]byte, error) {
	var salt []byte
	err := scan(&salt)
	return salt, err
}

// Erased says what Erase removed.
type Erased struct {
	Salts    int64
	Consents int64
}

// Erase removes the caller's salt and stored consents, and overwrites them in the database's files. The ledger's
// commitments then stand for nobody, and the caller's next call is a first one. CDRs are not touched. If the number is not
// known nothing happens. The error says if a part may still stand in the write-ahead log, because somebody reads; Erase can
// be repeated.
func (s *Store) Erase(ctx context.Context, number string) (Erased, error) {
	caller, err := normalise(number)
	if err != nil {
		return Erased{}, fmt.Errorf("erase: %w", err)
	}
	counts := make(chan Erased, 1) // one result; the writer may come after ctx has ended
	err = s.do(ctx, func(t *tx) error {
		salts, err := t.changed(`DELETE FROM subjects WHERE caller = ?`, caller)
		if err != nil {
			return err
		}
		consents, err := t.changed(`DELETE FROM consents WHERE caller = ?`, caller)
		counts <- Erased{Salts: salts, Consents: consents}
		return err
	})
	if err != nil {
		return Erased{}, fmt.Errorf("erase: %w", err)
	}
	if err := s.await(ctx, job{do: truncateLog, bare: true}); err != nil {
		return <-counts, fmt.Errorf("erase: %w", err)
	}
	return <-counts, nil
}

// truncateLog moves the write-ahead log into the database and empties it.
func truncateLog(t *tx) error {
	var busy, frames, moved int64
	if err := t.row(`PRAGMA wal_checkpoint(TRUNCATE)`, nil, &busy, &frames, &moved); err != nil {
		return err
	}
	if busy != 0 {
		return errors.New("a reader keeps the write-ahead log from being emptied; try again")
	}
	return nil
}
