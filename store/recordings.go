package store

import (
	"context"
	"fmt"
	"time"
)

// Recording is the catalogue's entry of one recording.
type Recording struct {
	ID            string
	Call          string
	Trunk         string
	Queue         string
	Station       string
	File          string
	SHA256        string // of the whole stored file, hex
	SidecarSHA256 string // hex
	DurationMS    int64
	Result        string
	CreatedAt     time.Time
	Location      string // URL, once it has left the recordings folder; PutRecording does not change it
}

const (
	givenColumns     = `id, call, trunk, queue, station, file, sha256, sidecar_sha256, duration_ms, result, created_at`
	recordingColumns = givenColumns + `, location`
)

// PutRecording keeps a recording; one of the same id is replaced.
func (s *Store) PutRecording(ctx context.Context, r Recording) error {
	err := s.do(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO recordings (`+givenColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET call = excluded.call, trunk = excluded.trunk, queue = excluded.queue,
			station = excluded.station, file = excluded.file, sha256 = excluded.sha256,
			sidecar_sha256 = excluded.sidecar_sha256, duration_ms = excluded.duration_ms, result = excluded.result,
			created_at = excluded.created_at`,
			r.ID, r.Call, r.Trunk, r.Queue, r.Station, r.File, r.SHA256, r.SidecarSHA256, r.DurationMS, r.Result, millis(r.CreatedAt))
	})
	if err != nil {
		return fmt.Errorf("put recording %s: %w", r.ID, err)
	}
	return nil
}

// Locate keeps where a recording has gone, and returns ErrNotFound for one that is not listed.
func (s *Store) Locate(ctx context.Context, id, location string) error {
	err := s.do(ctx, func(t *tx) error {
		n, err := t.changed(`UPDATE recordings SET location = ? WHERE id = ?`, location, id)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("locate recording %s: %w", id, err)
	}
	return nil
}

// Recording returns the recording with the id, or ErrNotFound.
func (s *Store) Recording(ctx context.Context, id string) (Recording, error) {
	r, err := queryOne(ctx, s, scanRecording, `SELECT `+recordingColumns+` FROM recordings WHERE id = ?`, id)
	if err != nil {
		return Recording{}, fmt.Errorf("recording %s: %w", id, err)
	}
	return r, nil
}

// RecordingFilter chooses recordings. Zero fields choose all.
type RecordingFilter struct {
	Call    string
	Trunk   string
	Queue   string
	Station string
	Result  string
	Since   time.Time // created not before
	Until   time.Time // created before
	Before  string    // ids below this one: the last id of the page before
	Limit   int       // 0: defaultLimit
}

// Recordings returns the recordings that f chooses, newest first.
func (s *Store) Recordings(ctx context.Context, f RecordingFilter) ([]Recording, error) {
	var w where
	w.text("call =", f.Call)
	w.text("trunk =", f.Trunk)
	w.text("queue =", f.Queue)
	w.text("station =", f.Station)
	w.text("result =", f.Result)
	w.time("created_at >=", f.Since)
	w.time("created_at <", f.Until)
	w.text("id <", f.Before)
	recordings, err := query(ctx, s, scanRecording,
		`SELECT `+recordingColumns+` FROM recordings`+w.sql()+` ORDER BY id DESC LIMIT ?`, w.with(limit(f.Limit))...)
	if err != nil {
		return nil, fmt.Errorf("list recordings: %w", err)
	}
	return recordings, nil
}

func scanRecording(scan func(...any) error) (Recording, error) {
	var r Recording
	var created int64
	err := scan(&r.ID, &r.Call, &r.Trunk, &r.Queue, &r.Station, &r.File, &r.SHA256, &r.SidecarSHA256, &r.DurationMS, &r.Result, &created, &r.Location)
	r.CreatedAt = fromMillis(created)
	return r, err
}
