package store

import (
	"context"
	"strings"
	"time"
)

const (
	// defaultLimit is the length of a list where none is asked for.
	defaultLimit = 100
	// maxLimit bounds a list.
	maxLimit = 10_000
)

// query returns all rows of a query.
func query[T any](ctx context.Context, s *Store, scan func(func(...any) error) (T, error), q string, args ...any) ([]T, error) {
	rows, err := s.read.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// where collects conditions joined by AND.
type where struct {
	conditions []string
	args       []any
}

// text adds a condition on a text column; an empty value adds none. The condition is a constant, never input.
func (w *where) text(condition, value string) {
	if value != "" {
		w.conditions = append(w.conditions, condition+" ?")
		w.args = append(w.args, value)
	}
}

// time adds a condition on a column of milliseconds; the zero time adds none.
func (w *where) time(condition string, value time.Time) {
	if !value.IsZero() {
		w.conditions = append(w.conditions, condition+" ?")
		w.args = append(w.args, millis(value))
	}
}

// number adds a condition on a column of numbers; 0 adds none.
func (w *where) number(condition string, value int64) {
	if value != 0 {
		w.conditions = append(w.conditions, condition+" ?")
		w.args = append(w.args, value)
	}
}

func (w *where) sql() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// with returns the arguments and those that follow the conditions.
func (w *where) with(more ...any) []any { return append(w.args, more...) }

func limit(n int) int {
	if n <= 0 {
		return defaultLimit
	}
	return min(n, maxLimit)
}

// millis returns t as the tables keep it; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
