package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"assent/event"
)

// EndCall keeps the call's CDR and forgets that it runs, in one transaction. The first CDR of an id stays: to end a call
// again changes nothing and is not an error.
func (s *Store) EndCall(ctx context.Context, cdr event.CDR) error {
	if cdr.ID == "" {
		return errors.New("end call: the CDR has no id")
	}
	body, err := json.Marshal(cdr)
	if err != nil {
		return fmt.Errorf("end call %s: %w", cdr.ID, err)
	}
	err = s.do(ctx, func(t *tx) error {
		if err := t.exec(`INSERT INTO cdrs (id, body) VALUES (?, ?) ON CONFLICT (id) DO NOTHING`, cdr.ID, string(body)); err != nil {
			return err
		}
		return t.exec(`DELETE FROM running WHERE id = ?`, cdr.ID)
	})
	if err != nil {
		return fmt.Errorf("end call %s: %w", cdr.ID, err)
	}
	return nil
}

// CDR returns the CDR of the call with the id, or ErrNotFound.
func (s *Store) CDR(ctx context.Context, id string) (event.CDR, error) {
	cdr, err := queryOne(ctx, s, scanCDR, `SELECT body FROM cdrs WHERE id = ?`, id)
	if err != nil {
		return event.CDR{}, fmt.Errorf("call %s: %w", id, err)
	}
	return cdr, nil
}

// CDRFilter chooses CDRs. Zero fields choose all.
type CDRFilter struct {
	Trunk   string
	Queue   string
	Station string
	Since   time.Time // started not before
	Until   time.Time // started before
	Before  string    // ids below this one: the last id of the page before
	Limit   int       // 0: defaultLimit
}

// CDRs returns the CDRs that f chooses, newest first.
func (s *Store) CDRs(ctx context.Context, f CDRFilter) ([]event.CDR, error) {
	var w where
	w.text("trunk =", f.Trunk)
	w.text("queue =", f.Queue)
	w.text("station =", f.Station)
	w.text("started_at >=", event.FormatTime(f.Since))
	w.text("started_at <", event.FormatTime(f.Until))
	w.text("id <", f.Before)
	cdrs, err := query(ctx, s, scanCDR, `SELECT body FROM cdrs`+w.sql()+` ORDER BY id DESC LIMIT ?`, w.with(limit(f.Limit))...)
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	return cdrs, nil
}

// Unfiled returns the CDRs that MarkFiled has not been told of, oldest first: those whose line a crash may have kept out
// of the CDR file.
func (s *Store) Unfiled(ctx context.Context) ([]event.CDR, error) {
	cdrs, err := query(ctx, s, scanCDR, `SELECT body FROM cdrs WHERE filed = 0 ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list unfiled calls: %w", err)
	}
	return cdrs, nil
}

// MarkFiled notes that the call's line is in the CDR file.
func (s *Store) MarkFiled(ctx context.Context, id string) error {
	err := s.do(ctx, func(t *tx) error {
		return t.exec(`UPDATE cdrs SET filed = 1 WHERE id = ?`, id)
	})
	if err != nil {
		return fmt.Errorf("mark call %s filed: %w", id, err)
	}
	return nil
}

func scanCDR(scan func(...any) error) (event.CDR, error) {
	var body string
	var cdr event.CDR
	if err := scan(&body); err != nil {
		return cdr, err
	}
	if err := json.Unmarshal([]byte(body), &cdr); err != nil {
		return cdr, fmt.Errorf("read CDR: %w", err)
	}
	return cdr, nil
}

// queryOne returns the one row of a query, or ErrNotFound.
func queryOne[T any](ctx context.Context, s *Store, scan func(func(...any) error) (T, error), q string, args ...any) (T, error) {
	v, err := scan(s.read.QueryRowContext(ctx, q, args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return v, err
}
