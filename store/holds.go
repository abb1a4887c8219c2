package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Errors of holds and deletions.
var (
	// ErrHeld means that a legal hold keeps the recording.
	ErrHeld = errors.New("a legal hold keeps the recording")
	// ErrNotHeld means that there is no hold to release.
	ErrNotHeld = errors.New("the recording is not held")
	// ErrDeleting means that the recording is being deleted, or was.
	ErrDeleting = errors.New("the recording is deleted")
)

// Hold keeps a recording from deletion.
type Hold struct {
	Recording string
	Reason    string
	By        string
	At        time.Time
}

// PutHold keeps a recording from deletion. The error is ErrHeld if it is held already, ErrDeleting if its deletion was
// planned before, ErrNotFound if there is no such recording.
func (s *Store) PutHold(ctx context.Context, h Hold) error {
	err := s.do(ctx, func(t *tx) error {
		if err := t.deletable(h.Recording); err != nil {
			return err
		}
		return t.exec(`INSERT INTO holds (recording, reason, by, at) VALUES (?, ?, ?, ?)`, h.Recording, h.Reason, h.By, millis(h.At))
	})
	if err != nil {
		return fmt.Errorf("hold recording %s: %w", h.Recording, err)
	}
	return nil
}

// ReleaseHold ends a hold. The error is ErrNotHeld if there is none.
func (s *Store) ReleaseHold(ctx context.Context, recording string) error {
	err := s.do(ctx, func(t *tx) error {
		n, err := t.changed(`DELETE FROM holds WHERE recording = ?`, recording)
		if err == nil && n == 0 {
			err = ErrNotHeld
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("release recording %s: %w", recording, err)
	}
	return nil
}

// HoldOf returns the hold of a recording, or ErrNotHeld.
func (s *Store) HoldOf(ctx context.Context, recording string) (Hold, error) {
	h, err := queryOne(ctx, s, scanHold, `SELECT recording, reason, by, at FROM holds WHERE recording = ?`, recording)
	if errors.Is(err, ErrNotFound) {
		err = ErrNotHeld
	}
	return h, err
}

// Holds returns all holds, the newest first.
func (s *Store) Holds(ctx context.Context) ([]Hold, error) {
	holds, err := query(ctx, s, scanHold, `SELECT recording, reason, by, at FROM holds ORDER BY at DESC, recording`)
	if err != nil {
		return nil, fmt.Errorf("list holds: %w", err)
	}
	return holds, nil
}

func scanHold(scan func(...any) error) (Hold, error) {
	var h Hold
	var at int64
	err := scan(&h.Recording, &h.Reason, &h.By, &at)
	h.At = fromMillis(at)
	return h, err
}

// deletable returns nil if the recording is there, and neither held nor planned for deletion.
func (t *tx) deletable(recording string) error {
	var there, held, planned int
	err := t.row(`SELECT (SELECT count(*) FROM recordings WHERE id = ?1), (SELECT count(*) FROM holds WHERE recording = ?1),
		(SELECT count(*) FROM deletions WHERE recording = ?1)`, []any{recording}, &there, &held, &planned)
	switch {
	case err != nil:
		return err
	case planned > 0:
		return ErrDeleting
	case there == 0:
		return ErrNotFound
	case held > 0:
		return ErrHeld
	}
	return nil
}
