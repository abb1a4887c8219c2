-- +goose Up
CREATE TABLE holds (
    recording TEXT PRIMARY KEY,
    reason    TEXT NOT NULL,
    by        TEXT NOT NULL,
    at        INTEGER NOT NULL
) STRICT;

-- What is to be deleted, written before the first step and kept as a tombstone.
CREATE TABLE deletions (
    recording TEXT PRIMARY KEY,
    call      TEXT NOT NULL,
    trunk     TEXT NOT NULL,
    queue     TEXT NOT NULL,
    station   TEXT NOT NULL,
    file      TEXT NOT NULL,
    sha256    TEXT NOT NULL,
    reason    TEXT NOT NULL,
    by        TEXT NOT NULL,
    at        INTEGER NOT NULL,
    done_at   INTEGER NOT NULL -- 0: not done yet
) STRICT;
CREATE INDEX deletions_open ON deletions (at) WHERE done_at = 0;
CREATE INDEX cdrs_by_caller ON cdrs (body ->> 'from');
CREATE INDEX recordings_by_age ON recordings (created_at, id);
