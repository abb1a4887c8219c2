package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// schema is the current version of the database, the number of its last migration. Migrations only go up.
const schema = 5

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date; on an up-to-date one it changes nothing.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	current, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if err := known(current); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate from schema %d to %d: %w", current, schema, err)
	}
	return nil
}

// checkSchema returns nil if db has exactly the schema that this program reads.
func checkSchema(ctx context.Context, db *sql.DB) error {
	var current int64
	err := db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&current)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if current < schema {
		return fmt.Errorf("it has schema %d and this program needs %d: let `assent run` migrate it first", current, schema)
	}
	return known(current)
}

func known(current int64) error {
	if current > schema {
		return fmt.Errorf("it has schema %d and this program knows %d: a newer assent wrote it", current, schema)
	}
	return nil
}
