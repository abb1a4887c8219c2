package store

import (
	"context"
	"database/sql"
	"errors"
)

// tx runs statements on the writer's connection, prepared once. Only the writer's goroutine uses it.
type tx struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

func (s *Store) tx() *tx { return &tx{conn: s.conn, statements: s.statements} }

// isolated runs f so that its failure undoes f alone.
func (t *tx) isolated(f func(*tx) error) error {
	if err := t.exec(`SAVEPOINT job`); err != nil {
		return err
	}
	err := f(t)
	if err != nil {
		err = errors.Join(err, t.exec(`ROLLBACK TO job`))
	}
	return errors.Join(err, t.exec(`RELEASE job`))
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.changed(query, args...)
	return err
}

// changed runs a statement and returns how many rows it changed.
func (t *tx) changed(query string, args ...any) (int64, error) {
	stmt, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.Exec(args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// row runs a query for one row.
func (t *tx) row(query string, args []any, into ...any) error {
	stmt, err := t.prepare(query)
	if err != nil {
		return err
	}
	return stmt.QueryRow(args...).Scan(into...)
}

// prepare returns the statement for query. Its texts are constants, so the map is bounded.
func (t *tx) prepare(query string) (*sql.Stmt, error) {
	if stmt, ok := t.statements[query]; ok {
		return stmt, nil
	}
	stmt, err := t.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	t.statements[query] = stmt
	return stmt, nil
}
