package store

import (
	"context"
	"fmt"
	"time"
)

// Deletion is the plan to delete a recording, and, once done, its tombstone.
type Deletion struct {
	Recording Recording // id, call, trunk, queue, station, file and hash
	Reason    string
	By        string
	At        time.Time
	DoneAt    time.Time // zero: not done yet
}

const deletionColumns = `recording, call, trunk, queue, station, file, sha256, reason, by, at, done_at`

// PlanDeletion writes down that a recording is to be deleted, before anything of it is. From then on it can't be held. The
// error is ErrHeld if it is held, ErrDeleting if it was planned before, ErrNotFound if there is no such recording.
func (s *Store) PlanDeletion(ctx context.Context, d Deletion) error {
	err := s.do(ctx, func(t *tx) error {
		if err := t.deletable(d.Recording.ID); err != nil {
			return err
		}
		r := d.Recording
		return t.exec(`INSERT INTO deletions (`+deletionColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
			r.ID, r.Call, r.Trunk, r.Queue, r.Station, r.File, r.SHA256, d.Reason, d.By, millis(d.At))
	})
	if err != nil {
		return fmt.Errorf("plan to delete recording %s: %w", d.Recording.ID, err)
	}
	return nil
}

// FinishDeletion notes that a planned deletion is done: the recording leaves the catalogue, the plan stays as a tombstone.
// To finish again changes nothing.
func (s *Store) FinishDeletion(ctx context.Context, recording string, at time.Time) error {
	err := s.do(ctx, func(t *tx) error {
		if err := t.exec(`DELETE FROM recordings WHERE id = ?`, recording); err != nil {
			return err
		}
		return t.exec(`UPDATE deletions SET done_at = ? WHERE recording = ? AND done_at = 0`, millis(at), recording)
	})
	if err != nil {
		return fmt.Errorf("finish deleting recording %s: %w", recording, err)
	}
	return nil
}

// OpenDeletions returns the deletions that were planned and are not done, oldest first.
func (s *Store) OpenDeletions(ctx context.Context) ([]Deletion, error) {
	return s.deletions(ctx, `WHERE done_at = 0 ORDER BY at, recording`)
}

// Deletion returns the plan or tombstone of a recording, or ErrNotFound.
func (s *Store) Deletion(ctx context.Context, recording string) (Deletion, error) {
	list, err := s.deletions(ctx, `WHERE recording = ?`, recording)
	if err == nil && len(list) == 0 {
		return Deletion{}, fmt.Errorf("deletion of recording %s: %w", recording, ErrNotFound)
	}
	if err != nil {
		return Deletion{}, err
	}
	return list[0], nil
}

func (s *Store) deletions(ctx context.Context, which string, args ...any) ([]Deletion, error) {
	list, err := query(ctx, s, scanDeletion, `SELECT `+deletionColumns+` FROM deletions `+which, args...)
	if err != nil {
		return nil, fmt.Errorf("list deletions: %w", err)
	}
	return list, nil
}

func scanDeletion(scan func(...any) error) (Deletion, error) {
	var d Deletion
	var at, done int64
	r := &d.Recording
	err := scan(&r.ID, &r.Call, &r.Trunk, &r.Queue, &r.Station, &r.File, &r.SHA256, &d.Reason, &d.By, &at, &done)
	d.At, d.DoneAt = fromMillis(at), fromMillis(done)
	return d, err
}

// Kept is a recording with what decides how long it is kept.
type Kept struct {
	Recording
	Direction string // of its call
	Reason    string // code of the decision in the call's record; consent_withdrawn where consent was
	Held      string // why a hold keeps it; "" if none does
}

// KeptRecordings returns the recordings made before until that are not planned for deletion, oldest first, from the one
// after (created, id) on, at most limit.
func (s *Store) KeptRecordings(ctx context.Context, until time.Time, after Kept, limit int) ([]Kept, error) {
	list, err := query(ctx, s, scanKept, `SELECT r.id, r.call, r.trunk, r.queue, r.station, r.file, r.sha256, r.sidecar_sha256, r.duration_ms,
		r.result, r.created_at, r.location, coalesce(c.body ->> 'direction', ''), CASE c.body -> 'consent' ->> 'state' WHEN 'withdrawn' THEN 'consent_withdrawn' ELSE coalesce(c.body -> 'recording' ->> 'reason', '') END, coalesce(h.reason, '')
		FROM recordings r LEFT JOIN cdrs c ON c.id = r.call LEFT JOIN holds h ON h.recording = r.id
		WHERE r.created_at < ? AND (r.created_at, r.id) > (?, ?) AND NOT EXISTS (SELECT 1 FROM deletions d WHERE d.recording = r.id)
		ORDER BY r.created_at, r.id LIMIT ?`, millis(until), millis(after.CreatedAt), after.ID, limit)
	if err != nil {
		return nil, fmt.Errorf("list kept recordings: %w", err)
	}
	return list, nil
}

func scanKept(scan func(...any) error) (Kept, error) {
	var k Kept
	var created int64
	err := scan(&k.ID, &k.Call, &k.Trunk, &k.Queue, &k.Station, &k.File, &k.SHA256, &k.SidecarSHA256, &k.DurationMS, &k.Result, &created, &k.Location,
		&k.Direction, &k.Reason, &k.Held)
	k.CreatedAt = fromMillis(created)
	return k, err
}

// RecordingsOf returns the recordings of a caller's calls, oldest first. The error is ErrAnonymous if caller is no number.
func (s *Store) RecordingsOf(ctx context.Context, caller string) ([]Recording, error) {
	number, err := normalise(caller)
	if err != nil {
		return nil, err
	}
	list, err := query(ctx, s, scanRecording, `SELECT r.id, r.call, r.trunk, r.queue, r.station, r.file, r.sha256, r.sidecar_sha256, r.duration_ms,
		r.result, r.created_at, r.location FROM cdrs c JOIN recordings r ON r.call = c.id WHERE c.body ->> 'from' = ? ORDER BY r.id`, number)
	if err != nil {
		return nil, fmt.Errorf("list a caller's recordings: %w", err)
	}
	return list, nil
}

// ForgetCaller takes the caller's number out of the CDRs in the store, and returns out of how many.
func (s *Store) ForgetCaller(ctx context.Context, caller string) (int64, error) {
	number, err := normalise(caller)
	if err != nil {
		return 0, err
	}
	counts := make(chan int64, 1) // one result; the writer may come after ctx has ended
	err = s.do(ctx, func(t *tx) error {
		n, err := t.changed(`UPDATE cdrs SET body = json_set(body, '$.from', 'erased') WHERE body ->> 'from' = ?`, number)
		counts <- n
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget a caller: %w", err)
	}
	return <-counts, nil
}
